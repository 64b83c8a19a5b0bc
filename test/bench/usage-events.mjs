// Usage events as a company of a thousand callers would make them in thirty days, in the order of time: a few models and
// callers make up most of it, offices are busier by day. Seeded: the same numbers on every machine.

const DAY_MS = 86_400_000;
const TENANTS = 10;
const DEPARTMENTS = 50;
const APPLICATIONS = 200;
const CONSUMERS = 1_000;
const MODELS = 20;

export const SPAN = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 5, 1) + 30 * DAY_MS };

function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const name = (noun, number) => `${noun}-${String(number).padStart(4, "0")}`;

/** Most often the first: the cube of an even choice. */
const skewed = (random, count) => Math.floor(random() ** 3 * count);

function outcome(random) {
  const choice = random();
  if (choice < 0.97) return { status: 200 };
  if (choice < 0.985) return { status: 429, error: "insufficient_quota" };
  if (choice < 0.993) return { status: 502, error: "provider_unreachable" };
  return { status: 0, estimated: true };
}

function eventAt(startedAt, number, random) {
  const consumer = skewed(random, CONSUMERS);
  const application = consumer % APPLICATIONS;
  const department = application % DEPARTMENTS;
  const modelNumber = (consumer + skewed(random, MODELS)) % MODELS;
  const model = name("model", modelNumber);
  const second = random() < 0.1 ? 1 : 0;
  const streaming = random() < 0.7;
  const durationMs = 200 + Math.floor(random() ** 4 * 60_000);
  const output = 1 + Math.floor(random() ** 2 * 2_000);
  const input = 50 + Math.floor(random() ** 3 * 20_000);
  return {
    id: `0123456789abcdef-${number}`,
    kind: "exchange",
    startedAt,
    durationMs,
    ...(streaming ? { firstTokenMs: Math.floor(durationMs * (0.05 + random() / 4)) } : {}),
    tenant: name("tenant", department % TENANTS),
    department: name("department", department),
    application: name("application", application),
    consumer: name("consumer", consumer),
    keyId: `${consumer % 2}123456789abcdef`,
    protocol: "openai",
    operation: random() < 0.9 ? "chat" : "embeddings",
    streaming,
    model,
    route: model,
    target: `${model}-${second}`,
    provider: `provider-${(modelNumber + second) % 5}`,
    requestModel: `${model}-2026`,
    responseModel: `${model}-2026-05`,
    attempts: 1 + second,
    status: 200,
    cache: "none",
    tokens: {
      input,
      output,
      cachedInput: random() < 0.3 ? Math.floor(input / 2) : 0,
      cacheWrite: 0,
      reasoning: random() < 0.2 ? Math.floor(output / 2) : 0,
      audioInput: 0,
      audioOutput: 0,
      images: 0,
    },
    costNanos: input * 2_000 + output * 8_000 + 125,
    currency: "USD",
    estimated: false,
    revision: 1 + Math.floor(number / 1_000_000),
    ...outcome(random),
  };
}

/** Batches of events over SPAN. */
export function* batches(count, size) {
  const random = seeded(1);
  let batch = [];
  for (let number = 0; number < count; number++) {
    const even = number / count;
    // Twice as many in the middle of each (UTC) day as around midnight, still rising with the number.
    const day = even * 30;
    const wave = (Math.sin((day % 1) * 2 * Math.PI) / (2 * Math.PI)) * 0.6;
    batch.push(eventAt(SPAN.from + Math.floor((day + wave) * DAY_MS), number, random));
    if (batch.length === size || number === count - 1) {
      yield batch;
      batch = [];
    }
  }
}
