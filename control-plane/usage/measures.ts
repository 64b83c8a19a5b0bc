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

/** Adds `more` to `sums`, place by place. Refuses what a double cannot hold exactly. */
export function addCounters(sums: number[], more: readonly number[]): void {
  for (let index = 0; index < sums.length; index++) {
    const sum = (sums[index] ?? 0) + (more[index] ?? 0);
    if (!Number.isSafeInteger(sum)) throw new RangeError("a sum of usage exceeds 2^53");
    sums[index] = sum;
  }
}

interface QuantileOf {
  readonly latency: Latency;
  /** So many thousandths of the values are not larger. */
  readonly permille: number;
}

/** Times are in the unit of their suffix: ms, or microseconds (Us). */
export const QUANTILE_MEASURES = {
  durationMsP50: { latency: "duration", permille: 500 },
  durationMsP95: { latency: "duration", permille: 950 },
  durationMsP99: { latency: "duration", permille: 990 },
  firstTokenMsP50: { latency: "firstToken", permille: 500 },
  firstTokenMsP95: { latency: "firstToken", permille: 950 },
  firstTokenMsP99: { latency: "firstToken", permille: 990 },
  perOutputTokenUsP50: { latency: "perOutputToken", permille: 500 },
  perOutputTokenUsP95: { latency: "perOutputToken", permille: 950 },
  perOutputTokenUsP99: { latency: "perOutputToken", permille: 990 },
} as const satisfies Record<string, QuantileOf>;
type QuantileMeasure = keyof typeof QUANTILE_MEASURES;

export type Measure = Counter | "totalTokens" | QuantileMeasure;

export const MEASURES = [
  ...COUNTERS,
  "totalTokens",
  ...(Object.keys(QUANTILE_MEASURES) as QuantileMeasure[]),
] as const satisfies readonly Measure[];

export function isQuantile(measure: Measure): measure is QuantileMeasure {
  return Object.hasOwn(QUANTILE_MEASURES, measure);
}

/** The counters that measures are made of, each once. */
export function countersFor(measures: readonly Measure[]): readonly Counter[] {
  const needed = measures.flatMap((measure): readonly Counter[] => {
    if (isQuantile(measure)) return [];
    return measure === "totalTokens" ? ["inputTokens", "outputTokens"] : [measure];
  });
  return COUNTERS.filter((counter) => needed.includes(counter));
}

/** A measure that is no quantile, from the values of `counters`. */
export function sumOf(
  measure: Exclude<Measure, QuantileMeasure>,
  counters: readonly Counter[],
  values: readonly number[],
): number {
  if (measure !== "totalTokens") return values[counters.indexOf(measure)] ?? 0;
  return sumOf("inputTokens", counters, values) + sumOf("outputTokens", counters, values);
}
