// Appends and prunes, each in one transaction: an event, its sums and its id are there together or not at all.
import type Database from "libsql";
import { DIMENSIONS, dimensionsOf } from "../dimensions.js";
import type { UsageEvent } from "../event.js";
import { addCells, cellsOf, compact, formatCounts } from "../histogram.js";
import { COUNTERS, countersOf } from "../measures.js";
import {
  EVENT_SERIES,
  type Floors,
  type Increment,
  Increments,
  MINUTE_MS,
  RETENTION_CLASSES,
  ROLL_UPS,
  type Series,
  seriesOf,
} from "../roll-up.js";
import type { AppendOutcome } from "../usage-store.js";
import { COUNTER_COLUMNS, columnOf } from "./database.js";
import { profileOf } from "./event-row.js";

/** Histograms grow by appending; beyond this they are written anew, each slot once. */
const LATENCIES_LENGTH_MAX = 2_000;
/** Ids that are remembered to save a look-up; then begun anew. */
const KNOWN_MAX = 200_000;
const PRUNE_ROWS = 5_000;

function marks(count: number): string {
  return Array(count).fill("?").join(", ");
}

const INSERT_EVENT = `
  INSERT INTO event (id, started_at, series, profile, duration_ms, first_token_ms, attempts, revision, corrects, reason,
    ${COUNTER_COLUMNS.join(", ")}, latencies)
  VALUES (${marks(11 + COUNTERS.length)}) ON CONFLICT (id) DO NOTHING`;

