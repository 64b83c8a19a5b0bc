// What was used of a budget before the ledger knew it, by the usage store: for budgets that are made while their window runs, and for
// a ledger that has lost its data.
import type { UsageSource } from "../ledger/ledger.js";
import { BUDGET_SCOPES, type Budget } from "../resources/budget.js";
import type { Measure } from "../usage/measures.js";
import { type UsageQuery, UsageQueryError, type UsageRow } from "../usage/query.js";
import { BUCKET_MS, MINUTE_MS } from "../usage/roll-up.js";
import type { UsageStore } from "../usage/usage-store.js";

const WEIGHT = 1_000;
/** Over before anybody could be told: what was used of them before is not asked for. */
const SHORT_WINDOWS: readonly (string | undefined)[] = ["second", "minute"];

const MEASURES = [
  "requests",
  "inputTokens",
  "outputTokens",
  "cachedInputTokens",
  "costMicros",
] as const satisfies readonly Measure[];

type Sums = Readonly<Record<(typeof MEASURES)[number], number>>;

function coversModel(patterns: readonly string[], model: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  );
}

function sumsOf({ models, measure }: Budget, rows: readonly UsageRow[]): Sums {
  const counted = rows
    .filter(({ dimensions }) => models === undefined || coversModel(models, dimensions.model ?? ""))
    // A request that no target was tried for has used nothing.
    .filter(({ dimensions }) => measure !== "requests" || dimensions.target !== "");
  const sum = (name: Measure) => counted.reduce((total, { values }) => total + (values[name] ?? 0), 0);
  return Object.fromEntries(MEASURES.map((name) => [name, sum(name)])) as Sums;
}

function amountOf({ measure, weights }: Budget, sums: Sums): number {
  const { inputTokens, outputTokens, cachedInputTokens } = sums;
  switch (measure) {
    case "input_tokens":
      return inputTokens;
    case "output_tokens":
      return outputTokens;
    case "total_tokens":
      return inputTokens + outputTokens;
    case "weighted_tokens": {
      const { input = 0, cachedInput = 0, output = 0 } = weights ?? {};
      const fresh = Math.max(inputTokens - cachedInputTokens, 0);
      return Math.ceil((fresh * input + cachedInputTokens * cachedInput + outputTokens * output) / WEIGHT);
    }
    case "requests":
      return sums.requests;
    case "cost":
      return Math.ceil(sums.costMicros);
    case "concurrent_requests":
      return 0;
  }
}

function queryFor({ scope, models, measure }: Budget, from: number, to: number): UsageQuery {
  const kind = BUDGET_SCOPES.find((name) => scope[name] !== undefined);
  const id = kind === undefined ? undefined : scope[kind];
  return {
    from,
    to,
    step: "total",
    timeZone: "UTC",
    groupBy: [
      ...(models === undefined ? [] : ["model" as const]),
      ...(measure === "requests" ? ["target" as const] : []),
    ],
    filter: kind === undefined || id === undefined ? {} : { [kind]: [id] },
    measures: MEASURES,
  };
}

/** Counts what the store still knows: of a window that began before, the whole days (UTC) that are kept. */
export function usedBefore(store: UsageStore): UsageSource {
  return async (budget, span) => {
    if (SHORT_WINDOWS.includes(budget.window) || budget.measure === "concurrent_requests") return 0;
    const to = Math.ceil((span.to + 1) / MINUTE_MS) * MINUTE_MS;
    const sum = async (from: number) =>
      from >= to ? 0 : amountOf(budget, sumsOf(budget, await store.query(queryFor(budget, from, to))));
    try {
      return await sum(span.from);
    } catch (error) {
      if (!(error instanceof UsageQueryError)) throw error;
      const { days } = await store.floors();
      return sum(Math.ceil(Math.max(span.from, days) / BUCKET_MS.day) * BUCKET_MS.day);
    }
  };
}
