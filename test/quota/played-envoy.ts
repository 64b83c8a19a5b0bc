// An Envoy that a test plays: workers that run the released filter and share their data, a control plane that answers their callouts
// from a real ledger, and a provider that says what it used. The test decides when each callout is answered, or that none is.
import { fileURLToPath } from "node:url";
import { CALLOUT_CLUSTER } from "../../control-plane/contract.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { type AskReplyEntry, type Ledger, LedgerError } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { encodeFilterConfig } from "../../control-plane/snapshot/filter-config.js";
import type { Root, Stream } from "../host/contexts.js";
import { type Callout, Host } from "../host/host.js";
import { SharedData } from "../host/shared-data.js";
import { asksOf, grantReply, leaseWith, readGrantRequest } from "./wire.js";

const WASM = fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
const CHAT = "/v1/chat/completions";
const OK: [string, string][] = [[":status", "200"]];

/** What happens to a callout for grants: it is answered, or nobody hears of it, or only its answer is lost. */
export type Fate = "answered" | "lost" | "unheard";

export interface PlayedEnvoyOptions {
  readonly workers: number;
  readonly budgets: readonly Budget[];
  readonly ledger: Ledger;
  readonly calloutTimeoutMs?: number;
  /** Ids of budgets that were deleted since the lease. */
  readonly gone?: readonly string[];
  /** Millionths of the currency for a million tokens. */
  readonly prices?: { readonly input: number; readonly output: number };
}

export interface Played {
  readonly worker: Worker;
  readonly stream: Stream;
}

export interface Worker {
  readonly host: Host;
  readonly gateway: Root;
  readonly target: Root;
}

const TARGET = {
  id: "own",
  cluster: "own~0",
  dialect: "OPENAI",
  authority: "provider",
  basePath: "/v1",
  model: "own-model",
  defaultMaxTokens: 0,
  quirks: 0,
  query: "",
  provider: "provider",
} as const;

function configuration({ calloutTimeoutMs = 200, prices }: PlayedEnvoyOptions): Buffer {
  const target = { ...TARGET, effective: prices === undefined ? {} : { prices, currency: "EUR" } };
  const route = {
    id: "model",
    targets: [{ target: "own" }],
    perTryTimeoutMs: 1_000,
    passUnknown: false,
    strict: false,
  };
  return encodeFilterConfig({
    revision: 1n,
    modelRoutes: [route as never],
    routesCreated: new Map(),
    targets: new Map([["own", target as never]]),
    requestBodyBytesMax: 1 << 20,
    calloutTimeoutMs,
    logsUsage: false,
  });
}

export class PlayedEnvoy {
  readonly #workers: readonly Worker[];
  readonly #key = generateApiKey();
  readonly #options: PlayedEnvoyOptions;
  readonly sharedData = new SharedData();
  /** What new leases say. */
  budgets: readonly Budget[];
  #next = 0;
  /** Callouts for grants so far. */
  asks = 0;

