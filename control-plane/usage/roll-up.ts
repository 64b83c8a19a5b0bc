// Roll-ups: sums kept beside the events, so that a dashboard reads thousands of rows and not millions of events. This is
// the one table of which there are, and the one place that says which of them an event belongs to.
//
// How their number is bounded. A roll-up has a row for each combination of values that occurred in a bucket of time:
// never more rows than events, and never more than the configuration has combinations (see dimensions.ts: no value comes
// from a client). What is kept by the minute has few combinations, what has most (callers) is kept by the day only. A
// query that no roll-up covers reads the events themselves.
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
  /** Whether it counts latencies too, whose rows are many times as large as sums. */
  readonly hasLatencies: boolean;
  /** In the order of their length. */
  readonly levels: readonly RollUpLevel[];
}

export interface RollUpLevel {
  /** Its number in the stores: never changed and never used again. */
  readonly number: number;
  readonly bucket: Bucket;
  readonly retention: RetentionClass;
}

const RETENTION_OF = { minute: "minutes", hour: "hours", day: "days" } as const satisfies Record<
  Bucket,
  RetentionClass
>;

/** Of the buckets named, by their numbers. */
function levels(numbers: Readonly<Partial<Record<Bucket, number>>>): readonly RollUpLevel[] {
  return (["minute", "hour", "day"] as const).flatMap((bucket) => {
    const number = numbers[bucket];
    return number === undefined ? [] : [{ number, bucket, retention: RETENTION_OF[bucket] }];
  });
}

const PLACE = ["tenant", "department", "application", "consumer"] as const;
const SERVED_BY = ["model", "target", "provider"] as const;

/**
 * From few combinations to many: the first that has all dimensions of a query answers it. Money of different currencies
 * is never added, so the currency is part of all of them. Hours make up the days of most zones, so what charts show by
 * the day has few combinations by the hour; minutes make up those of zones off the full hour.
 */
export const ROLL_UPS: readonly RollUp[] = [
  {
    name: "tenants",
    dimensions: ["tenant", "currency"],
    hasLatencies: true,
    levels: levels({ minute: 1, hour: 2, day: 3 }),
  },
  {
    name: "models",
    dimensions: [...SERVED_BY, "currency"],
    hasLatencies: true,
    levels: levels({ minute: 4, hour: 5, day: 6 }),
  },
  {
    name: "departments",
    dimensions: ["tenant", "department", "currency"],
    hasLatencies: false,
    levels: levels({ hour: 7, day: 8 }),
  },
  {
    name: "applications",
    dimensions: ["tenant", "department", "application", "currency"],
    hasLatencies: true,
    levels: levels({ hour: 9, day: 10 }),
  },
  {
    name: "outcomes",
    dimensions: DIMENSIONS.filter((name) => !(PLACE as readonly Dimension[]).includes(name)),
    hasLatencies: true,
    levels: levels({ hour: 11, day: 12 }),
  },
  {
    name: "spending",
    dimensions: ["tenant", "department", ...SERVED_BY, "currency"],
    hasLatencies: false,
    levels: levels({ hour: 13, day: 14 }),
  },
  {
    name: "consumers",
    dimensions: [...PLACE, "currency"],
    hasLatencies: false,
    levels: levels({ hour: 15, day: 16 }),
  },
  {
    name: "callers",
    dimensions: [...PLACE, "model", "currency"],
    hasLatencies: false,
    levels: levels({ day: 17 }),
  },
];

/** Not added up: the combination of all dimensions, by which a store may keep those of its events. */
export const EVENT_SERIES: RollUp = { name: "events", dimensions: DIMENSIONS, hasLatencies: false, levels: [] };

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
        if (series.rollUp.hasLatencies) addCells(row.latencies, cells);
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
