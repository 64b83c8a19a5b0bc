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
  await store.putConsumer({ id: "a", json: "{}" });
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
  database.exec("PRAGMA user_version = 2");
  database.close();
  expect(() => openEmbeddedStore(path)).toThrow(/schema version 2.*Start the release that wrote it/);
  rmSync(own, { recursive: true });
});