const ADD_TO_ROLL_UP = `
  INSERT INTO roll_up (level, minute, series, ${COUNTER_COLUMNS.join(", ")})
  VALUES (${marks(3 + COUNTERS.length)})
  ON CONFLICT (level, minute, series) DO UPDATE SET
    ${COUNTER_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;

const ADD_LATENCIES = `
  INSERT INTO roll_up_latencies (level, minute, series, latencies) VALUES (?, ?, ?, ?)
  ON CONFLICT (level, minute, series) DO UPDATE SET latencies = latencies || excluded.latencies
  RETURNING octet_length(latencies)`;

const INSERT_SERIES = `
  INSERT INTO series (key, ${DIMENSIONS.map(columnOf).join(", ")})
  VALUES (${marks(1 + DIMENSIONS.length)}) ON CONFLICT (key) DO NOTHING`;

/** Text → id of its row, made if there is none. Rows are never deleted, so what is remembered stays true. */
class Dictionary {
  readonly #ids = new Map<string, number>();
  readonly #find: Database.Statement;
  readonly #insert: Database.Statement;

  constructor(database: Database.Database, find: string, insert: string) {
    this.#find = database.prepare(find);
    this.#insert = database.prepare(insert);
  }

  idOf(key: string, more: readonly unknown[] = []): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    let row = this.#find.get(key) as { id: number } | undefined;
    if (row === undefined) {
      this.#insert.run(key, ...more);
      row = this.#find.get(key) as { id: number };
    }
    if (this.#ids.size >= KNOWN_MAX) this.#ids.clear();
    this.#ids.set(key, row.id);
    return row.id;
  }

  /** After a rollback: what was made in it is gone. */
  forget(): void {
    this.#ids.clear();
  }
}

function latenciesOf(event: UsageEvent): string {
  const counts = new Map<number, number>();
  addCells(counts, cellsOf(event));
  return formatCounts(counts);
}

export class UsageWriter {
  readonly #database: Database.Database;
  readonly #series: Dictionary;
  readonly #profiles: Dictionary;
  readonly #insertEvent: Database.Statement;
  readonly #addToRollUp: Database.Statement;
  readonly #addLatencies: Database.Statement;
  readonly #replaceLatencies: Database.Statement;
  readonly #latencies: Database.Statement;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#series = new Dictionary(database, "SELECT id FROM series WHERE key = ?", INSERT_SERIES);
    this.#profiles = new Dictionary(
      database,
      "SELECT id FROM profile WHERE json = ?",
      "INSERT INTO profile (json) VALUES (?)",
    );
    this.#insertEvent = database.prepare(INSERT_EVENT);
    this.#addToRollUp = database.prepare(ADD_TO_ROLL_UP);
    this.#addLatencies = database.prepare(ADD_LATENCIES).raw();
    const where = "WHERE level = ? AND minute = ? AND series = ?";
    this.#latencies = database.prepare(`SELECT latencies FROM roll_up_latencies ${where}`);
    this.#replaceLatencies = database.prepare(`UPDATE roll_up_latencies SET latencies = ? ${where}`);
  }

  append(events: readonly UsageEvent[]): AppendOutcome {
    try {
      return this.#database.transaction(() => this.#append(events)).immediate();
    } catch (error) {
      this.#series.forget();
      this.#profiles.forget();
      throw error;
    }
  }

  floors(): Floors {
    const rows = this.#database.prepare("SELECT class, unix_ms FROM floor").all() as {
      class: string;
      unix_ms: number;
    }[];
    const byClass = new Map(rows.map((row) => [row.class, row.unix_ms]));
    return Object.fromEntries(RETENTION_CLASSES.map((name) => [name, byClass.get(name) ?? 0])) as unknown as Floors;
  }

  /** From here on nothing below is stored or answered, whether or not it is deleted yet. */
  raiseFloors(floors: Floors): void {
    const raise = this.#database.prepare("UPDATE floor SET unix_ms = max(unix_ms, ?) WHERE class = ?");
    const raiseAll = () => RETENTION_CLASSES.forEach((name) => void raise.run(floors[name], name));
    this.#database.transaction(raiseAll).immediate();
  }

  /** Deletes some of what lies below the floors; true if there may be more. Short, so that appends come in between. */
  deleteSome(): boolean {
    const floors = this.floors();
    let deleted = this.#database
      .prepare(
        "DELETE FROM event WHERE number IN (SELECT number FROM event WHERE started_at < ? ORDER BY started_at LIMIT ?)",
      )
      .run(floors.events, PRUNE_ROWS).changes;
    for (const table of ["roll_up", "roll_up_latencies"]) {
      const rows = this.#database.prepare(
        `DELETE FROM ${table} WHERE (level, minute, series) IN
         (SELECT level, minute, series FROM ${table} WHERE level = ? AND minute < ? LIMIT ?)`,
      );
      for (const { number, retention } of ROLL_UPS.flatMap(({ levels }) => levels)) {
        deleted += rows.run(number, floors[retention] / MINUTE_MS, PRUNE_ROWS).changes;
      }
    }
    return deleted > 0;
  }

  #append(events: readonly UsageEvent[]): AppendOutcome {
    const floor = this.floors().events;
    const increments = new Increments();
    let stored = 0;
    let tooOld = 0;
    for (const event of events) {
      if (event.startedAt < floor) tooOld++;
      else if (this.#insert(event)) {
        stored++;
        increments.add(event);
      }
    }
    for (const increment of increments.rows()) this.#add(increment);
    return { stored, tooOld, repeated: events.length - stored - tooOld };
  }

  #insert(event: UsageEvent): boolean {
    const { changes } = this.#insertEvent.run(
      event.id,
      event.startedAt,
      this.#seriesId(seriesOf(EVENT_SERIES, dimensionsOf(event))),
      this.#profiles.idOf(profileOf(event)),
      event.durationMs,
      event.firstTokenMs ?? null,
      event.attempts,
      event.revision,
      event.corrects ?? null,
      event.reason ?? null,
      ...countersOf(event),
      latenciesOf(event),
    );
    return changes > 0;
  }

  #add({ series, level, minute, counters, latencies }: Increment): void {
    const key = [level.number, minute, this.#seriesId(series)];
    this.#addToRollUp.run(...key, ...counters);
    if (latencies.size === 0) return;
    const [length] = this.#addLatencies.get(...key, formatCounts(latencies)) as unknown as [number];
    if (length <= LATENCIES_LENGTH_MAX) return;
    const row = this.#latencies.get(...key) as { latencies: string };
    const short = compact(row.latencies);
    // A histogram with many slots is long even then: it is not written again for nothing.
    if (short.length < row.latencies.length) this.#replaceLatencies.run(short, ...key);
  }

  #seriesId({ key, values }: Series): number {
    return this.#series.idOf(
      key,
      DIMENSIONS.map((name) => values[name] ?? null),
    );
  }
}
