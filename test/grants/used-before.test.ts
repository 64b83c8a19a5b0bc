// What was used before the ledger knew a budget, from a real usage store.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { usedBefore } from "../../control-plane/grants/used-before.js";
import { openEmbeddedUsageStore } from "../../control-plane/usage/embedded/usage-store.js";
import type { UsageStore } from "../../control-plane/usage/usage-store.js";
import { budget } from "../ledger/budgets.js";
import { event, tokens } from "../usage/random-events.js";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 1);
const NOON = START + DAY_MS / 2;

let directory: string;
let store: UsageStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
  store = openEmbeddedUsageStore(join(directory, "usage.db"));
  const used = tokens({ input: 100, output: 20, cachedInput: 40 });
  const of = { tokens: used, costNanos: 1_500, target: "own", startedAt: NOON, route: "chat", model: "chat" };
  await store.append([
    event("a", { ...of, tenant: "acme", consumer: "ada" }),
    event("b", { ...of, tenant: "acme", consumer: "ada", route: "big", model: "big" }),
    event("c", { ...of, tenant: "other", consumer: "bob" }),
    event("d", { ...of, tenant: "acme", consumer: "ada", startedAt: START - 1 }),
    event("e", {
      tenant: "acme",
      consumer: "ada",
      startedAt: NOON,
      status: 429,
      target: undefined,
      tokens: tokens({}),
      costNanos: 0,
    }),
  ]);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (changes: object, from = START) =>
  usedBefore(store)(budget({ window: "day", scope: { tenant: "acme" }, ...changes }), { from, to: NOON + 1_000 });

describe("is counted in the budget's measure", () => {
  test.each([
    [{ measure: "input_tokens" }, 200],
    [{ measure: "output_tokens" }, 40],
    [{ measure: "total_tokens" }, 240],
    [{ measure: "weighted_tokens", weights: { input: 1_000, cachedInput: 100, output: 2_000 } }, 120 + 8 + 80],
    [{ measure: "requests" }, 2],
    [{ measure: "cost" }, 3],
    [{ measure: "total_tokens", models: ["bi*"] }, 120],
    [{ measure: "total_tokens", scope: {} }, 360],
    [{ measure: "total_tokens", scope: { consumer: "bob" } }, 120],
    [{ measure: "requests", models: ["chat"] }, 1],
    [{ measure: "total_tokens", window: "minute" }, 0],
    [{ measure: "concurrent_requests", window: undefined }, 0],
  ])("%o", async (changes, used) => {
    expect(await ask(changes)).toBe(used);
  });
});

test("of a total begins with the first event, and with the first day that is kept", async () => {
  expect(await ask({ window: "total" }, 0)).toBe(360);
  const floor = START;
  await store.prune({ events: floor, minutes: floor, hours: floor, days: floor });
  expect(await ask({ window: "total" }, 0)).toBe(240);
});
