// The MongoDB usage store against the conformance suite, on a real server, and what only a server can do wrong.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings } from "../../control-plane/settings.js";
import { openMongoUsageStore } from "../../control-plane/usage/mongodb/usage-store.js";
import { openUsageStore } from "../../control-plane/usage/open-usage-store.js";
import type { UsageStore } from "../../control-plane/usage/usage-store.js";
import { usageStoreConformance } from "./conformance.js";
import { survivesKills } from "./crash.js";
import { type MongoServer, startMongoServer } from "./mongodb-server.js";
import { event, randomEvents } from "./random-events.js";

let server: MongoServer;
let database = "";
beforeAll(async () => {
  server = await startMongoServer();
});
afterAll(() => server.stop());

/** The server takes a millisecond for what others do in a microsecond. */
const SLOW = { callTimeoutMs: 60_000 };

usageStoreConformance("MongoDB usage store", {
  open: async () => {
    database = `usage-${randomUUID()}`;
    return openMongoUsageStore(`${server.uri}${database}`, SLOW);
  },
  reopen: async () => openMongoUsageStore(`${server.uri}${database}`, SLOW),
  remove: async () => {},
  scale: 0.1,
});

const JUNE = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 6, 1) };
const unavailable = { name: "UsageStoreUnavailable" };

async function idsIn(store: UsageStore): Promise<string[]> {
  return (await store.events({ ...JUNE, filter: {}, limit: 1_000 })).items.map(({ id }) => id).sort();
}

it("is what SLUICE_MONGODB_URI chooses", async () => {
  const uri = `${server.uri}usage-${randomUUID()}`;
  const settings = readSettings({ SLUICE_MASTER_KEY: "00".repeat(32), SLUICE_MONGODB_URI: uri });
  const [chosen, other] = [await openUsageStore(settings), openMongoUsageStore(uri)];
  await chosen.append([event("a")]);
  expect(await other.event("a")).toEqual(event("a"));
  await Promise.all([chosen.close(), other.close()]);
});

describe("several control planes", () => {
  it("that bring the same events at once count them once", async () => {
    const uri = `${server.uri}usage-${randomUUID()}`;
    const stores = [openMongoUsageStore(uri), openMongoUsageStore(uri), openMongoUsageStore(uri)];
    const events = randomEvents(30, JUNE, 11);
    const outcomes = await Promise.all(stores.map((store) => store.append(events)));
    expect(outcomes.reduce((sum, { stored }) => sum + stored, 0)).toBe(30);
    for (const store of stores) {
      expect(await idsIn(store)).toEqual(events.map(({ id }) => id).sort());
      const [row] = await store.query({
        ...JUNE,
        step: "total",
        timeZone: "UTC",
        groupBy: [],
        filter: {},
        measures: ["requests", "abandonedAttempts"],
      });
      expect((row?.values.requests ?? 0) + (row?.values.abandonedAttempts ?? 0)).toBe(30);
      await store.close();
    }
  });

  it("lose nothing that was acknowledged when one is killed", async () => {
    const location = `${server.uri}usage-${randomUUID()}`;
    const module = "../../control-plane/usage/mongodb/usage-store.ts";
    await survivesKills({ module, open: "openMongoUsageStore", location }, async () => openMongoUsageStore(location));
  }, 120_000);
});

describe("a server", () => {
  it("that is gone is said to be, and serves again when it is back", async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const { port: free } = probe.address() as AddressInfo;
        probe.close(() => resolve(free));
      });
    });
    const store = openMongoUsageStore(`mongodb://127.0.0.1:${port}/usage`, { callTimeoutMs: 1_000 });
    await expect(store.append([event("a")])).rejects.toMatchObject(unavailable);
    const late = await startMongoServer(":memory:", { port });
    try {
      // What runs is what was started last; the driver looks for it with the next call.
      expect(await store.append([event("a")])).toMatchObject({ stored: 1 });
    } finally {
      await store.close();
      await late.stop();
    }
  });

  it("that hangs is given up, and what was sent counts once when it is sent again", async () => {
    const slow = await startMongoServer();
    const store = openMongoUsageStore(`${slow.uri}usage`, { callTimeoutMs: 1_500 });
    try {
      await store.append([event("a")]);
      await slow.pause();
      const calls = [store.append([event("b")]), store.floors(), store.event("a")];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: "rejected", reason: unavailable });
      }
      slow.resume();
      await store.append([event("a"), event("b")]);
      expect(await idsIn(store)).toEqual(["a", "b"]);
    } finally {
      await store.close();
      await slow.stop();
    }
  });

  it("that is killed comes back with what it acknowledged", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-"));
    const storage = ["--sync-on-commit"];
    const first = await startMongoServer(folder, { options: storage });
    const store = openMongoUsageStore(`${first.uri}usage`, { callTimeoutMs: 5_000 });
    await store.append([event("a"), event("b")]);
    await first.stop();
    await expect(store.append([event("c")])).rejects.toMatchObject(unavailable);
    const second = await startMongoServer(folder, { port: first.port, options: storage });
    try {
      expect(await store.append([event("b"), event("c")])).toMatchObject({ stored: 1, repeated: 1 });
      expect(await idsIn(store)).toEqual(["a", "b", "c"]);
    } finally {
      await store.close();
      await second.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it("that does not take the password is unavailable, and nobody reads the password", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-"));
    const guarded = await startMongoServer(folder, { options: ["--auth"] });
    const store = openMongoUsageStore(`mongodb://sluice:very-secret@127.0.0.1:${guarded.port}/usage`);
    try {
      const error: Error = await store.floors().then(
        () => new Error("let in"),
        (reason) => reason,
      );
      expect(error).toMatchObject(unavailable);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("very-secret");
    } finally {
      await store.close();
      await guarded.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it("whose URI is none is not started with", () => {
    for (const uri of [
      "mongodb://sluice:very-secret@",
      "mongodb://a:very-secret@h:x/",
      "mongodb://h/?w=very-secret&tls=1",
    ]) {
      expect(() => openMongoUsageStore(uri)).toThrow(/SLUICE_MONGODB_URI is not understood/);
      expect(() => openMongoUsageStore(uri)).not.toThrow(/very-secret/);
    }
  });
});
