// A worker that a test plays for its plans alone: model routes as operators write them, compiled by the control plane, and what the
// released filter makes of a request. Times are of the played clock.
import { fileURLToPath } from "node:url";
import { leaseRecord } from "../../control-plane/callout-api/records.js";
import { CALLOUT_CLUSTER, LeaseStatus, Priority, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { modelRouteSchema } from "../../control-plane/resources/model-route.js";
import { providerSchema } from "../../control-plane/resources/provider.js";
import { targetSchema } from "../../control-plane/resources/target.js";
import { compile } from "../../control-plane/snapshot/snapshot.js";
import type { Root, Stream } from "../host/contexts.js";
import { type Callout, Host } from "../host/host.js";
import { SharedData } from "../host/shared-data.js";

const WASM = fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
const OK: [string, string][] = [[":status", "200"]];
const DAYS_MS = 400 * 24 * 3_600_000;

export interface RouterOptions {
  /** Documents but for their provider; a text is an id alone. */
  readonly targets: readonly (string | ({ readonly id: string } & Record<string, unknown>))[];
  readonly modelRoutes: readonly ({ readonly id: string } & Record<string, unknown>)[];
  readonly holder?: Partial<Record<"tenant" | "department" | "application" | "consumer", string>>;
  readonly sharedData?: SharedData;
  readonly nowMs?: number;
}

export interface Planned {
  /** Ids of the targets, in the order of the attempts; empty when the request was refused. */
  readonly targets: readonly string[];
  readonly error: string | undefined;
  readonly retryAfter: string | undefined;
  readonly stream: Stream;
}

export interface Attempted {
  readonly status?: number;
  readonly headers?: readonly [string, string][];
  /** How long it takes, ms. */
  readonly ms?: number;
}

export class PlayedRouter {
  readonly host: Host;
  readonly #gateway: Root;
  readonly #target: Root;
  readonly #key = generateApiKey();
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { sharedData = new SharedData(), nowMs = Date.UTC(2026, 10, 24) } = options;
    this.host = new Host(WASM, { sharedData, clusters: [CALLOUT_CLUSTER] });
    this.host.nowMs = nowMs;
    this.#gateway = this.host.startRoot("gateway", filterConfig(options));
    this.#target = this.host.startRoot("target");
  }

  pass(ms: number): void {
    this.host.nowMs += ms;
    this.host.monotonicMs += ms;
  }

  plan(
    body: Record<string, unknown> = {},
    { headers = [], path = "/v1/chat/completions" }: { headers?: [string, string][]; path?: string } = {},
  ): Planned {
    const stream = this.host.openStream(this.#gateway);
    stream.requestHeaders([
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway"],
      ["authorization", `Bearer ${this.#key}`],
      ["content-type", "application/json"],
      ...headers,
    ]);
    this.#answerLeases();
    const text = JSON.stringify({ model: "auto", messages: [{ role: "user", content: "hi" }], ...body });
    stream.requestBody(text, true);
    const plan = stream.filterState.get("sluice_plan");
    const reply = stream.localReply;
    return {
      targets: reply === undefined && plan !== undefined ? targetsOf(Buffer.from(plan)) : [],
      error: reply?.headers.get("x-sluice-error"),
      retryAfter: reply?.headers.get("retry-after"),
      stream,
    };
  }

  /** The first target of a plan gets the request. */
  begin({ stream }: Planned): Stream {
    const attempt = this.host.openStream(this.#target);
    for (const [name, value] of stream.filterState) attempt.filterState.set(name, value);
    attempt.requestHeaders([
      [":method", "POST"],
      [":path", "/v1/chat/completions"],
      [":authority", "gateway"],
    ]);
    attempt.requestBody(stream.request.forwarded.body, true);
    return attempt;
  }

  /** It answers. */
  attempt(planned: Planned, { status = 200, headers = [], ms = 0 }: Attempted = {}): void {
    const attempt = this.begin(planned);
    this.pass(ms);
    attempt.responseHeaders([[":status", String(status)], ["content-type", "application/json"], ...headers]);
    const choices = [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }];
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const body = status < 300 ? { object: "chat.completion", choices, usage } : { error: { message: "no" } };
    attempt.responseBody(JSON.stringify(body), true);
    attempt.close();
  }

  /** A whole streamed exchange whose first content comes after so many ms. */
  streamed(firstMs: number): void {
    const planned = this.plan({ stream: true });
    const attempt = this.begin(planned);
    attempt.responseHeaders([
      [":status", "200"],
      ["content-type", "text/event-stream"],
    ]);
    this.pass(firstMs);
    attempt.responseBody(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x" } }] })}\n\n`);
    attempt.responseBody("data: [DONE]\n\n", true);
    attempt.close();
    this.end(planned);
  }

  /** A stream whose first event is an error. */
  brokenStream(): void {
    const planned = this.plan({ stream: true });
    const attempt = this.begin(planned);
    attempt.responseHeaders([
      [":status", "200"],
      ["content-type", "text/event-stream"],
    ]);
    attempt.responseBody(`data: ${JSON.stringify({ error: { message: "overloaded" } })}\n\n`, true);
    attempt.close();
    this.end(planned);
  }

  end({ stream }: Planned): void {
    stream.responseHeaders([[":status", "200"]], true);
    this.host.call(stream.id, "proxy_on_log", stream.id);
    stream.close();
  }

  /** A whole exchange; answers the targets that were planned. */
  exchange(attempted: Attempted = {}, body: Record<string, unknown> = {}): readonly string[] {
    const planned = this.plan(body);
    if (planned.targets.length > 0) this.attempt(planned, attempted);
    this.end(planned);
    return planned.targets;
  }

  #answerLeases(): void {
    for (let [oldest] = this.host.callouts.values(); oldest !== undefined; [oldest] = this.host.callouts.values()) {
      const isLease = pathOf(oldest).startsWith("/v1/leases/");
      this.host.answer(isLease ? OK : [[":status", "503"]], isLease ? this.#lease() : Buffer.alloc(0));
    }
  }

  #lease(): Buffer {
    return leaseRecord(
      {
        status: LeaseStatus.GRANTED,
        holder: { consumer: "team", ...this.#options.holder },
        keyId: "0123456789abcdef",
        priority: Priority.STANDARD,
        operations: 2n ** 64n - 1n,
        sealKey: Buffer.alloc(SEAL_KEY_BYTES),
        models: [],
        budgets: [],
        keyExpiresAtMs: undefined,
      },
      { refreshMs: DAYS_MS, ageMsMax: DAYS_MS },
      this.host.nowMs,
    );
  }
}

function pathOf(callout: Callout): string {
  return callout.headers.get(":path") ?? "";
}

export function filterConfig({ targets, modelRoutes }: RouterOptions): Buffer {
  const provider = { id: "own", dialect: "openai", baseUrl: "http://127.0.0.1:9/v1", allowPrivateAddress: true };
  return compile({
    revision: 1n,
    resources: {
      providers: [providerSchema.parse(provider)],
      targets: targets.map((target) =>
        targetSchema.parse({
          provider: "own",
          model: "own-model",
          ...(typeof target === "string" ? { id: target } : target),
        }),
      ),
      modelRoutes: modelRoutes.map((route) => modelRouteSchema.parse(route)),
    },
    routesCreated: new Map(),
    settings: {
      gateway: { host: "127.0.0.1", port: 10_000 },
      callout: { kind: "unix", path: "/run/sluice/callout.sock" },
      calloutTls: undefined,
      requestBodyBytesMax: 1 << 20,
      calloutTimeoutMs: 200,
      usageLogFile: undefined,
    },
  } as never).filterConfig;
}

/** Ids in the records of a plan (ARCHITECTURE.md §2.3). */
function targetsOf(plan: Buffer): string[] {
  const ids: string[] = [];
  let at = plan.readUInt16LE(6);
  for (let left = plan.readUInt8(4); left > 0; left--) {
    const cluster = at + 32;
    const id = cluster + 2 + plan.readUInt16LE(cluster);
    ids.push(plan.toString("utf8", id + 2, id + 2 + plan.readUInt16LE(id)));
    at += plan.readUInt16LE(at);
  }
  return ids;
}
