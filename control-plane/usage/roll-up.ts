// Roll-ups: sums kept beside the events, so that a dashboard reads thousands of rows and not millions of events. This is
// the one table of which there are, and the one place that says which of them an event belongs to.
//
// How their number is bounded. A roll-up has a row for each combination of values that occurred in a bucket of time:
// never more rows than events, and never more than the configuration has combinations (see dimensions.ts: no value comes
// from a client). What has many combinations (callers) is not kept by the minute, and no longer than the events by the
// hour; what is kept by the minute or for long has few. A query that no roll-up covers reads the events themselves.
import { DIMENSIONS, type Dimension, dimensionsOf } from "./dimensions.js";
import type { UsageEvent } from "./event.js";
import { latenciesOf } from "./histogram.js";
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

/** Money of different currencies is never added, so the currency is part of all of them. From few combinations to many. */
export const ROLL_UPS: readonly RollUp[] = [
  {
    name: "models",
    dimensions: ["tenant", "model", "target", "provider", "currency"],
    levels: [
      { number: 1, bucket: "minute", retention: "minutes" },
      { number: 2, bucket: "hour", retention: "hours" },
      { number: 3, bucket: "day", retention: "days" },
    ],
  },
  {
    name: "organisation",
    dimensions: ["tenant", "department", "application", "currency"],
    levels: [
      { number: 4, bucket: "hour", retention: "hours" },
      { number: 5, bucket: "day", retention: "days" },
    ],
  },
  {
    name: "flows",
    dimensions: DIMENSIONS.filter((name) => name !== "application" && name !== "consumer"),
    levels: [
      { number: 6, bucket: "hour", retention: "hours" },
      { number: 7, bucket: "day", retention: "days" },
    ],
  },
  {
    name: "callers",
    dimensions: DIMENSIONS,
    levels: [
      { number: 8, bucket: "hour", retention: "events" },
      { number: 9, bucket: "day", retention: "days" },
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

export function seriesOf(rollUp: RollUp, values: Readonly<Record<Dimension, string>>): Series {
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
  latencies: string;
}

export function bucketMinute(bucket: Bucket, unixMs: number): number {
  return (Math.floor(unixMs / BUCKET_MS[bucket]) * BUCKET_MS[bucket]) / MINUTE_MS;
}

/** Adds events up in memory, so that a batch touches each row once. */
export class Increments {
  readonly #rows = new Map<string, Increment>();

  add(event: UsageEvent): void {
    const values = dimensionsOf(event);
    const counters = countersOf(event);
    const latencies = latenciesOf(event);
    for (const rollUp of ROLL_UPS) {
      const series = seriesOf(rollUp, values);
      for (const level of rollUp.levels) {
        const row = this.#row(series, level, bucketMinute(level.bucket, event.startedAt));
        addCounters(row.counters, counters);
        row.latencies += latencies;
      }
    }
  }

  /** In the order of their keys in the stores, so that writes are neighbours. */
  rows(): readonly Increment[] {
    return [...this.#rows.values()].sort((a, b) => a.level.number - b.level.number || a.minute - b.minute);
  }

  #row(series: Series, level: RollUpLevel, minute: number): Increment {
    const key = `${level.number} ${minute} ${series.key}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { series, level, minute, counters: COUNTERS.map(() => 0), latencies: "" };
      this.#rows.set(key, row);
    }
    return row;
  }
}
