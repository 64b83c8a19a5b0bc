// Usage: sums by any dimensions, the events behind them, and corrections. Nothing here changes or deletes an event.
import { isDeepStrictEqual } from "node:util";
import { OperatorError } from "../errors.js";
import { documentProblems } from "../resources/problems.js";
import { correctionOf } from "../usage/correction.js";
import { type UsageEvent, usageEventSchema } from "../usage/event.js";
import type { UsageIngest } from "../usage/ingest.js";
import type { UsageQuery, UsageRow } from "../usage/query.js";
import type { UsageStore } from "../usage/usage-store.js";
import { CSV_TYPE, toCsv, wantsCsv } from "./csv.js";
import { requireBody } from "./input.js";
import { type Operation, withQuery } from "./operation.js";
import { BODY_BYTES_MAX, emptyQuery } from "./schemas.js";
import { readEventSpan, readUsageQuery, withUsageErrors } from "./usage-query.js";
import {
  correctionInputSchema,
  ingestAnswerSchema,
  usageAnswerSchema,
  usageEventsAnswerSchema,
  usageEventsInputSchema,
  usageEventsQuerySchema,
  usageQuerySchema,
} from "./usage-schemas.js";

const TAG = "usage";
const PATH = "/api/v1/usage";

const timestamp = (unixMs: number) => new Date(unixMs).toISOString();

/** What the rows are grouped by: as asked, and by currency where money is among the measures. */
function groupsOf({ groupBy, measures }: UsageQuery) {
  const splits = measures.includes("costMicros") && !groupBy.includes("currency");
  return splits ? [...groupBy, "currency" as const] : groupBy;
}

function csvOf(query: UsageQuery, rows: readonly UsageRow[]): string {
  const groupBy = groupsOf(query);
  return toCsv(
    ["from", "to", ...groupBy, ...query.measures],
    rows.map(({ from, to, dimensions, values }) => [
      timestamp(from),
      timestamp(to),
      ...groupBy.map((name) => dimensions[name]),
      ...query.measures.map((name) => values[name]),
    ]),
  );
}

function sumsOperation(store: UsageStore): Operation {
  return withQuery({
    id: "getUsage",
    method: "get",
    path: PATH,
    tag: TAG,
    summary: "Sum usage up, by any dimensions and over time",
    query: usageQuerySchema,
    answers: { 200: { description: "The sums.", schema: usageAnswerSchema, csv: true } },
    errors: ["invalid_usage_query", "usage_store_unavailable"],
    handle: async (request) => {
      const query = readUsageQuery(request.query);
      const rows = await withUsageErrors(() => store.query(query));
      if (wantsCsv(request.query.format, request.accept)) {
        return { status: 200, text: csvOf(query, rows), headers: { "content-type": CSV_TYPE } };
      }
      const { from, to, step, timeZone } = query;
      const items = rows.map((row) => ({ ...row, from: timestamp(row.from), to: timestamp(row.to) }));
      const groupBy = groupsOf(query);
      return { status: 200, body: { from: timestamp(from), to: timestamp(to), step, timeZone, groupBy, items } };
    },
  });
}

function eventsOperation(store: UsageStore): Operation {
  return withQuery({
    id: "listUsageEvents",
    method: "get",
    path: `${PATH}/events`,
    tag: TAG,
    summary: "List usage events as they came, corrections among them",
    query: usageEventsQuerySchema,
    answers: { 200: { description: "By the time at which they started.", schema: usageEventsAnswerSchema } },
    errors: ["invalid_usage_query", "usage_store_unavailable"],
    handle: async ({ query }) => {
      const { after, limit } = query;
      const request = { ...readEventSpan(query), after, limit };
      return { status: 200, body: await withUsageErrors(() => store.events(request)) };
    },
  });
}

function invalidCorrection(...problems: OperatorError["problems"]): OperatorError {
  return new OperatorError("invalid_correction", { problems });
}

function readCorrection(body: unknown) {
  const parsed = correctionInputSchema.safeParse(requireBody(body));
  if (!parsed.success) throw invalidCorrection(...documentProblems(parsed.error, undefined));
  return parsed.data;
}

/** The event of a request, checked once more as every event is: amounts have bounds. */
function checkedCorrection(event: UsageEvent, request: ReturnType<typeof readCorrection>): UsageEvent {
  const { startedAt } = request;
  const at = startedAt === undefined ? undefined : Date.parse(startedAt);
  const parsed = usageEventSchema.safeParse(correctionOf(event, { ...request, startedAt: at }));
  if (!parsed.success) throw invalidCorrection(...documentProblems(parsed.error, undefined));
  const amounts = [...Object.values(parsed.data.tokens), parsed.data.costNanos];
  if (amounts.some((amount) => amount !== 0)) return parsed.data;
  const mend = "Send the difference of at least one number of tokens, or of costNanos.";
  throw invalidCorrection({ path: "", code: "invalid_value", message: "changes nothing", mend });
}

async function correct(store: UsageStore, body: unknown): Promise<UsageEvent> {
  const request = readCorrection(body);
  const event = await store.event(request.corrects);
  if (event === undefined) throw new OperatorError("usage_event_not_found");
  const correction = checkedCorrection(event, request);
  const { tooOld, repeated } = await store.append([correction]);
  if (tooOld > 0) {
    const mend = "Book it at a later time: events of that time are no longer kept.";
    throw invalidCorrection({ path: "/startedAt", code: "invalid_value", message: "lies too far back", mend });
  }
  if (repeated === 0) return correction;
  if (!isDeepStrictEqual(await store.event(correction.id), correction)) throw new OperatorError("usage_event_taken");
  return correction;
}

function correctionOperation(store: UsageStore): Operation {
  return withQuery({
    id: "correctUsage",
    method: "post",
    path: `${PATH}/corrections`,
    tag: TAG,
    summary: "Correct an event by a further event with the differences",
    query: emptyQuery,
    body: { schema: correctionInputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    answers: { 201: { description: "The correction, stored and counted once.", schema: usageEventSchema } },
    errors: ["invalid_correction", "usage_event_not_found", "usage_event_taken", "usage_store_unavailable"],
    handle: async ({ body }) => ({ status: 201, body: await withUsageErrors(() => correct(store, body)) }),
  });
}

function ingestOperation(ingest: UsageIngest): Operation {
  return withQuery({
    id: "addUsageEvents",
    method: "post",
    path: `${PATH}/events`,
    tag: TAG,
    summary: "Store usage events, e.g. from an access log; each id counts once",
    query: emptyQuery,
    body: { schema: usageEventsInputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    answers: { 200: { description: "What became of them; it is on disk.", schema: ingestAnswerSchema } },
    errors: ["invalid_usage_events", "usage_store_unavailable"],
    handle: async ({ body }) => {
      const parsed = usageEventsInputSchema.safeParse(requireBody(body));
      if (!parsed.success) {
        throw new OperatorError("invalid_usage_events", { problems: documentProblems(parsed.error, undefined) });
      }
      return { status: 200, body: await withUsageErrors(() => ingest.ingestEvents(parsed.data.events)) };
    },
  });
}

export function usageOperations(store: UsageStore, ingest: UsageIngest): readonly Operation[] {
  return [sumsOperation(store), eventsOperation(store), ingestOperation(ingest), correctionOperation(store)];
}
