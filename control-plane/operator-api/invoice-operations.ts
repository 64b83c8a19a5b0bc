// Invoices: what a month cost, per department.
import { INVOICE_MEASURES, type InvoiceItem, invoice, spanOfMonth } from "../usage/invoice.js";
import type { UsageStore } from "../usage/usage-store.js";
import { CSV_TYPE, toCsv, wantsCsv } from "./csv.js";
import { type Operation, withQuery } from "./operation.js";
import { readInvoiceQuery, withUsageErrors } from "./usage-query.js";
import { invoiceAnswerSchema, invoiceQuerySchema, monthSchema } from "./usage-schemas.js";

/** A line for each model: departments are its sums, which a spreadsheet makes itself. */
function csvOf(month: string, items: readonly InvoiceItem[]): string {
  return toCsv(
    ["month", "tenant", "department", "currency", "model", ...INVOICE_MEASURES],
    items.flatMap(({ tenant, department, currency, models }) =>
      models.map((line) => [
        month,
        tenant,
        department,
        currency,
        line.model,
        ...INVOICE_MEASURES.map((name) => line[name]),
      ]),
    ),
  );
}

export function invoiceOperations(store: UsageStore): readonly Operation[] {
  const get = withQuery({
    id: "getInvoice",
    method: "get",
    path: "/api/v1/invoices/{month}",
    tag: "usage",
    summary: "Get what a month cost, per tenant, department and currency, with its models",
    params: { month: monthSchema },
    query: invoiceQuerySchema,
    answers: { 200: { description: "The sums as they are now.", schema: invoiceAnswerSchema, csv: true } },
    errors: ["invalid_usage_query", "usage_store_unavailable"],
    handle: async ({ params, query, accept }) => {
      const { month, timeZone, filter } = readInvoiceQuery(query, params.month ?? "");
      const items = await withUsageErrors(() => invoice(store, { month, timeZone, filter }));
      if (wantsCsv(query.format, accept)) {
        return { status: 200, text: csvOf(month, items), headers: { "content-type": CSV_TYPE } };
      }
      const { from, to } = spanOfMonth(month, timeZone);
      const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
      return { status: 200, body: { month, timeZone, ...span, complete: to <= Date.now(), items } };
    },
  });
  return [get];
}
