// What a month cost, by tenant, department and currency, with its models. It is read from the sums at the time of asking:
// a late event or a correction shows in it, and nothing about it is stored.
import type { Measure } from "./measures.js";
import type { Filter, UsageRow } from "./query.js";
import type { Span } from "./time-axis.js";
import { startOfDay } from "./time-zone.js";
import type { UsageStore } from "./usage-store.js";

export const INVOICE_MEASURES = [
  "requests",
  "abandonedAttempts",
  "corrections",
  "inputTokens",
  "outputTokens",
  "cachedInputTokens",
  "costMicros",
] as const satisfies readonly Measure[];
export type InvoiceAmounts = Readonly<Record<(typeof INVOICE_MEASURES)[number], number>>;

export interface InvoiceItem extends InvoiceAmounts {
  readonly tenant: string;
  readonly department: string;
  readonly currency: string;
  readonly models: readonly (InvoiceAmounts & { readonly model: string })[];
}

/** `month`: `2026-06`, as the zone's calendar has it. */
export function spanOfMonth(month: string, timeZone: string): Span {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return {
    from: startOfDay(timeZone, { year, month: number, day: 1 }),
    to: startOfDay(timeZone, { year, month: number + 1, day: 1 }),
  };
}

function amountsOf(rows: readonly UsageRow[]): InvoiceAmounts {
  const sum = (measure: Measure) => rows.reduce((total, { values }) => total + (values[measure] ?? 0), 0);
  return Object.fromEntries(INVOICE_MEASURES.map((measure) => [measure, sum(measure)])) as unknown as InvoiceAmounts;
}

/** In the order of tenants, departments and currencies, models likewise. Rejects as `UsageStore.query` does. */
export async function invoice(
  store: UsageStore,
  { month, timeZone, filter }: { readonly month: string; readonly timeZone: string; readonly filter: Filter },
): Promise<readonly InvoiceItem[]> {
  const rows = await store.query({
    ...spanOfMonth(month, timeZone),
    step: "total",
    timeZone,
    groupBy: ["tenant", "department", "currency", "model"],
    filter,
    measures: INVOICE_MEASURES,
  });
  const groups = new Map<string, UsageRow[]>();
  for (const row of rows) {
    const { tenant, department, currency } = row.dimensions;
    const key = JSON.stringify([tenant, department, currency]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const { tenant = "", department = "", currency = "" } = group[0]?.dimensions ?? {};
    const models = group.map((row) => ({ model: row.dimensions.model ?? "", ...amountsOf([row]) }));
    return { tenant, department, currency, ...amountsOf(group), models };
  });
}
