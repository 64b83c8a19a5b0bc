// A whole Sluice for one test file: the built control plane and a real Envoy as processes, on free ports and in a folder
// of their own. Everything that it starts it ends, by process id.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Auth, DialectName } from "../../control-plane/resources/dialect.js";
import { findEnvoy } from "../../envoy/setup.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;

export interface ProviderDocument {
  readonly id: string;
  readonly dialect: DialectName;
  readonly baseUrl: string;
  readonly auth?: Auth;
  readonly aws?: { readonly region?: string; readonly service?: string };
  readonly apiVersion?: string;
  readonly quirks?: readonly string[];
  readonly apiKey?: string;
  readonly allowPrivateAddress?: boolean;
  readonly connectTimeoutMs?: number;
}

/** What `PUT /api/v1/configuration` takes, and the consumers beside it. */
export interface Configuration {
  readonly providers: readonly ProviderDocument[];
  readonly targets: readonly {
    id: string;
    provider: string;
    model: string;
    defaultMaxTokens?: number;
    prices?: Record<string, number>;
  }[];
  readonly modelRoutes: readonly {
    id: string;
    targets?: readonly { target: string }[];
    tiers?: readonly object[];
    rules?: readonly object[];
    aliases?: readonly string[];
    failover?: object;
    perTryTimeoutMs?: number;
    unknownOperations?: "refuse" | "pass";
  }[];
  readonly consumers: readonly { id: string; models: readonly string[]; disabled?: boolean; priority?: string }[];
}

export interface HarnessOptions {
  /** Further settings of the control plane. */
  readonly environment?: Record<string, string>;
  /** Workers of Envoy. */
  readonly concurrency?: number;
  /** Further options of Envoy's command line. */
  readonly envoyOptions?: readonly string[];
  /** The Node binary for the control plane. */
  readonly node?: string;
}

/** Ports that were free a moment ago. They are taken together, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Everything that a stream yields. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Asks again until `probe` answers something other than undefined. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = START_MS_MAX,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await pause(20);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms${last === undefined ? "" : ` (${String(last)})`}`);
}

/** A child process whose output is kept for a failure's message. */
class Child {
  private readonly output: string[] = [];
  private readonly process: ChildProcess;
  private exited = false;

  constructor(
    private readonly name: string,
    command: string,
    parameters: readonly string[],
    environment: NodeJS.ProcessEnv,
  ) {
    this.process = spawn(command, parameters, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (data: Buffer) => this.output.push(data.toString()));
    }
    this.process.once("exit", () => {
      this.exited = true;
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  log(): string {
    return this.output.join("");
  }

  assertAlive(): void {
    if (this.exited) throw new Error(`${this.name} ended (${this.process.exitCode}):\n${this.log().slice(-4000)}`);
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.exited) return;
    const gone = new Promise<void>((resolve) => this.process.once("exit", () => resolve()));
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
  }
}

export class Gateway {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-e2e-"));
  readonly operatorToken = randomBytes(24).toString("hex");
  private readonly environment: NodeJS.ProcessEnv;
  private controlPlane: Child | undefined;
  private envoy: Child | undefined;
  /** The API key of the last `addKey`. */
  key = "";

  private constructor(
    private readonly options: HarnessOptions,
    private readonly ports: readonly number[],
  ) {
    const [gateway, api, xds, callout, admin] = ports.map(String);
    this.environment = {
      ...process.env,
      SLUICE_GATEWAY_PORT: gateway,
      SLUICE_API_PORT: api,
      SLUICE_XDS_PORT: xds,
      SLUICE_CALLOUT_PORT: callout,
      // Test machines may be slow: what a short one does is tested where it is set.
      SLUICE_CALLOUT_TIMEOUT_MS: "2000",
      SLUICE_ENVOY_ADMIN_PORT: admin,
      SLUICE_DATA_DIR: join(this.folder, "data"),
      SLUICE_MASTER_KEY: randomBytes(32).toString("base64"),
      SLUICE_OPERATOR_TOKEN: this.operatorToken,
      ...options.environment,
    };
  }

