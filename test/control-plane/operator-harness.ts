// A whole control plane but for its delivery side, which is recorded instead: what would have been checked and pushed.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane, type Tokens } from "../../control-plane/app.js";
import { createLogger } from "../../control-plane/logger.js";
import type {
  CompileInput,
  ConfigProblem,
  EnvoyStatus,
  LeaseBook,
  ProviderSecrets,
  TrustedIssuer,
  XdsPublisher,
} from "../../control-plane/ports.js";
import type { Settings } from "../../control-plane/settings.js";
import { openEmbeddedUsageStore } from "../../control-plane/usage/embedded/usage-store.js";
import type { UsageStore } from "../../control-plane/usage/usage-store.js";

export const OPERATOR_TOKEN = "operator-token-of-the-tests";

export class RecordingPublisher implements XdsPublisher {
  readonly published: { readonly input: CompileInput; readonly secrets: ProviderSecrets }[] = [];
  readonly checked: CompileInput[] = [];
  problems: readonly ConfigProblem[] = [];
  envoys: readonly EnvoyStatus[] = [];
  trusted: readonly TrustedIssuer[] = [];
  isReady = false;
  listening = false;

  async check(input: CompileInput): Promise<readonly ConfigProblem[]> {
    this.checked.push(input);
    return this.problems;
  }
  publish(input: CompileInput, secrets: ProviderSecrets): void {
    this.published.push({ input, secrets });
  }
  trust(issuers: readonly TrustedIssuer[]): void {
    this.trusted = issuers;
  }
  status(): readonly EnvoyStatus[] {
    return this.envoys;
  }
  ready(): boolean {
    return this.isReady;
  }
  report(): void {}
  async listen(): Promise<void> {
    if (this.published.length === 0) throw new Error("listen() before the first publish()");
    this.listening = true;
  }
  async close(): Promise<void> {
    this.listening = false;
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // The tests read answers as a client would: by name, failing on what is not there.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

export class Harness {
  readonly directory = mkdtempSync(join(tmpdir(), "sluice-"));
  readonly masterKey = randomBytes(32);
  readonly log: string[] = [];
  publisher = new RecordingPublisher();
  leases!: LeaseBook;
  tokens!: Tokens;
  usage!: UsageStore;
  #running: ControlPlane | undefined;

  settings(): Settings {
    return {
      gateway: { host: "127.0.0.1", port: 10000 },
      api: { host: "127.0.0.1", port: 0 },
      xds: { kind: "unix", path: join(this.directory, "xds.sock") },
      callout: { kind: "unix", path: join(this.directory, "callout.sock") },
      tls: undefined,
      calloutTimeoutMs: 2_000,
      envoyAdminPort: 9901,
      dataDirectory: join(this.directory, "data"),
      masterKeys: [this.masterKey],
      operatorToken: OPERATOR_TOKEN,
      xdsToken: undefined,
      calloutToken: undefined,
      requestBodyBytesMax: 1024 * 1024,
      priorityClasses: ["critical", "standard", "batch"],
      usageLogFile: undefined,
      filterWasmFile: "/nowhere/sluice.wasm",
      redis: undefined,
      usage: { mongodbUri: undefined, retentionDays: { events: 36_500, minutes: 36_500, hours: 36_500 } },
    };
  }

  async start(changes: Partial<Settings> = {}): Promise<void> {
    this.publisher = new RecordingPublisher();
    this.#running = await startControlPlane(
      { ...this.settings(), ...changes },
      {
        createPublisher: async () => this.publisher,
        createCalloutApi: ({ leases }) => {
          this.leases = leases;
          return { listen: async () => {}, close: async () => {} };
        },
        openUsageStore: async ({ dataDirectory }) => {
          this.usage = openEmbeddedUsageStore(join(dataDirectory, "usage.db"));
          return this.usage;
        },
        renderBootstrap: (_settings, tokens) => {
          this.tokens = tokens;
          return "{}\n";
        },
      },
      createLogger((line) => this.log.push(line)),
    );
  }

  get running(): ControlPlane {
    if (this.#running === undefined) throw new Error("not started");
    return this.#running;
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  /** `body` is sent as JSON unless it is a string, which goes as it is. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const { host, port } = this.running.api;
    const response = await fetch(`http://${host}:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const answer = isJson ? JSON.parse(text) : text === "" ? undefined : text;
    return { status: response.status, headers: response.headers, body: answer };
  }

  get(path: string, headers?: Record<string, string>): Promise<Reply> {
    return this.send("GET", path, undefined, headers);
  }
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply> {
    return this.send("PUT", path, body, headers);
  }
  post(path: string, body?: unknown): Promise<Reply> {
    return this.send("POST", path, body);
  }
  delete(path: string, headers?: Record<string, string>): Promise<Reply> {
    return this.send("DELETE", path, undefined, headers);
  }
}

export const OPENAI = { dialect: "openai", baseUrl: "https://api.openai.com/v1", apiKey: "provider-secret-one" };

/** A provider, a target and a model route that need each other. */
export async function putChain(harness: Harness): Promise<void> {
  for (const [path, body] of [
    ["providers/openai", OPENAI],
    ["targets/mini", { provider: "openai", model: "gpt-4o-mini" }],
    ["model-routes/fast", { targets: [{ target: "mini" }] }],
  ] as const) {
    const { status, body: answer } = await harness.put(`/api/v1/${path}`, body);
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
  }
}
