// The embedded usage store in its thread, as the control plane runs it: the same suite, from the build, and what may
// happen to a thread.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startEmbeddedUsageStore } from "../../control-plane/dist/usage/embedded/worker-client.js";
import { usageStoreConformance } from "./conformance.js";
import { randomEvents } from "./random-events.js";

let directory = "";
const file = () => join(directory, "usage.db");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

usageStoreConformance("embedded usage store in its thread", {
  open: () => startEmbeddedUsageStore(file()),
  reopen: () => startEmbeddedUsageStore(file()),
  remove: async () => {},
});

it("leaves the control plane's thread free while it works", async () => {
  const store = await startEmbeddedUsageStore(file());
  const work = store.append(randomEvents(5_000, { from: 0, to: 1e9 }, 1)).then(() => "appended");
  const turns: string[] = [];
  const done = work.then(() => turns.push("appended"));
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push("turn");
  }
  await done;
  expect(turns).toEqual(["turn", "turn", "turn", "appended"]);
  await store.close();
});

it("says why it cannot start, and leaves no thread", async () => {
  writeFileSync(file(), "this is no database, but it is long enough to be taken for one".repeat(100));
  await expect(startEmbeddedUsageStore(file())).rejects.toThrow(/not a database/);
});

it("says so when it is asked after its end", async () => {
  const store = await startEmbeddedUsageStore(file());
  await store.close();
  await expect(store.floors()).rejects.toMatchObject({ name: "UsageStoreUnavailable" });
  await store.close();
});
