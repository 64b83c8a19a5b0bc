// The delivery half alone in front of a real Envoy: a publisher, a callout API that grants every key, and an Envoy that
// knows nothing but its bootstrap. Ports come from the system; everything that it starts it ends, by process id.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createCalloutApi } from "../../control-plane/callout-api/server.js";
import { LeaseStatus, Priority, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { renderBootstrap } from "../../control-plane/envoy-bootstrap.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { createLogger } from "../../control-plane/logger.js";
import type {
  CompileInput,
  CompileSettings,
  ListenAddress,
  MutualTlsFiles,
  ResourceSet,
  WorkerReport,
  XdsPublisher,
} from "../../control-plane/ports.js";
import { type ModelRoute, modelRouteSchema } from "../../control-plane/resources/model-route.js";
import { type Provider, providerSchema } from "../../control-plane/resources/provider.js";
import { type Target, targetSchema } from "../../control-plane/resources/target.js";
import { createPublisher } from "../../control-plane/xds/publisher.js";
import { findEnvoy } from "../../envoy/setup.mjs";

export const FILTER_WASM =
  process.env.SLUICE_FILTER_WASM ?? fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
export const XDS_TOKEN = "xds-token-of-a-test";
export const CALLOUT_TOKEN = "callout-token-of-a-test";
const PATIENCE_MS = 20_000;

/** Asks again until `probe` answers something other than undefined. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await pause(10);
  }
  throw new Error(`${what}: not within ${PATIENCE_MS} ms${last === undefined ? "" : ` (${String(last)})`}`);
}

type RouteFields = Omit<ModelRoute, "id" | "perTryTimeoutMs" | "unknownOperations" | "onUnsupported">;
type RouteDocument = RouteFields & Partial<ModelRoute>;

/** Documents as operators write them, with the schemas' defaults filled in and in the order of a ResourceSet. */
export function resourceSet(documents: {
  providers?: readonly (Partial<Provider> & Pick<Provider, "id" | "baseUrl">)[];
  targets?: readonly Target[];
  /** Public name → ids of targets, or the whole document. */
  modelRoutes?: Readonly<Record<string, readonly string[] | RouteDocument>>;
}): ResourceSet {
  const provider = { dialect: "openai", allowPrivateAddress: true };
  const route = (document: readonly string[] | RouteDocument) =>
    "map" in document ? { targets: document.map((target) => ({ target })) } : document;
  const byId = (left: { id: string }, right: { id: string }) =>
    Buffer.compare(Buffer.from(left.id), Buffer.from(right.id));
  return {
    providers: (documents.providers ?? []).map((some) => providerSchema.parse({ ...provider, ...some })).sort(byId),
    targets: (documents.targets ?? []).map((some) => targetSchema.parse(some)).sort(byId),
    modelRoutes: Object.entries(documents.modelRoutes ?? {})
      .map(([id, rule]) => modelRouteSchema.parse({ id, ...route(rule) }))
      .sort(byId),
  };
}

/** A model route and a target of the same name for every provider. */
export function oneRoutePerProvider(
  providers: readonly (Partial<Provider> & Pick<Provider, "id" | "baseUrl">)[],
): ResourceSet {
  return resourceSet({
    providers,
    targets: providers.map(({ id }) => ({ id, provider: id, model: "provider-model" })),
    modelRoutes: Object.fromEntries(providers.map(({ id }) => [id, [id]])),
  });
}

interface DeliveryOptions {
  readonly tls?: MutualTlsFiles;
  readonly settings?: Partial<CompileSettings>;
  readonly folder?: string;
}

export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Publisher and callout API of one control plane, on unix sockets unless there is TLS. */
export class Delivery {
  readonly settings: CompileSettings;
  readonly reports: WorkerReport[] = [];
  readonly log: LogLine[] = [];
  readonly key = generateApiKey();
  private revision = 1n;
  private publisher: XdsPublisher | undefined;
  private readonly closers: (() => Promise<void>)[] = [];

  constructor(
    readonly folder: string,
    private readonly xds: ListenAddress,
    readonly tls: MutualTlsFiles | undefined,
    settings: Partial<CompileSettings>,
  ) {
    this.settings = {
      gateway: { host: "127.0.0.1", port: 0 },
      callout: { kind: "unix", path: join(folder, "callout.sock") },
      calloutTls: tls,
      requestBodyBytesMax: 64 * 1024,
      usageLogFile: undefined,
      calloutTimeoutMs: 2_000,
      ...settings,
    };
  }

  static async start(
    resources: ResourceSet,
    options: DeliveryOptions & { xds?: ListenAddress } = {},
  ): Promise<Delivery> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), "sluice-delivery-"));
    const xds = options.xds ?? { kind: "unix", path: join(folder, "xds.sock") };
    const delivery = new Delivery(folder, xds, options.tls, options.settings ?? {});
    try {
      await delivery.open(resources);
      return delivery;
    } catch (error) {
      await delivery.stop();
      throw error;
    }
  }

  get xdsPublisher(): XdsPublisher {
    if (this.publisher === undefined) throw new Error("not open");
    return this.publisher;
  }

  /** Also after `shut`, as the restart of a control plane with the same stored revision. */
  async open(resources: ResourceSet, secrets = this.secretsOf(resources)): Promise<void> {
    const log = createLogger((line) => this.log.push(JSON.parse(line) as LogLine));
    const { tls } = this;
    this.publisher = await createPublisher({
      address: this.xds,
      tls,
      token: XDS_TOKEN,
      calloutToken: CALLOUT_TOKEN,
      filterWasmFile: FILTER_WASM,
      log,
    });
    const calloutApi = createCalloutApi({
      address: this.settings.callout,
      tls,
      token: CALLOUT_TOKEN,
      leases: {
        lookup: async () => ({
          status: LeaseStatus.GRANTED,
          holder: { consumer: "team" },
          keyId: "0123456789abcdef",
          priority: Priority.STANDARD,
          operations: 2n ** 64n - 1n,
          sealKey: Buffer.alloc(SEAL_KEY_BYTES),
          models: [["*"]],
          budgets: [],
          keyExpiresAtMs: undefined,
        }),
        changesSince: async (sequence) => ({ all: false, digests: [], sequence }),
      },
      timing: { refreshMs: 60_000, ageMsMax: 3_600_000 },
      capacities: { sharesOf: () => undefined },
      onReport: (report) => {
        this.reports.push(report);
        this.publisher?.report(report);
      },
      onGrants: async () => undefined,
      onUsage: async () => {},
      log,
    });
    const { publisher } = this;
    this.closers.push(
      () => calloutApi.close(),
      () => publisher.close(),
    );
    await calloutApi.listen();
    await this.push(resources, secrets);
    await publisher.listen();
  }

  input(resources: ResourceSet): CompileInput {
    return { revision: this.revision, resources, routesCreated: new Map(), settings: this.settings };
  }

  secretsOf(resources: ResourceSet): Map<string, string> {
    return new Map(resources.providers.map(({ id }) => [id, `credential-of-${id}`]));
  }

  /** Publishes the next revision; throws what `check` says against it. */
  async publish(resources: ResourceSet, secrets = this.secretsOf(resources)): Promise<bigint> {
    this.revision += 1n;
    await this.push(resources, secrets);
    return this.revision;
  }

  private async push(resources: ResourceSet, secrets: ReadonlyMap<string, string>): Promise<void> {
    const problems = await this.xdsPublisher.check(this.input(resources));
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.xdsPublisher.publish(this.input(resources), secrets);
  }

  /** Waits until every worker of Envoy reports the newest revision. */
  live(): Promise<true> {
    return eventually(`revision ${this.revision} is live`, () => {
      const [envoy] = this.xdsPublisher.status();
      return envoy?.revisions.find(({ revision }) => revision === this.revision)?.state === "live" ? true : undefined;
    });
  }

  bootstrap(token = XDS_TOKEN): string {
    return renderBootstrap({ xds: this.xds, tls: this.tls, envoyAdminPort: 0 }, { xds: token });
  }

  async shut(): Promise<void> {
    for (const close of this.closers.splice(0)) await close();
  }

  async stop(): Promise<void> {
    await this.shut();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Envoy {
  private output = "";
  private constructor(
    private readonly process: ChildProcess,
    private readonly delivery: Delivery,
  ) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  /** Does not wait for anything. */
  static async spawn(delivery: Delivery, bootstrap = delivery.bootstrap()): Promise<Envoy> {
    const file = join(delivery.folder, "envoy.json");
    writeFileSync(file, bootstrap);
    const files = ["-c", file, "--admin-address-path", join(delivery.folder, "admin")];
    const flags = ["--concurrency", "2", "--use-dynamic-base-id", "-l", process.env.ENVOY_LOG ?? "warning"];
    const path = await findEnvoy();
    return new Envoy(spawn(path, [...files, ...flags], { stdio: ["ignore", "pipe", "pipe"] }), delivery);
  }

  /** Waits until the newest revision is live. */
  static async start(delivery: Delivery): Promise<Envoy> {
    const envoy = await Envoy.spawn(delivery);
    try {
      await delivery.live();
      return envoy;
    } catch (error) {
      await envoy.stop();
      throw new Error(`${(error as Error).message}\n${JSON.stringify(delivery.log, null, 1)}\n${envoy.log}`);
    }
  }

  get log(): string {
    return this.output;
  }

  async admin(path: string, init?: RequestInit): Promise<string> {
    const address = readFileSync(join(this.delivery.folder, "admin"), "utf8").trim();
    const response = await fetch(`http://${address}${path}`, init);
    return response.text();
  }

  async stat(name: string): Promise<number> {
    const text = await this.admin(`/stats?filter=${encodeURIComponent(`^${name}$`)}`);
    return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** Of the gateway's listener. */
  async port(): Promise<number> {
    const listeners = JSON.parse(await this.admin("/listeners?format=json")) as {
      listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
    };
    const found = listeners.listener_statuses.find(({ name }) => name === "sluice");
    if (found === undefined) throw new Error("Envoy has no listener yet");
    return found.local_address.socket_address.port_value;
  }

  /** A chat request, or a message when `path` says so. */
  async ask(
    model: string,
    options: { path?: string; headers?: Record<string, string>; text?: string } = {},
  ): Promise<Response> {
    return fetch(`http://127.0.0.1:${await this.port()}${options.path ?? "/v1/chat/completions"}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.delivery.key}`, "content-type": "application/json", ...options.headers },
      body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: "user", content: options.text ?? "hello" }] }),
    });
  }

  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill(signal);
    await ended;
  }
}
