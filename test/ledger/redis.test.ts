// The Redis ledger against the conformance suite, on one real server and on a real cluster of three.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import { openRedisLedger } from "../../control-plane/ledger/redis/redis-ledger.js";
import { ALICE, budget, entry } from "./budgets.js";
import { ledgerConformance } from "./conformance.js";
import { type RedisServer, startCluster, startRedis } from "./redis-server.js";

/** Other work on the machine may hold up a reply: these tests are not about that. */
const TIMEOUT_MS = 20_000;

let single: RedisServer;
let cluster: readonly RedisServer[];
const opened: Ledger[] = [];

beforeAll(async () => {
  single = await startRedis();
  cluster = await startCluster();
});
afterAll(() => Promise.all([single, ...cluster].map((server) => server.stop())));

async function untilConnected(ledger: Ledger): Promise<Ledger> {
  for (;;) {
    const isConnected = await ledger.state(budget({ id: "nobody" })).then(
      () => true,
      () => false,
    );
    if (isConnected) return ledger;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function underTest(servers: () => readonly RedisServer[], isCluster: boolean) {
  return {
    open: (options = {}) => {
      const urls = servers().map(({ url }) => url);
      const ledger = openRedisLedger({ urls, cluster: isCluster, timeoutMs: TIMEOUT_MS, ...options });
      opened.push(ledger);
      return untilConnected(ledger);
    },
    remove: async () => {
      for (const ledger of opened.splice(0)) await ledger.close();
      for (const server of servers()) await server.command("FLUSHALL");
    },
  };
}

ledgerConformance(
  "Redis",
  underTest(() => [single], false),
);
ledgerConformance(
  "Redis cluster",
  underTest(() => cluster, true),
);

it("keeps nothing for ever but totals", async () => {
  const test = underTest(() => [single], false);
  const ledger = await test.open();
  const level = budget({ id: "level", measure: "concurrent_requests", window: undefined });
  const budgets = [...["second", "month", "total"].map((window) => budget({ id: window, window })), level];
  await ledger.ask({ holder: ALICE, entries: budgets.map((of) => entry(of, 1, 1)) });
  const keys = (await single.command("KEYS", "*:[lw]:*")) as string[];
  expect(keys).toHaveLength(8);
  for (const key of keys) {
    const isKept = (await single.command("PTTL", key)) === -1;
    expect(isKept, key).toBe(key.includes(":w:total/"));
  }
  await test.remove();
});

it("uses every node of a cluster", async () => {
  const test = underTest(() => cluster, true);
  const ledger = await test.open();
  const entries = Array.from({ length: 30 }, (_, index) =>
    entry(budget({ id: `budget-${index}`, scope: { consumer: `consumer-${index}` } }), 1, 1),
  );
  expect(await ledger.ask({ holder: ALICE, entries })).toMatchObject({ granted: true });
  const sizes = await Promise.all(cluster.map((server) => server.command("DBSIZE")));
  expect(Math.min(...sizes.map(Number))).toBeGreaterThan(0);
  await test.remove();
});