  constructor(options: PlayedEnvoyOptions) {
    this.#options = options;
    this.budgets = options.budgets;
    const { sharedData } = this;
    const config = configuration(options);
    this.#workers = Array.from({ length: options.workers }, () => {
      const host = new Host(WASM, { sharedData, clusters: [CALLOUT_CLUSTER] });
      return { host, gateway: host.startRoot("gateway", config), target: host.startRoot("target") };
    });
  }

  /** Time goes on for all workers, but not for the ledger. */
  pass(ms: number): void {
    for (const { host } of this.#workers) {
      host.monotonicMs += ms;
      host.nowMs += ms;
    }
  }

  /** The wall clock is set. */
  jump(ms: number): void {
    for (const { host } of this.#workers) host.nowMs += ms;
  }

  /** Of all workers together. */
  metric(name: string): number {
    for (const { host, gateway } of this.#workers) host.tick(gateway);
    return this.#workers.reduce((sum, { host }) => sum + (host.metrics.value(name) ?? 0), 0);
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** Opens a request at the next worker, or this one. It may wait for callouts: see `answerAll`. */
  open(body: Record<string, unknown>, { worker = this.#next++ % this.#workers.length, path = CHAT } = {}): Played {
    const at = this.#workers[worker] as Worker;
    const stream = at.host.openStream(at.gateway);
    stream.requestHeaders([
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway"],
      ["authorization", `Bearer ${this.#key}`],
      ["content-type", "application/json"],
    ]);
    this.answerLeases();
    const text = JSON.stringify({ model: "model", messages: [], ...body });
    if (stream.localReply === undefined) stream.requestBody(text, true);
    return { worker: at, stream };
  }

  isAdmitted({ stream }: Played): boolean {
    return stream.filterState.has("sluice_plan") && stream.localReply === undefined;
  }

  code({ stream }: Played): string | undefined {
    return stream.localReply?.headers.get("x-sluice-error");
  }

  /** What the target's filter makes of a request that was admitted: an attempt at the provider. */
  attempt({ worker: { host, target }, stream }: Played): Stream {
    const attempt = host.openStream(target);
    for (const [name, value] of stream.filterState) attempt.filterState.set(name, value);
    const path = stream.request.headers?.get(":path") ?? CHAT;
    attempt.requestHeaders([
      [":method", "POST"],
      [":path", path],
      [":authority", "gateway"],
    ]);
    attempt.requestBody(stream.request.forwarded.body, true);
    return attempt;
  }

  /** The provider answers with this usage, and the exchange is over. */
  complete(played: Played, input: number, output: number): void {
    const attempt = this.attempt(played);
    attempt.responseHeaders([
      [":status", "200"],
      ["content-type", "application/json"],
    ]);
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    const choices = [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }];
    attempt.responseBody(JSON.stringify({ object: "chat.completion", model: "own-model", choices, usage }), true);
    attempt.close();
    played.stream.responseHeaders([[":status", "200"]], true);
    this.end(played);
  }

  /** The provider writes so many tokens, and then tells them; or the client leaves before. */
  stream(played: Played, tokens: number, end: "complete" | "aborted"): void {
    const attempt = this.attempt(played);
    attempt.responseHeaders([
      [":status", "200"],
      ["content-type", "text/event-stream"],
    ]);
    const events = [{ choices: [{ index: 0, delta: { content: "token ".repeat(tokens) } }] }];
    const usage = { prompt_tokens: 7, completion_tokens: tokens, total_tokens: 7 + tokens };
    const last = [{ choices: [], usage }, "[DONE]"];
    for (const each of end === "complete" ? [...events, ...last] : events) {
      attempt.responseBody(`data: ${typeof each === "string" ? each : JSON.stringify(each)}\n\n`);
    }
    attempt.close();
    this.end(played);
  }

  /** A header of what the client gets, whoever answers. */
  header({ stream }: Played, name: string): string | undefined {
    return stream.response.forwarded.headers?.get(name);
  }

  /** Answers what ticks have sent. */
  async answerReports(fate: () => Fate): Promise<void> {
    const before = this.asks;
    await this.answerAll(fate);
    this.asks = before;
  }

  /** The exchange is over, however; nobody has answered if `complete` was not called. */
  end({ worker: { host }, stream }: Played): void {
    host.call(stream.id, "proxy_on_log", stream.id);
    stream.close();
  }

  tick(): void {
    for (const { host, gateway } of this.#workers) host.tick(gateway);
  }

  /** Callouts for grants that wait for an answer. */
  get waiting(): number {
    return this.#grantCallouts().length;
  }

  /** Of the callouts for grants that wait, ms. */
  grantTimeouts(): number[] {
    return this.#grantCallouts().map(({ callout }) => callout.timeoutMs);
  }

  /** Answers the oldest callout for grants with these bytes. */
  answerWith(body: Buffer): void {
    const [first] = this.#grantCallouts();
    if (first === undefined) throw new Error("nobody has asked for grants");
    answer(first.host, first.callout, OK, body);
  }

  /** What would be the answer to the oldest callout for grants. */
  async nextReply(): Promise<Buffer> {
    const [first] = this.#grantCallouts();
    if (first === undefined) throw new Error("nobody has asked for grants");
    return this.reply(first.callout.body);
  }

  /** No answer will ever come, as when Envoy has dropped the root that asked. */
  forgetCallouts(): void {
    for (const { host } of this.#workers) host.callouts.clear();
  }

  #grantCallouts(): { readonly host: Host; readonly callout: Callout }[] {
    return this.#workers.flatMap(({ host }) =>
      [...host.callouts.values()].filter(isForGrants).map((callout) => ({ host, callout })),
    );
  }

  answerLeases(): void {
    for (const { host } of this.#workers) {
      for (const callout of [...host.callouts.values()].filter((each) => !isForGrants(each))) {
        const isLease = pathOf(callout).startsWith("/v1/leases/");
        const body = isLease ? leaseWith(this.budgets, host.nowMs) : Buffer.alloc(0);
        answer(host, callout, isLease || pathOf(callout) === "/v1/usage" ? OK : [[":status", "503"]], body);
      }
    }
  }

  /** Answers what was asked, and what is asked because of the answers. */
  async answerAll(fate: () => Fate = () => "answered"): Promise<void> {
    this.answerLeases();
    for (let again = true; again; ) {
      again = false;
      for (const { host } of this.#workers) {
        const [callout] = [...host.callouts.values()].filter(isForGrants);
        if (callout === undefined) continue;
        again = true;
        this.asks++;
        await this.#answer(host, callout, fate());
      }
      this.answerLeases();
    }
  }

  async #answer(host: Host, callout: Callout, fate: Fate): Promise<void> {
    const body = fate === "lost" ? undefined : await this.reply(callout.body);
    if (fate === "answered" && body !== undefined) answer(host, callout, OK, body);
    else answer(host, callout, [[":status", "504"]], Buffer.from("upstream request timeout"));
  }

  /** What the control plane says. */
  async reply(request: Buffer): Promise<Buffer> {
    const asked = readGrantRequest(request);
    const { ledger, gone = [] } = this.#options;
    const budgets = this.budgets.filter(({ id }) => !gone.includes(id));
    const replies: (AskReplyEntry | "gone" | "lost")[] = asked.entries.map(() => "gone");
    let nowMs = 0;
    for (const group of asksOf(asked)) {
      const known = group.flatMap((index) => {
        const entry = asked.entries[index];
        const budget = budgets.find(({ id }) => id === entry?.budgetId);
        return entry === undefined || budget === undefined ? [] : [{ index, entry, budget }];
      });
      if (known.length === 0) continue;
      const holder = `${asked.nonce}${known[0]?.entry.stamp.toString(16).padStart(8, "0")}`;
      const entries = known.map(({ budget, entry: { window, ...entry } }) => ({
        budget,
        ...entry,
        ...(window === undefined ? {} : { window }),
      }));
      const reply = await ledger.ask({ holder, entries }).catch((error: unknown) => {
        if (error instanceof LedgerError) return undefined;
        throw error;
      });
      nowMs = reply?.nowMs ?? nowMs;
      for (const [at, { index }] of known.entries()) replies[index] = reply?.entries[at] ?? "lost";
    }
    return grantReply(nowMs, replies);
  }
}

const pathOf = ({ headers }: Callout) => headers.get(":path") ?? "";
const isForGrants = (callout: Callout) => pathOf(callout) === "/v1/grants";

function answer(host: Host, callout: Callout, headers: [string, string][], body: Buffer): void {
  // The host answers the oldest: make it this one.
  const others = [...host.callouts.values()].filter(({ token }) => token !== callout.token);
  for (const { token } of others) host.callouts.delete(token);
  host.answer(headers, body);
  for (const other of others) host.callouts.set(other.token, other);
}
