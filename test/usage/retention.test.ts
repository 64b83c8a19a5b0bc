// What is older than the settings say is forgotten when the control plane starts, and a store that is away is no reason to fail.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLogger } from "../../control-plane/logger.js";
import { openEmbeddedUsageStore } from "../../control-plane/usage/embedded/usage-store.js";
import { Retention } from "../../control-plane/usage/retention.js";
import { type UsageStore, UsageStoreUnavailable } from "../../control-plane/usage/usage-store.js";
import { event } from "./random-events.js";

const DAY_MS = 86_400_000;
let directory = "";
let store: UsageStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
  store = openEmbeddedUsageStore(join(directory, "usage.db"));
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

it("forgets events, minutes and hours after their days, and no day", async () => {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  await store.append([event("old", { startedAt: today - 3 * DAY_MS }), event("new", { startedAt: today })]);
  const log: string[] = [];
  const retention = new Retention(
    store,
    { events: 2, minutes: 1, hours: 5 },
    createLogger((line) => log.push(line)),
  );
  await vi.waitFor(async () => expect(await store.event("old")).toBeUndefined());
  expect(await store.event("new")).toBeDefined();
  expect(await store.floors()).toEqual({
    events: today - 2 * DAY_MS,
    minutes: today - DAY_MS,
    hours: today - 5 * DAY_MS,
    days: 0,
  });
  retention.stop();
  expect(log).toEqual([]);
});

it("says that a store is away, and goes on", async () => {
  const away: UsageStore = { ...store, prune: () => Promise.reject(new UsageStoreUnavailable("gone")) };
  const log: string[] = [];
  const retention = new Retention(
    away,
    { events: 2, minutes: 1, hours: 5 },
    createLogger((line) => log.push(line)),
  );
  await vi.waitFor(() => expect(log).toHaveLength(1));
  expect(JSON.parse(log[0]!)).toMatchObject({ level: "warn", event: "usage could not be pruned", reason: "gone" });
  retention.stop();
});
