// Queries: what may be asked, which roll-ups answer it, and rows from the sums that a store found. Stores only add up.
import type { Dimension } from "./dimensions.js";
import { newCellCounts, quantile, readText } from "./histogram.js";
import {
  addCounters,
  type Counter,
  countersFor,
  isQuantile,
  type Measure,
  QUANTILE_MEASURES,
  sumOf,
} from "./measures.js";
import { type Floors, MINUTE_MS, ROLL_UPS, type RollUpLevel } from "./roll-up.js";
import { cut, type Piece, pointsOf, type Span, type Step } from "./time-axis.js";

/** Enough for a day by the minute or two months by the hour, on a chart that nobody could read. */
export const POINTS_MAX = 1500;
/** Points × groups of one answer. */
export const ROWS_MAX = 100_000;

export type Filter = Readonly<Partial<Record<Dimension, readonly string[]>>>;

export interface UsageQuery extends Span {
  readonly step: Step;
  /** IANA name; where days and months begin. */
  readonly timeZone: string;
  readonly groupBy: readonly Dimension[];
  /** Dimension → the values of which one must be there. */
  readonly filter: Filter;
  readonly measures: readonly Measure[];
}

export interface UsageRow extends Span {
  readonly dimensions: Readonly<Partial<Record<Dimension, string>>>;
  /** A quantile of nothing is null. */
  readonly values: Readonly<Partial<Record<Measure, number | null>>>;
}

/** A query that cannot be answered, by the member of the query that is at fault. */
export class UsageQueryError extends Error {
  override readonly name = "UsageQueryError";
  constructor(
    readonly member: keyof UsageQuery,
    message: string,
    readonly mend: string,
  ) {
    super(message);
  }
}

/** Where sums come from: rows of one level of a roll-up, or the events themselves. */
export type Source = RollUpLevel | "events";

export interface Plan {
  readonly points: readonly Span[];
  readonly groupBy: readonly Dimension[];
  readonly filter: Filter;
  /** What has to be added up for the measures. */
  readonly counters: readonly Counter[];
  readonly hasLatencies: boolean;
  /** Source → its pieces, in the order of time. */
  readonly sources: ReadonlyMap<Source, readonly Piece<Source>[]>;
}

function checkedPoints(query: UsageQuery): readonly Span[] {
  const { from, to, step, timeZone } = query;
  if (from >= to) throw new UsageQueryError("to", "must lie after 'from'", "Swap them, or name a later end.");
  for (const member of ["from", "to"] as const) {
    if (query[member] % MINUTE_MS === 0) continue;
    throw new UsageQueryError(member, "must be a whole minute", "Leave out seconds: sums are kept by the minute.");
  }
  const points = pointsOf(query, step, timeZone, POINTS_MAX);
  if (points.length > POINTS_MAX) {
    const mend = "Ask for a shorter range or a longer step.";
    throw new UsageQueryError("step", `makes more than ${POINTS_MAX} points of this range`, mend);
  }
  return points;
}

function refuseForgotten(from: number, floors: Floors): void {
  if (from >= floors.events) return;
  throw new UsageQueryError(
    "from",
    `needs events from before ${new Date(floors.events).toISOString()}, which are no longer kept`,
    "Ask for whole days in UTC or a longer step, group by less, or ask for a later range.",
  );
}

/** Throws UsageQueryError. `floors`: what the store has pruned. */
export function planOf(query: UsageQuery, floors: Floors): Plan {
  const points = checkedPoints(query);
  const splitsMoney = query.measures.includes("costMicros") && !query.groupBy.includes("currency");
  const groupBy = splitsMoney ? [...query.groupBy, "currency" as const] : query.groupBy;
  const needed = [...groupBy, ...(Object.keys(query.filter) as Dimension[])];
  const hasLatencies = query.measures.some(isQuantile);
  const covering = ROLL_UPS.filter((rollUp) => rollUp.hasLatencies || !hasLatencies).filter(({ dimensions }) =>
    needed.every((name) => dimensions.includes(name)),
  );
  const sources = new Map<Source, Piece<Source>[]>();
  const pieces = points.flatMap((span, point) =>
    cut<Source>(
      span,
      point,
      (bucket, from) =>
        covering
          .flatMap(({ levels }) => levels)
          .find((level) => level.bucket === bucket && from >= floors[level.retention]),
      "events",
    ),
  );
  for (const piece of pieces) {
    if (piece.source === "events") refuseForgotten(piece.from, floors);
    const known = sources.get(piece.source);
    if (known === undefined) sources.set(piece.source, [piece]);
    else known.push(piece);
  }
  const counters = countersFor(query.measures);
  return { points, groupBy, filter: query.filter, counters, hasLatencies, sources };
}

interface Sums {
  readonly point: number;
  readonly group: readonly string[];
  /** The group as one text, by which rows are in order. */
  readonly name: string;
  readonly counters: number[];
  /** Texts of histograms, one behind the other. */
  latencies: string;
}

/** Takes the sums of all sources together and makes the answer's rows of them. */
export class Result {
  readonly #sums = new Map<string, Sums>();
  readonly #cells = newCellCounts();

  constructor(
    private readonly query: UsageQuery,
    private readonly plan: Plan,
  ) {}

  /** `group` in the order of the plan's groupBy, `counters` in that of its counters. Throws UsageQueryError. */
  add(point: number, group: readonly string[], counters: readonly number[], latencies: string): void {
    const name = group.join("\0");
    const key = `${point}\0${name}`;
    let sums = this.#sums.get(key);
    if (sums === undefined) {
      sums = { point, group, name, counters: this.plan.counters.map(() => 0), latencies: "" };
      this.#sums.set(key, sums);
      if (this.#sums.size > ROWS_MAX) {
        const mend = "Group by less, filter, or ask for a shorter range or a longer step.";
        throw new UsageQueryError("groupBy", `makes more than ${ROWS_MAX} rows`, mend);
      }
    }
    addCounters(sums.counters, counters);
    sums.latencies += latencies;
  }

  /** In the order of time, then of the groups. What never occurred has no row. */
  rows(): readonly UsageRow[] {
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return [...this.#sums.values()]
      .sort((a, b) => a.point - b.point || compare(a.name, b.name))
      .map((sums) => this.#row(sums));
  }

  #row({ point, group, counters, latencies }: Sums): UsageRow {
    if (this.plan.hasLatencies) readText(latencies, this.#cells);
    const valueOfMeasure = (measure: Measure): number | null => {
      if (!isQuantile(measure)) return sumOf(measure, this.plan.counters, counters);
      const { latency, permille } = QUANTILE_MEASURES[measure];
      return quantile(this.#cells, latency, permille) ?? null;
    };
    const { from, to } = this.plan.points[point] ?? this.query;
    return {
      from,
      to,
      dimensions: Object.fromEntries(this.plan.groupBy.map((name, index) => [name, group[index] ?? ""])),
      values: Object.fromEntries(this.query.measures.map((measure) => [measure, valueOfMeasure(measure)])),
    };
  }
}
