// The embedded usage store against the conformance suite, and what only a file can do wrong.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEmbeddedUsageStore } from "../../control-plane/usage/embedded/usage-store.js";
import { usageStoreConformance } from "./conformance.js";
import { survivesKills } from "./crash.js";
import { event } from "./random-events.js";

let directory = "";
const file = () => join(directory, "usage.db");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

usageStoreConformance("embedded usage store", {
  open: async () => openEmbeddedUsageStore(file()),
  reopen: async () => openEmbeddedUsageStore(file()),
  remove: async () => {},
});

it("is readable to its owner only", async () => {
  const store = openEmbeddedUsageStore(file());
  await store.append([event("a")]);
  for (const suffix of ["", "-wal", "-shm"]) expect(statSync(file() + suffix).mode & 0o777, suffix).toBe(0o600);
  await store.close();
});

it("of a later release is refused", () => {
  const database = new Database(file());
  database.exec("PRAGMA user_version = 2");
  database.close();
  expect(() => openEmbeddedUsageStore(file())).toThrow(/schema version 2.*Start the release that wrote it/);
});

it("takes turns with another process that has it open", async () => {
  const [one, other] = [openEmbeddedUsageStore(file()), openEmbeddedUsageStore(file())];
  expect(await one.append([event("a"), event("b")])).toMatchObject({ stored: 2 });
  expect(await other.append([event("b"), event("c", { consumer: "new" })])).toMatchObject({ stored: 1, repeated: 1 });
  expect(await one.append([event("d", { consumer: "new" })])).toMatchObject({ stored: 1 });
  for (const store of [one, other]) {
    expect((await store.events({ from: 0, to: 2e12, filter: { consumer: ["new"] }, limit: 9 })).items).toHaveLength(2);
    await store.close();
  }
});

it("loses nothing that was acknowledged when its process is killed", async () => {
  const opening = {
    module: "../../control-plane/usage/embedded/usage-store.ts",
    open: "openEmbeddedUsageStore",
    location: file(),
  };
  await survivesKills(opening, async () => openEmbeddedUsageStore(file()));
});
