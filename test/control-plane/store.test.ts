// The embedded store against the conformance suite, and what only a file can do wrong.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { expect, it } from "vitest";
import { openEmbeddedStore } from "../../control-plane/store/embedded/embedded-store.js";
import { storeConformance } from "./store-conformance.js";

let directory = "";
const file = () => join(directory, "sluice.db");

storeConformance("embedded store", {
  open: async () => {
    directory = mkdtempSync(join(tmpdir(), "sluice-"));
    return openEmbeddedStore(file());
  },
  reopen: async () => openEmbeddedStore(file()),
  remove: async () => rmSync(directory, { recursive: true }),
});

it("is readable to its owner only, and to one process at a time", async () => {
  const own = mkdtempSync(join(tmpdir(), "sluice-"));
  const path = join(own, "sluice.db");
  const store = openEmbeddedStore(path);
  await store.putPrincipal({ kind: "consumer", id: "a", parent: undefined, json: "{}" });
  for (const suffix of ["", "-wal", "-shm"]) expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600);
  expect(() => openEmbeddedStore(path)).toThrow(/SLUICE_DATA_DIR/);
  await store.close();
  await openEmbeddedStore(path).close();
  rmSync(own, { recursive: true });
});

it("of a later release is refused", async () => {
  const own = mkdtempSync(join(tmpdir(), "sluice-"));
  const path = join(own, "sluice.db");
  const database = new Database(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  expect(() => openEmbeddedStore(path)).toThrow(/schema version 99.*Start the release that wrote it/);
  rmSync(own, { recursive: true });
});

/** As the first release made it, with what a migration must not lose. */
const FIRST_RELEASE = `
  CREATE TABLE revision (number INTEGER PRIMARY KEY, created_at TEXT NOT NULL, cause TEXT NOT NULL) STRICT;
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
    provider_id TEXT PRIMARY KEY, key_id TEXT NOT NULL, box TEXT NOT NULL, updated_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE consumer (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
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
  CREATE TABLE key_change (sequence INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT;
  CREATE TABLE key_change_range (floor INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
  INSERT INTO revision VALUES (1, '2026-01-01T00:00:00.000Z', 'new store');
  INSERT INTO consumer VALUES ('search', '{"id":"search","models":["*"],"disabled":false}');
  INSERT INTO api_key VALUES
    ('${"a".repeat(64)}', 'search', 'aaaaaaaaaaaaaaaa', NULL, 'sk-slc-abcd', '2026-01-01T00:00:00.000Z', NULL),
    ('${"b".repeat(64)}', 'search', 'bbbbbbbbbbbbbbbb', 'ci', 'sk-slc-wxyz', '2026-01-02T00:00:00.000Z',
     '2030-01-01T00:00:00Z');
  INSERT INTO key_change VALUES (8, '${"b".repeat(64)}');
  INSERT INTO key_change_range VALUES (7, 8);
  PRAGMA user_version = 1;
`;

it("of the first release is migrated with its consumers, keys and key changes", async () => {
  const own = mkdtempSync(join(tmpdir(), "sluice-"));
  const path = join(own, "sluice.db");
  const database = new Database(path);
  database.exec(FIRST_RELEASE);
  database.close();

  const store = openEmbeddedStore(path);
  const search = {
    kind: "consumer",
    id: "search",
    parent: undefined,
    json: '{"id":"search","models":["*"],"disabled":false}',
  } as const;
  expect(await store.principals({ kind: "consumer", limit: 9 })).toEqual([search]);
  expect(await store.findApiKey("b".repeat(64))).toEqual({
    key: {
      digest: "b".repeat(64),
      consumerId: "search",
      id: "b".repeat(16),
      name: "ci",
      prefix: "sk-slc-wxyz",
      createdAt: "2026-01-02T00:00:00.000Z",
      expiresAt: "2030-01-01T00:00:00Z",
      lastUsedAt: undefined,
      replacedBy: undefined,
      accessJson: "{}",
    },
    principals: [search],
  });
  expect((await store.apiKeys("search")).map(({ name }) => name)).toEqual([undefined, "ci"]);
  expect(await store.keyChangesSince(7n, 9)).toEqual({ all: false, digests: ["b".repeat(64)], sequence: 8n });
  expect((await store.liveRevision())!.number).toBe(1n);
  expect(await store.deletePrincipal(search)).toBe(true);
  expect(await store.findApiKey("a".repeat(64))).toBeUndefined();
  await store.close();
  await openEmbeddedStore(path).close();
  rmSync(own, { recursive: true });
});
