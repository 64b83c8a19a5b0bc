// What is added up. Counters are whole numbers that every event and every roll-up carries; measures are what a query may
// ask for: a counter, a sum of counters, or a quantile of a latency.
import type { UsageEvent } from "./event.js";
import type { Latency } from "./histogram.js";

export const COUNTERS = [
  "requests",
  "abandonedAttempts",
  "corrections",
  "errors",
  "inputTokens",
  "outputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "reasoningTokens",
  "audioInputTokens",
  "audioOutputTokens",
  "images",
  "costMicros",
] as const;
export type Counter = (typeof COUNTERS)[number];

/** The counters of an event, in the order of COUNTERS. */
export function countersOf({ kind, status, error, tokens, costMicros }: UsageEvent): number[] {
  const isExchange = kind === "exchange";
  return [
    isExchange ? 1 : 0,
    kind === "attempt" ? 1 : 0,
    kind === "correction" ? 1 : 0,
    isExchange && (status >= 400 || error !== undefined) ? 1 : 0,
    tokens.input,
    tokens.output,
    tokens.cachedInput,
    tokens.cacheWrite,
    tokens.reasoning,
    tokens.audioInput,
    tokens.audioOutput,
    tokens.images,
    costMicros,
  ];
}

/** Adds `more` to `sums`, both in the order of COUNTERS. Refuses what a double cannot hold exactly. */
export function addCounters(sums: number[], more: readonly number[]): void {
  for (let index = 0; index < COUNTERS.length; index++) {
    const sum = (sums[index] ?? 0) + (more[index] ?? 0);
    if (!Number.isSafeInteger(sum)) throw new RangeError(`the sum of ${COUNTERS[index]} exceeds 2^53`);
    sums[index] = sum;
  }
}

const QUANTILES = { P50: 500, P95: 950, P99: 990 } as const;
const TIMED = {
  durationMs: "duration",
  firstTokenMs: "firstToken",
  perOutputTokenUs: "perOutputToken",
} as const satisfies Record<string, Latency>;

type QuantileMeasure = `${keyof typeof TIMED}${keyof typeof QUANTILES}`;
export type Measure = Counter | "totalTokens" | QuantileMeasure;

export interface QuantileOf {
  readonly latency: Latency;
  readonly permille: number;
}

export const QUANTILE_MEASURES: ReadonlyMap<Measure, QuantileOf> = new Map(
  Object.entries(TIMED).flatMap(([name, latency]) =>
    Object.entries(QUANTILES).map(([suffix, permille]): [Measure, QuantileOf] => [
      `${name}${suffix}` as QuantileMeasure,
      { latency, permille },
    ]),
  ),
);

export const MEASURES: readonly Measure[] = [...COUNTERS, "totalTokens", ...QUANTILE_MEASURES.keys()];

const INDEX = Object.fromEntries(COUNTERS.map((counter, index) => [counter, index])) as Record<Counter, number>;

/** A measure that is no quantile, from counters in the order of COUNTERS. */
export function sumOf(measure: Exclude<Measure, QuantileMeasure>, counters: readonly number[]): number {
  if (measure === "totalTokens") return sumOf("inputTokens", counters) + sumOf("outputTokens", counters);
  return counters[INDEX[measure]] ?? 0;
}

export function isQuantile(measure: Measure): measure is QuantileMeasure {
  return QUANTILE_MEASURES.has(measure);
}
