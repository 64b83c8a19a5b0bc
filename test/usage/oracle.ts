// What the sums have to be, by going through all events one by one. It shares no code with the stores but the names.
import type { Dimension } from "../../control-plane/usage/dimensions.js";
import type { UsageEvent } from "../../control-plane/usage/event.js";
import type { UsageQuery, UsageRow } from "../../control-plane/usage/query.js";

function dimensionOf(event: UsageEvent, dimension: Dimension): string {
  if (dimension === "statusClass") return event.status === 0 ? "none" : `${String(event.status)[0]}xx`;
  if (dimension === "estimated") return event.estimated ? "true" : "false";
  if (dimension === "model") return event.route === "" ? "" : event.model;
  return event[dimension] ?? "";
}

/** Names the point that a moment belongs to. */
export function pointName(query: Pick<UsageQuery, "step" | "timeZone">, unixMs: number): string {
  if (query.step === "total") return "total";
  const length = { minute: 16, hour: 13, day: 10, month: 7 }[query.step];
  if (length > 10) return new Date(unixMs).toISOString().slice(0, length);
  // The Swedish form of a date is that of ISO 8601.
  return new Date(unixMs).toLocaleDateString("sv-SE", { timeZone: query.timeZone }).slice(0, length);
}

export type Named = Record<string, Record<string, number>>;

const add = (sums: Record<string, number>, name: string, value: number) => {
  sums[name] = (sums[name] ?? 0) + value;
};

/** `point|group` → sums. */
export function expected(events: readonly UsageEvent[], query: UsageQuery): Named {
  const rows: Named = {};
  for (const event of events) {
    if (event.startedAt < query.from || event.startedAt >= query.to) continue;
    const filters = Object.entries(query.filter) as [Dimension, readonly string[]][];
    if (!filters.every(([name, values]) => values.includes(dimensionOf(event, name)))) continue;
    const group = query.groupBy.map((name) => dimensionOf(event, name)).join("|");
    const key = `${pointName(query, event.startedAt)}|${group}`;
    rows[key] ??= {};
    const sums = rows[key];
    add(sums, "requests", Number(event.kind === "exchange"));
    add(sums, "abandonedAttempts", Number(event.kind === "attempt"));
    add(sums, "corrections", Number(event.kind === "correction"));
    add(sums, "errors", Number(event.kind === "exchange" && (event.status >= 400 || event.error !== undefined)));
    add(sums, "inputTokens", event.tokens.input);
    add(sums, "outputTokens", event.tokens.output);
    add(sums, "totalTokens", event.tokens.input + event.tokens.output);
    add(sums, "cachedInputTokens", event.tokens.cachedInput);
    add(sums, "cacheWriteTokens", event.tokens.cacheWrite);
    add(sums, "reasoningTokens", event.tokens.reasoning);
    add(sums, "audioInputTokens", event.tokens.audioInput);
    add(sums, "audioOutputTokens", event.tokens.audioOutput);
    add(sums, "images", event.tokens.images);
    add(sums, "costMicros", event.costNanos);
  }
  for (const sums of Object.values(rows)) sums.costMicros = Math.round((sums.costMicros ?? 0) / 1000);
  return rows;
}

/** The rows of a store in the oracle's form. */
export function named(rows: readonly UsageRow[], query: UsageQuery): Named {
  return Object.fromEntries(
    rows.map(({ from, dimensions, values }) => {
      const group = query.groupBy.map((name) => dimensions[name]).join("|");
      return [`${pointName(query, from)}|${group}`, values as Record<string, number>];
    }),
  );
}

/** The value that `permille` thousandths do not exceed. */
export function exactQuantile(values: readonly number[], permille: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * permille) / 1000) - 1)] ?? Number.NaN;
}
