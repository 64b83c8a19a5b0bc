// The file behind the embedded store: SQLite by `libsql`, write-ahead log, every commit synced to disk before it is
// acknowledged. One process at a time: a second control plane on the same file is refused, not serialised.
import { closeSync, fchmodSync, openSync } from "node:fs";
import Database from "libsql";
import { StartError } from "../../errors.js";

const SCHEMA_VERSION = 1;

// A document is a row with the revisions between which it was valid, so that a revision costs what it changed and any
// revision can be read back. `until` is NULL while the row is live.
const SCHEMA = `
  CREATE TABLE revision (
    number INTEGER PRIMARY KEY,
    created_at TEXT NOT NULL,
    cause TEXT NOT NULL
  ) STRICT;
  CREATE TABLE document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    since INTEGER NOT NULL REFERENCES revision (number),
    until INTEGER REFERENCES revision (number),
    PRIMARY KEY (kind, id, since)
  ) STRICT;
  CREATE UNIQUE INDEX document_live ON document (kind, id) WHERE until IS NULL;
  CREATE TABLE credential (
    provider_id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    box TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE consumer (
    id TEXT PRIMARY KEY,
    json TEXT NOT NULL
  ) STRICT;
  CREATE TABLE api_key (
    digest TEXT PRIMARY KEY,
    consumer_id TEXT NOT NULL REFERENCES consumer (id) ON DELETE CASCADE,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    prefix TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT
  ) STRICT;
  CREATE INDEX api_key_consumer ON api_key (consumer_id);
  CREATE TABLE key_change (
    sequence INTEGER PRIMARY KEY,
    digest TEXT NOT NULL
  ) STRICT;
  -- The one row: nothing is remembered at or below "floor"; "last" is the newest sequence given out.
  CREATE TABLE key_change_range (
    floor INTEGER NOT NULL,
    last INTEGER NOT NULL
  ) STRICT;
`;

function migrate(database: Database.Database): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new StartError(
      `The store in SLUICE_DATA_DIR has schema version ${version}, this release knows ${SCHEMA_VERSION}. ` +
        "Start the release that wrote it, or name another SLUICE_DATA_DIR.",
    );
  }
  database.transaction(() => {
    database.exec(SCHEMA);
    // Sequences begin at the clock: a worker that remembers a number of a store that is gone is then always below the
    // floor of its successor, and drops what it holds.
    const now = Date.now();
    database.prepare("INSERT INTO key_change_range (floor, last) VALUES (?, ?)").run(now, now);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  })();
}

function createPrivate(file: string): void {
  // Created before SQLite does it, as its log takes over the mode of the file.
  const descriptor = openSync(file, "a", 0o600);
  fchmodSync(descriptor, 0o600);
  closeSync(descriptor);
}

/**
 * A lock that ends with the process, however it ends: an exclusive transaction on an empty file beside the store. (An
 * exclusive lock on the store itself would outlive `close`, as libsql ends a connection only when all its statements
 * are collected.)
 */
function lock(file: string): Database.Database {
  createPrivate(file);
  const holder = new Database(file, { timeout: 0 });
  try {
    holder.exec("BEGIN EXCLUSIVE");
    return holder;
  } catch (error) {
    holder.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    throw new StartError(
      "Another control plane uses this SLUICE_DATA_DIR. End it, or name another directory in SLUICE_DATA_DIR.",
    );
  }
}

export interface OpenDatabase {
  readonly database: Database.Database;
  close(): void;
}

/** Throws StartError when another process has the file or its schema is unknown. */
export function openDatabase(file: string): OpenDatabase {
  const holder = lock(`${file}.lock`);
  createPrivate(file);
  const database = new Database(file);
  const close = () => {
    database.close();
    holder.exec("ROLLBACK");
    holder.close();
  };
  try {
    for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"]) {
      database.exec(`PRAGMA ${pragma}`);
    }
    migrate(database);
    return { database, close };
  } catch (error) {
    close();
    throw error;
  }
}
