// The file behind the embedded ledger: SQLite by `libsql`, write-ahead log, every commit synced before it is acknowledged.
import { closeSync, fchmodSync, openSync } from "node:fs";
import Database from "libsql";
import { StartError } from "../../errors.js";

const SCHEMA_VERSION = 1;
/** The control plane has the file to itself; only somebody who looks into it may be in the way. */
const BUSY_TIMEOUT_MS = 200;

// `forget_at` is NULL for windows that never end. Sums are kept beside the accounts, so that an ask costs the same however
// many holders there are.
const SCHEMA = `
  CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    epoch TEXT NOT NULL,
    since INTEGER NOT NULL,
    closed_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lease (
    counter TEXT NOT NULL,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (counter, holder)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE window (
    counter TEXT NOT NULL,
    start INTEGER NOT NULL,
    allocated INTEGER NOT NULL,
    forget_at INTEGER,
    PRIMARY KEY (counter, start)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX window_forget_at ON window (forget_at) WHERE forget_at IS NOT NULL;
  CREATE TABLE account (
    counter TEXT NOT NULL,
    start INTEGER NOT NULL,
    holder TEXT NOT NULL,
    allocated INTEGER NOT NULL,
    used INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (counter, start, holder),
    FOREIGN KEY (counter, start) REFERENCES window (counter, start) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
`;

function migrate(database: Database.Database): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new StartError(
      `The ledger in SLUICE_DATA_DIR has schema version ${version}, this release knows ${SCHEMA_VERSION}. ` +
        "Start the release that wrote it, or name another SLUICE_DATA_DIR.",
    );
  }
  database.exec(SCHEMA);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Creates the file, readable to its owner only, if there is none. Throws StartError if its schema is unknown. */
export function openLedgerDatabase(file: string): Database.Database {
  const descriptor = openSync(file, "a", 0o600);
  fchmodSync(descriptor, 0o600);
  closeSync(descriptor);
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"]) {
      database.exec(`PRAGMA ${pragma}`);
    }
    database.transaction(() => migrate(database)).immediate();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
