// Reads queries about usage. What cannot be answered is refused with 422, the member's name as path, and the way out.
import { OperatorError, type Problem } from "../errors.js";
import { DIMENSIONS, type Dimension } from "../usage/dimensions.js";
import { MEASURES, type Measure } from "../usage/measures.js";
import { type Filter, type UsageQuery, UsageQueryError } from "../usage/query.js";
import { MINUTE_MS } from "../usage/roll-up.js";
import { type Span, STEPS, type Step } from "../usage/time-axis.js";
import { isTimeZone } from "../usage/time-zone.js";
import { UsageStoreUnavailable } from "../usage/usage-store.js";
import { monthSchema } from "./usage-schemas.js";

const DAY_MS = 1440 * MINUTE_MS;
const FILTER_VALUES_MAX = 100;
const TIMESTAMP = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;
const USUAL_MEASURES: readonly Measure[] = ["requests", "errors", "inputTokens", "outputTokens", "costMicros"];

type Texts = Readonly<Record<string, unknown>>;

function problem(path: string, message: string, mend: string): Problem {
  return { path: `/${path}`, code: "invalid_value", message, mend };
}

/** Collects what is wrong, so that it is said at once. */
class Reader {
  readonly problems: Problem[] = [];

  constructor(private readonly texts: Texts) {}

  text(name: string): string | undefined {
    const value = this.texts[name];
    return typeof value === "string" ? value : undefined;
  }

  time(name: "from" | "to", otherwise: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const unixMs = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
    if (unixMs >= 0) return unixMs;
    const mend = "Send e.g. 2026-06-01T00:00:00Z, or 2026-06-01 for its beginning in UTC.";
    this.problems.push(problem(name, "must be a time in RFC 3339, from 1970 on", mend));
    return otherwise;
  }

  oneOf<Value extends string>(name: string, known: readonly Value[], otherwise: Value): Value {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const found = known.find((value) => value === text);
    if (found === undefined) this.problems.push(problem(name, "is unknown", `Use one of ${known.join(", ")}.`));
    return found ?? otherwise;
  }

  list<Value extends string>(name: string, known: readonly Value[], otherwise: readonly Value[]): readonly Value[] {
    const text = this.text(name);
    if (text === undefined || text === "") return otherwise;
    const parts = text.split(",");
    const values = parts.flatMap((part) => known.find((value) => value === part) ?? []);
    const mend = `Use each once at most, separated by commas: ${known.join(", ")}.`;
    if (values.length < parts.length) this.problems.push(problem(name, "names what is unknown", mend));
    else if (new Set(values).size < values.length) this.problems.push(problem(name, "names something twice", mend));
    return values;
  }

  zone(): string {
    const text = this.text("timeZone");
    if (text === undefined || isTimeZone(text)) return text ?? "UTC";
    this.problems.push(problem("timeZone", "is no time zone", "Send a name of the IANA tables, e.g. Europe/Berlin."));
    return "UTC";
  }

  filter(): Filter {
    const entries = DIMENSIONS.flatMap((name): [Dimension, readonly string[]][] => {
      const values = this.text(name)?.split(",");
      return values === undefined ? [] : [[name, values]];
    });
    for (const [name, values] of entries) {
      if (values.length <= FILTER_VALUES_MAX) continue;
      const mend = `Ask for at most ${FILTER_VALUES_MAX} at once, or group by it.`;
      this.problems.push(problem(name, "names too many", mend));
    }
    return Object.fromEntries(entries);
  }

  span(): Span {
    const to = this.time("to", Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS);
    return { from: this.time("from", Math.max(0, to - DAY_MS)), to };
  }

  /** Throws if anything was wrong. */
  done(): void {
    if (this.problems.length > 0) throw new OperatorError("invalid_usage_query", { problems: this.problems });
  }
}

/** Throws invalid_usage_query. */
export function readUsageQuery(texts: Texts): UsageQuery {
  const reader = new Reader(texts);
  const query: UsageQuery = {
    ...reader.span(),
    step: reader.oneOf<Step>("step", STEPS, "total"),
    timeZone: reader.zone(),
    groupBy: reader.list("groupBy", DIMENSIONS, []),
    filter: reader.filter(),
    measures: reader.list<Measure>("measures", MEASURES, USUAL_MEASURES),
  };
  reader.done();
  return query;
}

/** Throws invalid_usage_query. */
export function readEventSpan(texts: Texts): Span & { readonly filter: Filter } {
  const reader = new Reader(texts);
  const request = { ...reader.span(), filter: reader.filter() };
  if (request.from >= request.to) {
    reader.problems.push(problem("to", "must lie after 'from'", "Swap them, or name a later end."));
  }
  reader.done();
  return request;
}

export interface InvoiceQuery {
  readonly month: string;
  readonly timeZone: string;
  readonly filter: Filter;
}

/** Throws invalid_usage_query. */
export function readInvoiceQuery(texts: Texts, month: string): InvoiceQuery {
  const reader = new Reader(texts);
  const query = { month, timeZone: reader.zone(), filter: reader.filter() };
  if (!monthSchema.safeParse(month).success) {
    reader.problems.push(problem("month", "is no month", "Ask for a calendar month, e.g. /api/v1/invoices/2026-06."));
  }
  reader.done();
  return query;
}

/** Runs `work`, with the refusals of usage stores as errors of this API. */
export async function withUsageErrors<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageQueryError) {
      const problems = [problem(error.member, error.message, error.mend)];
      throw new OperatorError("invalid_usage_query", { problems });
    }
    if (error instanceof UsageStoreUnavailable) throw new OperatorError("usage_store_unavailable");
    throw error;
  }
}
