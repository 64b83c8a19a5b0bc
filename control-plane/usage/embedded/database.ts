// The file behind the embedded usage store: SQLite by `libsql`, write-ahead log, every commit synced before it is
// acknowledged. It is apart from the configuration's file, as it grows by the day and is written all the time. Several
// processes may have it open (a replay beside the control plane): they take turns.
import { closeSync, fchmodSync, openSync } from "node:fs";
import Database from "libsql";
import { StartError } from "../../errors.js";
import { DIMENSIONS } from "../dimensions.js";
import { COUNTERS } from "../measures.js";
import { RETENTION_CLASSES } from "../roll-up.js";

const SCHEMA_VERSION = 1;
/** How long a write waits for that of another process. */
export const BUSY_TIMEOUT_MS = 5_000;

export function columnOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export const COUNTER_COLUMNS = COUNTERS.map(columnOf);
const columns = (names: readonly string[], type: string) => names.map((name) => `${columnOf(name)} ${type}`).join(", ");

// `profile` holds what many events have in common, so that an event costs some hundred bytes. `series` are combinations
// of dimensions, of all roll-ups; an event's own is that of all dimensions. Latencies, which are
// long, are apart from the sums, which nearly every query reads.
const SCHEMA = `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    ${columns(DIMENSIONS, "TEXT")}
  ) STRICT;
  CREATE TABLE profile (
    id INTEGER PRIMARY KEY,
    json TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    started_at INTEGER NOT NULL,
    series INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    first_token_ms INTEGER,
    attempts INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    corrects TEXT,
    reason TEXT,
    ${columns(COUNTERS, "INTEGER NOT NULL")},
    latencies TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_started_at ON event (started_at);
  CREATE TABLE roll_up (
    level INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    series INTEGER NOT NULL,
    ${columns(COUNTERS, "INTEGER NOT NULL")},
    PRIMARY KEY (level, minute, series)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE roll_up_latencies (
    level INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    series INTEGER NOT NULL,
    latencies TEXT NOT NULL,
    PRIMARY KEY (level, minute, series)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE floor (
    class TEXT PRIMARY KEY,
    unix_ms INTEGER NOT NULL
  ) STRICT;
`;

function migrate(database: Database.Database): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new StartError(
      `The usage store in SLUICE_DATA_DIR has schema version ${version}, this release knows ${SCHEMA_VERSION}. ` +
        "Start the release that wrote it, or name another SLUICE_DATA_DIR.",
    );
  }
  database.exec(SCHEMA);
  const floor = database.prepare("INSERT INTO floor (class, unix_ms) VALUES (?, 0)");
  for (const name of RETENTION_CLASSES) floor.run(name);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Creates the file, readable to its owner only, if there is none. Throws StartError if its schema is unknown. */
export function openUsageDatabase(file: string): Database.Database {
  const descriptor = openSync(file, "a", 0o600);
  fchmodSync(descriptor, 0o600);
  closeSync(descriptor);
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"]) {
      database.exec(`PRAGMA ${pragma}`);
    }
    database.transaction(() => migrate(database)).immediate();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
