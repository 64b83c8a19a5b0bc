// Exchanges of random sizes, aborts and crashes through the released filter and the real ledger: a strict budget is never exceeded,
// and little of it is stranded. `SLUICE_QUOTA_EXCHANGES=1000000` for the whole run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEmbeddedLedger } from "../../control-plane/ledger/embedded/embedded-ledger.js";
import { budget } from "../ledger/budgets.js";
import { simulate } from "./simulation.js";

const EXCHANGES = Number(process.env.SLUICE_QUOTA_EXCHANGES ?? 30_000);
/** So that it is spent when two thirds are over: what is refused must leave nothing behind. */
const TOKENS_PER_EXCHANGE = 16;
const SEED = Number(process.env.SLUICE_QUOTA_SEED ?? 20261123);
const START = Date.UTC(2026, 10, 23, 12, 0, 0);

interface Run {
  readonly exchanges: number;
  readonly crashes: number;
}

async function run({ exchanges, crashes }: Run) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-"));
  let now = START;
  const ledger = openEmbeddedLedger({ file: join(directory, "ledger.db"), now: () => now });
  const limit = exchanges * TOKENS_PER_EXCHANGE;
  const strict = budget({ id: "strict", measure: "output_tokens", reserve: "strict", limit });
  const others = [
    budget({ id: "month", measure: "total_tokens", window: "month", limit: 100 * limit }),
    budget({ id: "level", measure: "concurrent_requests", window: undefined, limit: 1_000 }),
  ];
  const pass = (ms: number) => {
    now += ms;
  };
  const result = await simulate({ ledger, budget: strict, others, exchanges, envoys: 8, crashes, seed: SEED, pass });
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
  const { admitted, asks, used, stranded } = result;
  console.info(
    `${exchanges} exchanges, seed ${SEED}: ${admitted} admitted, ${result.crashes} crashes, ${asks} callouts; ` +
      `used ${used} of ${limit}, stranded ${stranded} (${((100 * stranded) / limit).toFixed(2)} %)`,
  );
  expect(used).toBeLessThanOrEqual(limit);
  return { ...result, limit };
}

test(`${EXCHANGES} exchanges never exceed a strict budget, and strand at most a hundredth of it`, {
  timeout: 120_000 + EXCHANGES,
}, async () => {
  const { crashes, used, stranded, limit } = await run({ exchanges: EXCHANGES, crashes: 8 });
  expect(crashes).toBeGreaterThan(4);
  expect(stranded).toBeGreaterThanOrEqual(0);
  expect(stranded).toBeLessThanOrEqual(limit / 100);
  expect(used).toBe(limit - stranded);
});

test("without a crash every token of the budget is used, and not one more", { timeout: 120_000 }, async () => {
  const { used, stranded, limit } = await run({ exchanges: 5_000, crashes: 0 });
  expect([used, stranded]).toEqual([limit, 0]);
});
