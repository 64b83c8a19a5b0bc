// Seeded usage events: the same seed gives the same events, on every machine.
import type { UsageEvent } from "../../control-plane/usage/event.js";

/** Whole numbers from 0 to below `bound` (mulberry32). */
export type Random = (bound: number) => number;

export function seeded(seed: number): Random {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const NO_TOKENS = {
  input: 0,
  output: 0,
  cachedInput: 0,
  cacheWrite: 0,
  reasoning: 0,
  audioInput: 0,
  audioOutput: 0,
  images: 0,
};

/** A plain event: 10 tokens in, 5 out, 3 micros and a half. */
export function event(id: string, changes: Partial<UsageEvent> = {}): UsageEvent {
  return {
    id,
    kind: "exchange",
    startedAt: Date.UTC(2026, 5, 15, 12),
    durationMs: 100,
    consumer: "search",
    protocol: "openai",
    operation: "chat",
    streaming: false,
    model: "fast",
    route: "fast",
    attempts: 1,
    status: 200,
    cache: "none",
    tokens: { ...NO_TOKENS, input: 10, output: 5 },
    costNanos: 3_500,
    currency: "USD",
    estimated: false,
    revision: 1,
    ...changes,
  };
}

export function tokens(changes: Partial<UsageEvent["tokens"]>): UsageEvent["tokens"] {
  return { ...NO_TOKENS, ...changes };
}

function organisation(random: Random) {
  if (random(10) === 0) return {};
  const tenant = random(3);
  const department = random(3);
  return {
    tenant: `tenant-${tenant}`,
    department: `department-${tenant}-${department}`,
    ...(random(4) === 0 ? {} : { application: `application-${tenant}-${department}-${random(2)}` }),
  };
}

function outcome(random: Random) {
  const kind = random(12);
  if (kind === 0) return { status: 429, error: "insufficient_quota", route: "" };
  if (kind === 1) return { status: 502, error: "provider_unreachable" };
  if (kind === 2) return { status: 0, estimated: true };
  if (kind === 3) return { kind: "attempt" as const, status: 503, estimated: true };
  return { status: 200 };
}

/** An event that starts in [from, to), with every kind, outcome and missing member coming up. */
export function randomEvent(id: string, { from, to }: { from: number; to: number }, random: Random): UsageEvent {
  const model = `model-${random(4)}`;
  const streaming = random(2) === 0;
  const durationMs = 5 + random(20_000);
  const input = random(5_000);
  const output = random(2_000);
  const fails = outcome(random);
  const served =
    fails.route === undefined ? { target: `${model}-${random(2)}`, provider: `provider-${random(2)}` } : {};
  return event(id, {
    startedAt: from + random(to - from),
    durationMs,
    ...(streaming ? { firstTokenMs: random(durationMs) } : {}),
    ...organisation(random),
    consumer: `consumer-${random(6)}`,
    ...(random(2) === 0 ? { keyId: `0123456789abcde${random(8)}`, requestModel: "m-2026", responseModel: "m" } : {}),
    operation: ["chat", "messages", "embeddings"][random(3)] ?? "chat",
    streaming,
    model: fails.route === "" ? `made-up-${random(1_000_000)}` : model,
    route: model,
    attempts: 1 + random(3),
    cache: (["none", "hit", "miss"] as const)[random(3)] ?? "none",
    tokens: tokens({ input, output, cachedInput: random(input + 1), reasoning: random(output + 1), images: random(2) }),
    costNanos: random(1_000_000_000),
    currency: random(5) === 0 ? "EUR" : "USD",
    revision: random(9),
    ...served,
    ...fails,
  });
}

export function randomEvents(count: number, span: { from: number; to: number }, seed: number): UsageEvent[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => randomEvent(`${seed}-${index}`, span, random));
}
