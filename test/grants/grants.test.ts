// What the control plane answers when Envoys ask for grants: against bytes that another encoder made, over real ledgers, and with a
// Redis that is gone, slow, full, or refuses its password.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { leaseRecord } from "../../control-plane/callout-api/records.js";
import { GrantOutcome, LeaseStatus, Priority, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { type GrantOutcomeName, Grants } from "../../control-plane/grants/grants.js";
import type { Ledger, LedgerErrorCode } from "../../control-plane/ledger/ledger.js";
import { openRedisLedger } from "../../control-plane/ledger/redis/redis-ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { budget } from "../ledger/budgets.js";
import { memoryLedger } from "../ledger/memory-records.js";
import { startRedis } from "../ledger/redis-server.js";
import { startSlowProxy } from "../ledger/slow-proxy.js";
import { grantRequest, leaseWith, readGrantReply } from "../quota/wire.js";

const NONCE = "00112233445566778899aabbccddeeff";
const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const LEASE_MS = 30_000;

const outcomes: GrantOutcomeName[] = [];
const errors: LedgerErrorCode[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  outcomes.length = 0;
  errors.length = 0;
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function grantsOver(ledger: Ledger, budgets: readonly Budget[], calloutTimeoutMs = 200): Grants {
  return new Grants({
    ledger,
    store: {
      standingById: async (_kind: string, id: string) => {
        const found = budgets.find((each) => each.id === id);
        return found && { kind: "budget", id, scope: undefined, json: JSON.stringify(found) };
      },
    } as never,
    calloutTimeoutMs,
    count: (outcome) => outcomes.push(outcome),
    countError: (code) => errors.push(code),
    watch: () => {},
    log: { info: () => {}, warn: () => {}, error: () => {} } as never,
  });
}

const entry = (budgetId: string, changes: Record<string, unknown> = {}) => ({
  stamp: 1,
  alone: false,
  window: undefined,
  sequence: 1,
  used: 0,
  floor: 10,
  wanted: 10,
  allocated: 0,
  budgetId,
  ...changes,
});

async function ask(grants: Grants, ...entries: ReturnType<typeof entry>[]) {
  const reply = await grants.answer(grantRequest(NONCE, entries));
  if (reply === undefined) throw new Error("refused");
  return readGrantReply(reply);
}

describe("over a ledger that works", () => {
  const ledger = () => memoryLedger(() => NOW, LEASE_MS);

  test("grants what there is, by the holder of nonce and stamp", async () => {
    const of = budget({ limit: 15 });
    const grants = grantsOver(ledger(), [of]);
    const first = await ask(grants, entry("budget"));
    expect(first).toMatchObject({ nowMs: NOW, entries: [{ outcome: GrantOutcome.GRANTED, allocated: 10, limit: 15 }] });
    expect(first.entries[0]).toMatchObject({ sequence: 1, windowStart: 0, windowEnd: undefined, remaining: 5 });
    expect(first.entries[0]?.notAfter).toBe(NOW + LEASE_MS);
    const other = await ask(grants, entry("budget", { stamp: 2 }));
    expect(other.entries[0]).toMatchObject({ outcome: GrantOutcome.SPENT, limit: 15 });
    expect(outcomes).toEqual(["granted", "spent"]);
  });

  test("of one stamp are all or nothing, and those that are alone are for themselves", async () => {
    const grants = grantsOver(ledger(), [budget({ id: "wide" }), budget({ id: "spent", limit: 0 })]);
    const together = await ask(grants, entry("wide"), entry("spent"));
    expect(together.entries.map(({ outcome }) => outcome)).toEqual([GrantOutcome.WITHHELD, GrantOutcome.SPENT]);
    const alone = await ask(grants, entry("wide", { alone: true, sequence: 2 }), entry("spent", { sequence: 2 }));
    expect(alone.entries.map(({ outcome }) => outcome)).toEqual([GrantOutcome.GRANTED, GrantOutcome.SPENT]);
    const others = await ask(grants, entry("wide", { stamp: 8 }), entry("spent", { stamp: 9 }));
    expect(others.entries.map(({ outcome }) => outcome)).toEqual([GrantOutcome.GRANTED, GrantOutcome.SPENT]);
  });

  test("say of a budget that was deleted that it is gone, and go on with the others", async () => {
    const grants = grantsOver(ledger(), [budget({ id: "stays" })]);
    const { entries } = await ask(grants, entry("goes"), entry("stays"));
    expect(entries.map(({ outcome }) => outcome)).toEqual([GrantOutcome.GONE, GrantOutcome.GRANTED]);
    const all = await ask(grants, entry("goes"));
    expect(all.entries[0]?.outcome).toBe(GrantOutcome.GONE);
  });

  test("follow a limit that changes", async () => {
    const budgets = [budget({ limit: 5 })];
    const grants = grantsOver(ledger(), budgets);
    expect((await ask(grants, entry("budget"))).entries[0]?.outcome).toBe(GrantOutcome.SPENT);
    budgets[0] = budget({ limit: 50 });
    const { entries } = await ask(grants, entry("budget", { sequence: 2 }));
    expect(entries[0]).toMatchObject({ outcome: GrantOutcome.GRANTED, limit: 50 });
  });

  test.each([
    ["empty", () => Buffer.alloc(0)],
    ["of another format", (bytes: Buffer) => Buffer.from([9, ...bytes.subarray(1)])],
    ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ["too long", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
    [
      "of no entries",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 2), Buffer.from([0, 0]), bytes.subarray(4, 24)]),
    ],
    [
      "of more entries than are there",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 2), Buffer.from([2, 0]), bytes.subarray(4)]),
    ],
    ["with an amount that JavaScript cannot hold", (bytes: Buffer) => withNumber(bytes, 24 + 24, 2n ** 60n)],
  ])("refuse a request that is %s", async (_, change) => {
    const grants = grantsOver(ledger(), [budget()]);
    expect(await grants.answer(change(grantRequest(NONCE, [entry("budget")])))).toBeUndefined();
    expect(outcomes).toEqual([]);
  });

  test("count an ask that no holder can make as lost", async () => {
    const grants = grantsOver(ledger(), [budget()]);
    const { entries } = await ask(grants, entry("budget", { used: 20 }));
    expect(entries[0]?.outcome).toBe(GrantOutcome.LOST);
    expect(errors).toEqual(["invalid_ask"]);
  });
});

