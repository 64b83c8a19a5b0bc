// The randomised simulation on the decision alone (many exchanges), on the embedded ledger, and on a real Redis cluster.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedLedger } from "../../control-plane/ledger/embedded/embedded-ledger.js";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import { openRedisLedger } from "../../control-plane/ledger/redis/redis-ledger.js";
import { budget } from "./budgets.js";
import { memoryLedger } from "./memory-records.js";
import { startCluster } from "./redis-server.js";
import { type SimulationOptions, type SimulationResult, simulate } from "./simulation.js";

const LEASE_MS = 30_000;
/** About what the admitted requests use, so that it is spent towards the end. */
const TOKENS_PER_EXCHANGE = 21;

interface Run {
  readonly exchanges: number;
  readonly crashes: number;
  readonly overdrafts: boolean;
  readonly seed: number;
  readonly tokensPerExchange?: number;
}

function budgetsFor({ exchanges, tokensPerExchange = TOKENS_PER_EXCHANGE }: Run) {
  const limit = exchanges * tokensPerExchange;
  return [
    budget({ id: "tenant", limit, scope: { tenant: "acme" }, reserve: "strict" }),
    budget({ id: "all", limit: Math.floor(1.5 * limit) }),
  ];
}

async function check(run: Run, more: Pick<SimulationOptions, "ledgers" | "endLeases">): Promise<SimulationResult> {
  const budgets = budgetsFor(run);
  const result = await simulate({ budgets, holders: 8, ...run, ...more });
  const limit = budgets[0]?.limit ?? 0;
  // Spent: nobody gets a single token more, and at most a hundredth of it was not used.
  expect(result.used).toBeGreaterThanOrEqual(0.99 * limit);
  expect(result.used).toBeLessThanOrEqual(limit + result.debts);
  if (!run.overdrafts) {
    expect(result.debts).toBe(0);
    expect(result.stranded).toBeGreaterThanOrEqual(0);
  }
  return result;
}

/** Its clock stands still: leases end when they are told to. */
function decisionAlone(): Pick<SimulationOptions, "ledgers" | "endLeases"> {
  let now = 0;
  const endLeases = async () => {
    now += LEASE_MS + 1;
  };
  return { ledgers: [memoryLedger(() => now, LEASE_MS)], endLeases };
}

describe("the decision", () => {
  it.each([
    { exchanges: 150_000, crashes: 40, overdrafts: false, seed: 1 },
    { exchanges: 150_000, crashes: 40, overdrafts: true, seed: 2 },
    { exchanges: 20_000, crashes: 10, overdrafts: false, seed: 3 },
    { exchanges: 20_000, crashes: 10, overdrafts: true, seed: 4 },
  ])("over $exchanges exchanges, $crashes crashes, overdrafts: $overdrafts", { timeout: 240_000 }, async (run) => {
    const result = await check(run, decisionAlone());
    expect(result.stranded).toBeLessThanOrEqual(0.01 * TOKENS_PER_EXCHANGE * run.exchanges);
  });

  it.each([false, true])(
    "over 150 small budgets that are soon spent, overdrafts: %s",
    { timeout: 240_000 },
    async (overdrafts) => {
      for (let seed = 100; seed < 250; seed++) {
        await check({ exchanges: 300, crashes: 4, overdrafts, seed, tokensPerExchange: 8 }, decisionAlone());
      }
    },
  );
});

it("the embedded ledger over 20,000 exchanges", { timeout: 240_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-"));
  let ahead = 0;
  const ledger = openEmbeddedLedger({ file: join(directory, "ledger.db"), now: () => Date.now() + ahead });
  const endLeases = async () => {
    ahead += LEASE_MS + 1;
  };
  await check({ exchanges: 20_000, crashes: 10, overdrafts: false, seed: 5 }, { ledgers: [ledger], endLeases });
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

it("two ledgers on a Redis cluster over 20,000 exchanges", { timeout: 240_000 }, async () => {
  const servers = await startCluster();
  const urls = servers.map(({ url }) => url);
  const leaseMs = 2_000;
  const open = () => openRedisLedger({ urls, cluster: true, timeoutMs: 20_000, leaseMs });
  const ledgers: readonly Ledger[] = [open(), open()];
  for (const ledger of ledgers) {
    while ((await ledger.state(budget()).catch(() => undefined)) === undefined) await sleep(10);
  }
  await check(
    { exchanges: 20_000, crashes: 10, overdrafts: true, seed: 6 },
    { ledgers, endLeases: () => sleep(leaseMs + 50) },
  );
  for (const ledger of ledgers) await ledger.close();
  for (const server of servers) await server.stop();
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
