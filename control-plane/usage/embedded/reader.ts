// Reads sums and events. SQLite adds up by group and point; rows leave it only when nothing more can be added.
import type Database from "libsql";
import type { Dimension } from "../dimensions.js";
import type { UsageEvent } from "../event.js";
import { pageOf, startOf } from "../event-page.js";
import { type Filter, type Plan, planOf, Result, type Source, type UsageQuery, type UsageRow } from "../query.js";
import { type Floors, MINUTE_MS } from "../roll-up.js";
import type { Piece } from "../time-axis.js";
import type { EventPage, EventPageRequest } from "../usage-store.js";
import { columnOf } from "./database.js";
import { EVENT_COLUMNS, type EventRow, eventOf } from "./event-row.js";

/** ` AND series.x IN (…)` for each dimension; its parameters are JSON lists in the same order. */
function filterSql(filter: Filter): { sql: string; parameters: string[] } {
  const entries = Object.entries(filter) as [Dimension, readonly string[]][];
  return {
    sql: entries.map(([name]) => ` AND series.${columnOf(name)} IN (SELECT value FROM json_each(?))`).join(""),
    parameters: entries.map(([, values]) => JSON.stringify(values)),
  };
}

type Table = "event" | "roll_up" | "roll_up_latencies";

function tablesOf({ hasLatencies }: Plan, source: Source): readonly Table[] {
  if (source === "events") return ["event"];
  return hasLatencies ? ["roll_up", "roll_up_latencies"] : ["roll_up"];
}

/** CROSS JOIN has SQLite walk from left to right: the pieces, their rows by key, the series of each. */
function sumsSql(plan: Plan, table: Table, source: Source, filter: string): string {
  const group = plan.groupBy.map((name) => `, series.${columnOf(name)}`).join("");
  const sums = plan.counters
    .map((name) => (table === "roll_up_latencies" ? ", 0" : `, sum(${columnOf(name)})`))
    .join("");
  const latencies = plan.hasLatencies && table !== "roll_up" ? "group_concat(latencies, '')" : "''";
  const span = (column: string) => `${column} >= piece.first AND ${column} < piece.beyond`;
  const rows =
    source === "events"
      ? `event ON ${span("event.started_at")}`
      : `${table} ON ${table}.level = ${source.number} AND ${span(`${table}.minute`)}`;
  return `
    WITH piece (point, first, beyond) AS MATERIALIZED
      (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))
    SELECT piece.point, ${latencies}${sums}${group}
    FROM piece CROSS JOIN ${rows} CROSS JOIN series ON series.id = ${table}.series${filter}
    GROUP BY piece.point${group}`;
}

export class UsageReader {
  constructor(private readonly database: Database.Database) {}

  query(query: UsageQuery, floors: Floors): readonly UsageRow[] {
    const plan = planOf(query, floors);
    const result = new Result(query, plan);
    for (const [source, pieces] of plan.sources) this.#sum(plan, source, pieces, result);
    return result.rows();
  }

  event(id: string, floors: Floors): UsageEvent | undefined {
    const row = this.database
      .prepare(`SELECT ${EVENT_COLUMNS} FROM event JOIN profile ON profile.id = profile WHERE event.id = ?`)
      .get(id) as EventRow | undefined;
    return row === undefined || row.started_at < floors.events ? undefined : eventOf(row);
  }

  events({ from, to, filter, after, limit }: EventPageRequest, floors: Floors): EventPage {
    const start = startOf(after, from);
    const { sql, parameters } = filterSql(filter);
    const rows = this.database
      .prepare(
        `SELECT ${EVENT_COLUMNS}
         FROM event CROSS JOIN series ON series.id = event.series CROSS JOIN profile ON profile.id = event.profile
         WHERE started_at >= max(?, ?, ?) AND started_at < ? AND (started_at > ? OR event.id > ?)${sql}
         ORDER BY started_at, event.id LIMIT ?`,
      )
      .all(from, floors.events, start.startedAt, to, start.startedAt, start.id, ...parameters, limit + 1) as EventRow[];
    return pageOf(rows.map(eventOf), limit);
  }

  #sum(plan: Plan, source: Source, pieces: readonly Piece<Source>[], result: Result): void {
    const unit = source === "events" ? 1 : MINUTE_MS;
    const spans = pieces.map(({ point, from, to }) => [point, from / unit, to / unit]);
    const { sql, parameters } = filterSql(plan.filter);
    for (const table of tablesOf(plan, source)) {
      const rows = this.database
        .prepare(sumsSql(plan, table, source, sql))
        .raw()
        .all(JSON.stringify(spans), ...parameters) as [number, string, ...(number | string)[]][];
      for (const [point, latencies, ...values] of rows) {
        const counters = values.slice(0, plan.counters.length) as number[];
        const group = values.slice(plan.counters.length) as string[];
        result.add(point, group, counters, latencies);
      }
    }
  }
}