function withNumber(bytes: Buffer, at: number, value: bigint): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeBigUInt64LE(value, at);
  return changed;
}

describe("over Redis", () => {
  const CALLOUT_TIMEOUT_MS = 200;

  async function over(url: string): Promise<Grants> {
    const ledger = openRedisLedger({ urls: [url], cluster: false });
    ends.push(() => ledger.close());
    return grantsOver(ledger, [budget()], CALLOUT_TIMEOUT_MS);
  }

  let sequence = 0;

  /** Asks until it is told this. */
  async function until(grants: Grants, outcome: number): Promise<void> {
    for (;;) {
      const { entries } = await ask(grants, entry("budget", { sequence: ++sequence }));
      if (entries[0]?.outcome === outcome) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Asks until the ledger's error is this one. */
  async function untilError(grants: Grants, code: LedgerErrorCode): Promise<void> {
    while (errors.at(-1) !== code) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await until(grants, GrantOutcome.LOST);
    }
  }

  async function redis(...args: Parameters<typeof startRedis>) {
    const server = await startRedis(...args);
    ends.push(() => server.stop());
    return server;
  }

  test("that is gone, all is lost, and all is well when it is back", async () => {
    const server = await redis(["--appendonly", "yes", "--appendfsync", "always"]);
    const grants = await over(server.url);
    await until(grants, GrantOutcome.GRANTED);
    await server.kill();
    await until(grants, GrantOutcome.LOST);
    expect(errors.at(-1)).toBe("unreachable");
    await server.start();
    await until(grants, GrantOutcome.GRANTED);
  });

  test("that takes five seconds, the answer comes within the callout's time-out", async () => {
    const server = await redis();
    const proxy = await startSlowProxy(server.port);
    ends.push(() => proxy.stop());
    const grants = await over(proxy.url);
    await until(grants, GrantOutcome.GRANTED);
    proxy.delay(5_000);
    const asked = ask(grants, entry("budget", { sequence: ++sequence }));
    const late = new Promise((resolve) => setTimeout(() => resolve("late"), 4_000));
    expect(await Promise.race([asked, late])).toMatchObject({ entries: [{ outcome: GrantOutcome.LOST }] });
    expect(errors.at(-1)).toBe("timeout");
  });

  test("that refuses the password, all is lost, and the error says which", async () => {
    const server = await redis([], "right");
    const grants = await over(server.url.replace("right", "wrong"));
    await until(grants, GrantOutcome.LOST);
    await untilError(grants, "unauthorised");
  });

  test("that is full, all is lost, and the error says so", async () => {
    const server = await redis(["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]);
    const grants = await over(server.url);
    await until(grants, GrantOutcome.LOST);
    await untilError(grants, "full");
  });
});

test("a lease says of budgets what another encoder says of them", () => {
  const budgets = [
    budget({
      id: "all",
      window: "month",
      limit: 7,
      reserve: "strict",
      onSpent: "cut",
      warnAtPercent: 80,
      models: ["a", "b*"],
    }),
    budget({ id: "weighted", measure: "weighted_tokens", weights: { input: 500, cachedInput: 50, output: 4_000 } }),
    budget({ id: "level", measure: "concurrent_requests", window: undefined, shadowMode: true }),
    budget({ id: "short", window: "minute", onLedgerLost: { mode: "allow", upTo: 2 ** 40 } }),
    budget({ id: "money", measure: "cost" }),
  ];
  const answer = {
    status: LeaseStatus.GRANTED,
    holder: { tenant: "acme", consumer: "team" },
    keyId: "0123456789abcdef",
    priority: Priority.STANDARD,
    operations: 2n ** 64n - 1n,
    sealKey: Buffer.alloc(SEAL_KEY_BYTES),
    models: [],
    budgets,
    keyExpiresAtMs: undefined,
  };
  const timing = { refreshMs: 3_600_000, ageMsMax: 3_600_000 };
  expect(leaseRecord(answer, timing, NOW).toString("hex")).toBe(leaseWith(budgets, NOW).toString("hex"));
});
