// Roll-ups: sums kept beside the events, so that a dashboard reads thousands of rows and not millions of events. This is
// the one table of which there are, and the one place that says which of them an event belongs to.
//
// How their number is bounded. A roll-up has a row for each combination of values that occurred in a bucket of time:
// never more rows than events, and never more than the configuration has combinations (see dimensions.ts: no value comes
// from a client). What has many combinations (callers) is not kept by the minute, and no longer than the events by the
// hour; what is kept by the minute or for long has few. A query that no roll-up covers reads the events themselves.
import { DIMENSIONS, type Dimension, type DimensionValues, dimensionsOf } from "./dimensions.js";
import type { UsageEvent } from "./event.js";
import { addCells, type Counts, cellsOf } from "./histogram.js";
import { addCounters, COUNTERS, countersOf } from "./measures.js";

export const MINUTE_MS = 60_000;

/** Length of the buckets, all cut in UTC. Zones are served by putting buckets together: see time-axis.ts. */
export const BUCKET_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1440 * MINUTE_MS } as const;
export type Bucket = keyof typeof BUCKET_MS;

/** How long something is kept: by classes, so that an operator has four numbers to choose and not nine. */
export const RETENTION_CLASSES = ["events", "minutes", "hours", "days"] as const;
export type RetentionClass = (typeof RETENTION_CLASSES)[number];

/** Before which moment, in Unix ms, each class is gone. */
export type Floors = Readonly<Record<RetentionClass, number>>;
export const NO_FLOORS: Floors = { events: 0, minutes: 0, hours: 0, days: 0 };

/** Whole days, so that no bucket is half pruned. */
export function roundedFloors(floors: Floors): Floors {
  const day = BUCKET_MS.day;
  return Object.fromEntries(
    RETENTION_CLASSES.map((name) => [name, Math.floor(floors[name] / day) * day]),
  ) as unknown as Floors;
}

export interface RollUp {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  /** In the order of their length. */
  readonly levels: readonly RollUpLevel[];
}

export interface RollUpLevel {
  /** Its number in the stores: never changed and never used again. */
  readonly number: number;
  readonly bucket: Bucket;
  readonly retention: RetentionClass;
}

const HOURS_AND_DAYS = (hours: number, days: number): readonly RollUpLevel[] => [
  { number: hours, bucket: "hour", retention: "hours" },
  { number: days, bucket: "day", retention: "days" },
];

/**
 * From few combinations to many: the first that has all dimensions of a query answers it. Money of different currencies
 * is never added, so the currency is part of all of them.
 */
export const ROLL_UPS: readonly RollUp[] = [
  {
    name: "models",
    dimensions: ["tenant", "model", "target", "provider", "currency"],
    levels: [{ number: 1, bucket: "minute", retention: "minutes" }, ...HOURS_AND_DAYS(2, 3)],
  },
  {
    name: "organisation",
    dimensions: ["tenant", "department", "application", "currency"],
    levels: HOURS_AND_DAYS(4, 5),
  },
  { name: "spending", dimensions: ["tenant", "department", "model", "currency"], levels: HOURS_AND_DAYS(6, 7) },
  {
    name: "consumers",
    dimensions: ["tenant", "department", "application", "consumer", "currency"],
    levels: [{ number: 8, bucket: "day", retention: "days" }],
  },
  {
    name: "outcomes",
    dimensions: DIMENSIONS.filter((name) => !["department", "application", "consumer"].includes(name)),
    levels: HOURS_AND_DAYS(9, 10),
  },
  {
    name: "callers",
    dimensions: DIMENSIONS,
    levels: [
      { number: 11, bucket: "hour", retention: "events" },
      { number: 12, bucket: "day", retention: "days" },
    ],
  },
];

/** A combination of values under which a roll-up adds up. */
export interface Series {
  readonly rollUp: RollUp;
  readonly values: Readonly<Partial<Record<Dimension, string>>>;
  /** Unique among all series of all roll-ups. */
  readonly key: string;
}

export function seriesOf(rollUp: RollUp, values: DimensionValues): Series {
  const own = rollUp.dimensions.map((name) => values[name]);
  return {
    rollUp,
    values: Object.fromEntries(rollUp.dimensions.map((name) => [name, values[name]])),
    key: JSON.stringify([rollUp.name, ...own]),
  };
}

/** What is to be added to one row of one roll-up. */
export interface Increment {
  readonly series: Series;
  readonly level: RollUpLevel;
  /** Start of the bucket in minutes since 1970. */
  readonly minute: number;
  readonly counters: number[];
  readonly latencies: Counts;
}

export function bucketMinute(bucket: Bucket, unixMs: number): number {
  return (Math.floor(unixMs / BUCKET_MS[bucket]) * BUCKET_MS[bucket]) / MINUTE_MS;
}

/** A series and its increments by level and bucket. */
interface Open {
  readonly series: Series;
  readonly rows: Map<number, Increment>;
}

/** Above any number of minutes until 2100. */
const MINUTES_MAX = 2 ** 27;

/** Adds events up in memory, so that a batch touches each row once. */
export class Increments {
  readonly #series = new Map<string, Open>();
  /** Values of all dimensions → the series that they belong to, one of each roll-up. */
  readonly #open = new Map<string, readonly Open[]>();

  add(event: UsageEvent): void {
    const values = dimensionsOf(event);
    const counters = countersOf(event);
    const cells = cellsOf(event);
    for (const { series, rows } of this.#opened(values)) {
      for (const level of series.rollUp.levels) {
        const minute = bucketMinute(level.bucket, event.startedAt);
        const key = level.number * MINUTES_MAX + minute;
        let row = rows.get(key);
        if (row === undefined) {
          row = { series, level, minute, counters: COUNTERS.map(() => 0), latencies: new Map() };
          rows.set(key, row);
        }
        addCounters(row.counters, counters);
        addCells(row.latencies, cells);
      }
    }
  }

  /** In the order of their keys in the stores, so that writes are neighbours. */
  rows(): readonly Increment[] {
    return [...this.#series.values()]
      .flatMap(({ rows }) => [...rows.values()])
      .sort((a, b) => a.level.number - b.level.number || a.minute - b.minute);
  }

  #opened(values: DimensionValues): readonly Open[] {
    const key = DIMENSIONS.map((name) => values[name]).join("\0");
    let opened = this.#open.get(key);
    if (opened === undefined) {
      opened = ROLL_UPS.map((rollUp) => this.#one(seriesOf(rollUp, values)));
      this.#open.set(key, opened);
    }
    return opened;
  }

  #one(series: Series): Open {
    let open = this.#series.get(series.key);
    if (open === undefined) {
      open = { series, rows: new Map() };
      this.#series.set(series.key, open);
    }
    return open;
  }
}
