// What is added up. Counters are whole numbers that every event and every roll-up carries; measures are what a query may
// ask for: a counter, a sum of counters, or a quantile of a latency.
import type { UsageEvent } from "./event.js";
import type { Latency } from "./histogram.js";

const NANOS_PER_MICRO = 1_000;

/**
 * Cost is in two: whole millionths of the currency, and what each event has beside them in billionths. Their sums stay
 * below 2^53 up to billions of any currency, and are rounded once, when they are told.
 */
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
  "costRestNanos",
] as const;
export type Counter = (typeof COUNTERS)[number];

/** The counters of an event, in the order of COUNTERS. */
export function countersOf({ kind, status, error, tokens, costNanos }: UsageEvent): number[] {
  const isExchange = kind === "exchange";
  const costRestNanos = costNanos % NANOS_PER_MICRO;
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
    (costNanos - costRestNanos) / NANOS_PER_MICRO,
    costRestNanos,
  ];
}

/** The other way round. */
export function costNanosOf(costMicros: number, costRestNanos: number): number {
  return costMicros * NANOS_PER_MICRO + costRestNanos;
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

/** Measures that are made of several counters. */
const SUMS = {
  totalTokens: ["inputTokens", "outputTokens"],
  costMicros: ["costMicros", "costRestNanos"],
} as const satisfies Record<string, readonly Counter[]>;

export type SumMeasure = Exclude<Counter, "costRestNanos"> | keyof typeof SUMS;
export type Measure = SumMeasure | QuantileMeasure;

export const SUM_MEASURES: readonly SumMeasure[] = [
  ...COUNTERS.filter((counter) => counter !== "costRestNanos"),
  "totalTokens",
];

export const MEASURES: readonly Measure[] = [...SUM_MEASURES, ...(Object.keys(QUANTILE_MEASURES) as QuantileMeasure[])];

export function isQuantile(measure: Measure): measure is QuantileMeasure {
  return Object.hasOwn(QUANTILE_MEASURES, measure);
}

/** The counters that measures are made of, each once. */
export function countersFor(measures: readonly Measure[]): readonly Counter[] {
  const needed = measures.flatMap((measure): readonly Counter[] => {
    if (isQuantile(measure)) return [];
    return measure in SUMS ? SUMS[measure as keyof typeof SUMS] : [measure as Counter];
  });
  return COUNTERS.filter((counter) => needed.includes(counter));
}

/** A measure that is no quantile, from the values of `counters`. */
export function sumOf(measure: SumMeasure, counters: readonly Counter[], values: readonly number[]): number {
  const sum = (counter: Counter) => values[counters.indexOf(counter)] ?? 0;
  if (measure === "totalTokens") return sum("inputTokens") + sum("outputTokens");
  if (measure !== "costMicros") return sum(measure);
  return sum("costMicros") + Math.round(sum("costRestNanos") / NANOS_PER_MICRO);
}
