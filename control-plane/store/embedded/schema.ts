// The tables of the embedded store, as the steps that lead from each version of them to the next. A step that was
// released never changes: there are files that went through it.
import type Database from "libsql";

// A document is a row with the revisions between which it was valid, so that a revision costs what it changed and any
// revision can be read back. `until` is NULL while the row is live.
const FIRST = `
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

function createFirst(database: Database.Database): void {
  database.exec(FIRST);
  // Sequences begin at the clock: a worker that remembers a number of a store that is gone is then always below the
  // floor of its successor, and drops what it holds.
  const now = Date.now();
  database.prepare("INSERT INTO key_change_range (floor, last) VALUES (?, ?)").run(now, now);
}

// Consumers become principals, with parents; keys get what rotation and last use need. `api_key` is copied because its
// foreign key leads elsewhere, and the old one goes first: dropping `consumer` under it would delete its rows.
const PRINCIPALS = `
  CREATE TABLE principal (
    kind TEXT NOT NULL CHECK (kind IN ('tenant', 'department', 'application', 'consumer')),
    id TEXT NOT NULL,
    parent_kind TEXT,
    parent_id TEXT,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, id),
    FOREIGN KEY (parent_kind, parent_id) REFERENCES principal (kind, id)
  ) STRICT;
  CREATE INDEX principal_parent ON principal (parent_kind, parent_id, kind, id);
  INSERT INTO principal (kind, id, json) SELECT 'consumer', id, json FROM consumer;
  CREATE TABLE principal_key (
    digest TEXT PRIMARY KEY,
    consumer_kind TEXT NOT NULL DEFAULT 'consumer' CHECK (consumer_kind = 'consumer'),
    consumer_id TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    prefix TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    replaced_by TEXT,
    access_json TEXT NOT NULL,
    FOREIGN KEY (consumer_kind, consumer_id) REFERENCES principal (kind, id) ON DELETE CASCADE
  ) STRICT;
  INSERT INTO principal_key (digest, consumer_id, id, name, prefix, created_at, expires_at, access_json)
  SELECT digest, consumer_id, id, name, prefix, created_at, expires_at, '{}' FROM api_key;
  DROP TABLE api_key;
  DROP TABLE consumer;
  ALTER TABLE principal_key RENAME TO api_key;
  CREATE INDEX api_key_consumer ON api_key (consumer_id);
`;

const STANDING = `
  CREATE TABLE standing (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    scope_kind TEXT,
    scope_id TEXT,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, id),
    FOREIGN KEY (scope_kind, scope_id) REFERENCES principal (kind, id)
  ) STRICT;
  CREATE INDEX standing_scope ON standing (scope_kind, scope_id, kind, id);
`;

const IDENTITIES = `
  CREATE TABLE identity (
    digest TEXT PRIMARY KEY,
    consumer_kind TEXT NOT NULL DEFAULT 'consumer' CHECK (consumer_kind = 'consumer'),
    consumer_id TEXT NOT NULL,
    FOREIGN KEY (consumer_kind, consumer_id) REFERENCES principal (kind, id) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX identity_consumer ON identity (consumer_id);
`;

/** The step at index n leads from version n to n + 1; an empty file is version 0. */
export const MIGRATIONS: readonly ((database: Database.Database) => void)[] = [
  createFirst,
  (database) => database.exec(PRINCIPALS),
  (database) => database.exec(STANDING),
  (database) => database.exec(IDENTITIES),
];
export const SCHEMA_VERSION = MIGRATIONS.length;