  /** Control plane and Envoy, with `configuration` live on every worker and one key for its first consumer. */
  static async start(configuration: Configuration, options: HarnessOptions = {}): Promise<Gateway> {
    const gateway = new Gateway(options, await freePorts(5));
    try {
      await gateway.startControlPlane();
      await gateway.configure(configuration);
      const consumer = configuration.consumers[0];
      if (consumer !== undefined) gateway.key = await gateway.addKey(consumer.id);
      await gateway.startEnvoy();
      return gateway;
    } catch (error) {
      const logs = `${gateway.controlPlane?.log().slice(-3000)}\n${gateway.envoy?.log().slice(-3000)}`;
      await gateway.stop();
      throw new Error(`${(error as Error).message}\n${logs}`);
    }
  }

  /** Base address of the gateway, without `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${this.ports[0]}`;
  }
  get apiUrl(): string {
    return `http://127.0.0.1:${this.ports[1]}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.ports[4]}`;
  }
  get envoyPid(): number {
    return this.envoy?.pid ?? 0;
  }
  logs(): string {
    return `${this.controlPlane?.log() ?? ""}\n${this.envoy?.log() ?? ""}`;
  }

  async startControlPlane(): Promise<void> {
    const main = join(ROOT, "control-plane/dist/main.js");
    const child = new Child("the control plane", this.options.node ?? process.execPath, [main], this.environment);
    this.controlPlane = child;
    await eventually("control plane is healthy", async () => {
      child.assertAlive();
      const response = await fetch(`${this.apiUrl}/healthz`);
      return response.ok ? true : undefined;
    });
  }

  async killControlPlane(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.controlPlane?.end(signal);
  }

  async startEnvoy(): Promise<void> {
    const bootstrap = join(this.folder, "data/envoy-bootstrap.json");
    const concurrency = String(this.options.concurrency ?? 1);
    const parameters = ["-c", bootstrap, "--concurrency", concurrency, "--use-dynamic-base-id", "-l", "warning"];
    parameters.push(...(this.options.envoyOptions ?? []));
    const child = new Child("Envoy", await findEnvoy(), parameters, process.env);
    this.envoy = child;
    await eventually("Envoy has the configuration", async () => {
      child.assertAlive();
      const response = await fetch(`${this.apiUrl}/readyz`);
      return response.ok ? true : undefined;
    });
  }

  async stopEnvoy(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.envoy?.end(signal);
  }

  /** One call of the operator API; throws the answer's text unless it has a 2xx status. */
  async operator<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.operatorResponse(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  operatorResponse(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.apiUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.operatorToken}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async configure(configuration: Configuration): Promise<void> {
    const { consumers, ...documents } = configuration;
    await this.operator("PUT", "/configuration", documents);
    for (const { id, ...consumer } of consumers) await this.operator("PUT", `/consumers/${id}`, consumer);
  }

  async addKey(consumer: string): Promise<string> {
    const answer = await this.operator<{ key: string }>("POST", `/consumers/${consumer}/keys`, {});
    return answer.key;
  }

  /** Waits until every worker of every connected Envoy runs the newest stored revision. */
  async live(): Promise<void> {
    const { live: newest } = await this.operator<{ live: number }>("GET", "/revisions");
    await eventually(`revision ${newest} is live`, async () => {
      const answer = await this.operator<{ items: { connected: boolean; workers: { revision: number }[] }[] }>(
        "GET",
        "/envoys",
      );
      const workers = answer.items.filter(({ connected }) => connected).flatMap((envoy) => envoy.workers);
      return workers.length > 0 && workers.every(({ revision }) => Number(revision) >= newest) ? true : undefined;
    });
  }

  /** Value of one of Envoy's counters or gauges; 0 while it does not exist. */
  async stat(name: string): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/stats?filter=${encodeURIComponent(`^${name}$`)}`)).text();
    return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** Failures of the VM that Envoy counted; must be 0 after every test. */
  async traps(): Promise<string[]> {
    const text = await (await fetch(`${this.adminUrl}/stats?filter=wasm`)).text();
    return text.split("\n").filter((line) => /^wasm\..*(fail|crash|restart|reload|error)\w*: [1-9]/.test(line));
  }

  /** An HTTP request to the gateway with this gateway's key, as OpenAI clients send it. */
  post(
    path: string,
    body: unknown,
    init: { headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json", ...init.headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    });
  }

  configDump(): Promise<string> {
    return fetch(`${this.adminUrl}/config_dump?include_eds`).then((response) => response.text());
  }

  readData(name: string): Buffer {
    return readFileSync(join(this.folder, "data", name));
  }

  async stop(): Promise<void> {
    await this.envoy?.end();
    await this.controlPlane?.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
