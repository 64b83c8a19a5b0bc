// The file behind the embedded store: SQLite by `libsql`, write-ahead log, every commit synced to disk before it is
// acknowledged. One process at a time: a second control plane on the same file is refused, not serialised.
import { closeSync, fchmodSync, openSync } from "node:fs";
import Database from "libsql";
import { StartError } from "../../errors.js";
import { MIGRATIONS, SCHEMA_VERSION } from "./schema.js";

function migrate(database: Database.Database): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new StartError(
      `The store in SLUICE_DATA_DIR has schema version ${version}, this release knows ${SCHEMA_VERSION}. ` +
        "Start the release that wrote it, or name another SLUICE_DATA_DIR.",
    );
  }
  database.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) step(database);
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
