// Envoys that a test plays: workers that run the released filter and share their data, told of capacities by change records written from
// ARCHITECTURE.md §2.5, and providers that take as long and use as many tokens as the test says. Times are of the played clock.
import { fileURLToPath } from "node:url";
import { changesRecord, leaseRecord } from "../../control-plane/callout-api/records.js";
import { capacityRecord, type Part } from "../../control-plane/capacity/shares.js";
import { CALLOUT_CLUSTER, LeaseStatus, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { apiKeyDigest, generateApiKey } from "../../control-plane/keys.js";
import { type Capacity, capacitySchema } from "../../control-plane/resources/capacity.js";
import { encodeFilterConfig } from "../../control-plane/snapshot/filter-config.js";
import { string16 } from "../../control-plane/string16.js";
import type { Root, Stream } from "../host/contexts.js";
import { type Callout, Host } from "../host/host.js";
import { SharedData } from "../host/shared-data.js";

const WASM = fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
const OK: [string, string][] = [[":status", "200"]];
const HOUR_MS = 3_600_000;
const WHOLE: Part = { index: 0, of: 1 };
export const CLASSES = ["critical", "standard", "batch"];

type CapacityFields = { [Field in keyof Capacity]?: unknown };

export interface Caller {
  /** Rank of its class. */
  readonly rank: number;
  readonly tenant?: string;
  /** What its tenant prefers. */
  readonly preferred?: readonly string[];
}

export interface Worker {
  readonly host: Host;
  readonly gateway: Root;
  readonly target: Root;
}

export interface Asked {
  readonly worker: Worker;
  readonly stream: Stream;
}

function resolvedTarget(id: string) {
  return {
    id,
    cluster: `${id}~0`,
    dialect: "OPENAI",
    authority: "provider",
    basePath: "/v1",
    model: `${id}-model`,
    defaultMaxTokens: 0,
    quirks: 0,
    query: "",
    provider: "provider",
    effective: { prices: [] },
  };
}

function configuration(targets: readonly string[]): Buffer {
  const route = { id: "model", targets: targets.map((target) => ({ target })), perTryTimeoutMs: 1_000 };
  return encodeFilterConfig({
    revision: 1n,
    modelRoutes: [route as never],
    routesCreated: new Map(),
    targets: new Map(targets.map((id) => [id, resolvedTarget(id) as never])),
    requestBodyBytesMax: 1 << 20,
    calloutTimeoutMs: 200,
    logsUsage: false,
  });
}

export class PlayedGateway {
  readonly workers: Worker[];
  readonly sharedData = new SharedData();
  readonly #targets: readonly string[];
  readonly #config: Buffer;
  /** By digest of the key. */
  readonly #callers = new Map<string, Caller>();
  readonly #keys = new Map<string, string>();
  readonly #timers = new Map<Worker, { periodMs: number; dueMs: number }>();
  #capacities = Buffer.alloc(0);
  #declared = 0;
  #version = 0n;
  #next = 0;
  nowMs = 1_000_000;

  constructor({ workers = 2, targets = ["own"] }: { workers?: number; targets?: readonly string[] } = {}) {
    this.#targets = targets;
    this.#config = configuration(targets);
    this.workers = Array.from({ length: workers }, () => this.#startWorker());
  }

  #startWorker(): Worker {
    const host = new Host(WASM, { sharedData: this.sharedData, clusters: [CALLOUT_CLUSTER] });
    host.monotonicMs = this.nowMs;
    return { host, gateway: host.startRoot("gateway", this.#config), target: host.startRoot("target") };
  }

  /** A worker's VM is gone with all that it knew, and another takes its place. */
  replace(index: number): void {
    this.workers[index] = this.#startWorker();
    this.#tell();
  }

  /** By id of the target; undefined = not limited. */
  declare(capacities: Readonly<Record<string, CapacityFields>>, part = WHOLE): void {
    const records = Object.entries(capacities).map(([id, fields]) =>
      capacityRecord({ id, provider: "p", model: "m", capacity: capacitySchema.parse(fields) }, CLASSES, part),
    );
    this.#capacities = Buffer.concat([...CLASSES.map(string16), ...records]);
    this.#declared = records.length;
    this.#version += 1n;
    this.#tell();
  }

  /** Every worker asks for changes, and is answered. */
  #tell(): void {
    this.advance(1_100);
  }

  /** Time passes, with ticks as often as the filter wants them. */
  advance(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs++;
      for (const worker of this.workers) {
        worker.host.monotonicMs = this.nowMs;
        this.#tickIfDue(worker);
      }
      this.#answerCallouts();
    }
  }

  /** A timer begins anew when its period changes. */
  #tickIfDue(worker: Worker): void {
    const { tickPeriodMs } = worker.gateway;
    const timer = this.#timers.get(worker);
    if (timer?.periodMs !== tickPeriodMs) {
      this.#timers.set(worker, { periodMs: tickPeriodMs, dueMs: this.nowMs + tickPeriodMs - 1 });
    } else if (this.nowMs >= timer.dueMs) {
      this.#timers.set(worker, { periodMs: tickPeriodMs, dueMs: this.nowMs + tickPeriodMs });
      worker.host.tick(worker.gateway);
    }
  }

  /** A request of a caller, at this worker or the next one. */
  ask(caller: Caller, body: Record<string, unknown> = {}, at = this.#next++ % this.workers.length): Asked {
    const worker = this.workers[at] as Worker;
    const stream = worker.host.openStream(worker.gateway);
    stream.requestHeaders([
      [":method", "POST"],
      [":path", "/v1/chat/completions"],
      [":authority", "gateway"],
      ["authorization", `Bearer ${this.#keyOf(caller)}`],
      ["content-type", "application/json"],
    ]);
    this.#answerCallouts();
    if (stream.localReply === undefined)
      stream.requestBody(JSON.stringify({ model: "model", messages: [], ...body }), true);
    return { worker, stream };
  }

  /** "sent" to a provider, "waiting", or the code of the refusal. */
  fate({ stream }: Asked): string {
    if (stream.localReply !== undefined) return stream.localReply.headers.get("x-sluice-error") ?? "answered";
    return stream.filterState.has("sluice_plan") ? "sent" : "waiting";
  }

  retryAfter({ stream }: Asked): string | undefined {
    return stream.localReply?.headers.get("retry-after");
  }

  /** Ids of the targets in the order of the plan. */
  plan({ stream }: Asked): string[] {
    const text = stream.filterState.get("sluice_plan")?.toString("latin1") ?? "";
    const at = (id: string) => text.indexOf(`${id}~0`);
    return this.#targets.filter((id) => at(id) >= 0).sort((left, right) => at(left) - at(right));
  }

  /** One attempt at the plan's next target that is answered so. */
  attempt({ worker: { host, target }, stream }: Asked, status: number, tokens = 0): void {
    const attempt = host.openStream(target);
    for (const [name, value] of stream.filterState) attempt.filterState.set(name, value);
    attempt.requestHeaders([
      [":method", "POST"],
      [":path", "/v1/chat/completions"],
      [":authority", "gateway"],
    ]);
    attempt.requestBody(Buffer.concat(stream.request.forwarded.chunks.map((chunk) => Buffer.from(chunk))), true);
    attempt.responseHeaders([
      [":status", String(status)],
      ["content-type", "application/json"],
    ]);
    const usage = { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens };
    const choices = [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }];
    const answer = { object: "chat.completion", model: "m", choices, usage };
    attempt.responseBody(JSON.stringify(status === 200 ? answer : { error: { message: "no" } }), true);
    for (const [name, value] of attempt.filterState) stream.filterState.set(name, value);
    host.call(attempt.id, "proxy_on_log", attempt.id);
    attempt.close();
  }

  /** The provider has answered, and the exchange is over. */
  complete(asked: Asked, tokens = 0): void {
    this.attempt(asked, 200, tokens);
    this.leave(asked);
  }

  /** The exchange is over, however: its client went away if nobody answered. */
  leave({ worker: { host }, stream }: Asked): void {
    host.call(stream.id, "proxy_on_log", stream.id);
    stream.close();
  }

  counter(name: string): number {
    return this.workers.reduce((sum, { host }) => sum + (host.metrics.value(name) ?? 0), 0);
  }

  #keyOf(caller: Caller): string {
    const name = JSON.stringify(caller);
    const known = this.#keys.get(name) ?? generateApiKey();
    this.#keys.set(name, known);
    this.#callers.set(apiKeyDigest(known), caller);
    return known;
  }

  #answerCallouts(): void {
    for (const { host } of this.workers) {
      while (host.callouts.size > 0) {
        const [callout] = host.callouts.values();
        if (callout !== undefined) host.answer(OK, this.#reply(callout));
      }
    }
  }

  #reply({ headers }: Callout): Buffer {
    const path = headers.get(":path") ?? "";
    const caller = this.#callers.get(path.replace("/v1/leases/", ""));
    if (caller !== undefined) return this.#lease(caller);
    if (!path.startsWith("/v1/changes")) return Buffer.alloc(0);
    const known = BigInt(new URLSearchParams(path.split("?")[1]).get("capacities") ?? "0");
    const shares = { version: this.#version, classes: 3, count: this.#declared, bytes: this.#capacities };
    const changes = { all: false, digests: [], sequence: 1n };
    return changesRecord(changes, known === this.#version ? undefined : shares);
  }

  #lease({ rank, tenant, preferred }: Caller): Buffer {
    const answer = {
      status: LeaseStatus.GRANTED,
      holder: tenant === undefined ? {} : { tenant },
      keyId: "0123456789abcdef",
      priority: rank,
      operations: 2n ** 64n - 1n,
      sealKey: Buffer.alloc(SEAL_KEY_BYTES),
      models: [],
      budgets: [],
      ...(preferred === undefined ? {} : { preferredModels: preferred }),
      keyExpiresAtMs: undefined,
    };
    const wallMs = this.workers[0]?.host.nowMs ?? 0;
    return leaseRecord(answer, { refreshMs: 24 * HOUR_MS, ageMsMax: 24 * HOUR_MS }, wallMs);
  }
}
