// What every ledger must do, whatever is behind it. Each test begins with a ledger that is empty.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AskEntry,
  type AskReplyEntry,
  type Ledger,
  LedgerError,
  type UsageSource,
} from "../../control-plane/ledger/ledger.js";
import { ALICE, BOB, budget, entry } from "./budgets.js";
import { Holder } from "./holder.js";
import { agreesWithOracle } from "./oracle.js";

export interface LedgerOptions {
  readonly leaseMs?: number;
  readonly usage?: UsageSource;
}

export interface LedgerUnderTest {
  /** The same data every time, until `remove`. */
  open(options?: LedgerOptions): Promise<Ledger>;
  /** Closes what was opened and empties the data. */
  remove(): Promise<void>;
}

const SHORT_LEASE_MS = 300;

async function until<Value>(probe: () => Promise<Value>, isReached: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await probe();
    if (isReached(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function ledgerConformance(name: string, underTest: LedgerUnderTest): void {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await underTest.open();
  });
  afterEach(() => underTest.remove());

  const one = async (holder: string, asked: AskEntry, on = ledger): Promise<AskReplyEntry> => {
    const { entries } = await on.ask({ holder, entries: [asked] });
    return entries[0] as AskReplyEntry;
  };

  describe(`${name}: one budget`, () => {
    it("is granted up to its limit, and not beyond", async () => {
      const of = budget({ limit: 100 });
      expect(await one(ALICE, entry(of, 1, 60))).toMatchObject({ allocated: 60, remaining: 40, limit: 100 });
      expect(await one(BOB, entry(of, 1, 40))).toMatchObject({ allocated: 40, remaining: 0 });
      const refused = await ledger.ask({ holder: ALICE, entries: [entry(of, 2, 61)] });
      expect(refused).toMatchObject({ granted: false, entries: [{ allocated: 60, remaining: 0, refused: "spent" }] });
    });

    it("gives what there is when there is not enough", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 1, 70));
      expect(await one(BOB, entry(of, 1, 50))).toMatchObject({ allocated: 30, refused: "spent" });
    });

    it("of nothing grants nothing", async () => {
      expect(await one(ALICE, entry(budget({ limit: 0 }), 1, 1))).toMatchObject({ allocated: 0, refused: "spent" });
    });

    it("changes nothing when calls come again or late", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 5, 60, { used: 20 }));
      const state = await ledger.state(of);
      for (const late of [entry(of, 5, 60, { used: 20 }), entry(of, 4, 90, { used: 30 }), entry(of, 1, 0)]) {
        const reply = await one(ALICE, late);
        expect(reply).toMatchObject({ sequence: 5, allocated: 60, remaining: 40 });
        expect(reply.refused).toBe(late.floor > 60 ? "withheld" : undefined);
      }
      expect(await ledger.state(of)).toEqual(state);
    });

    it("takes back what is not wanted any more, but never what was used", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 1, 80));
      expect(await one(ALICE, entry(of, 2, 30, { used: 30, allocated: 30 }))).toMatchObject({
        allocated: 30,
        remaining: 70,
      });
      expect(await one(ALICE, entry(of, 3, 0))).toMatchObject({ allocated: 30, remaining: 70 });
    });

    it("keeps what the holder has while it wants it", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 1, 80));
      expect(await one(ALICE, entry(of, 2, 10, { wanted: 80, allocated: 80 }))).toMatchObject({ allocated: 80 });
    });

    it("keeps debts", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 1, 60));
      expect(await one(ALICE, entry(of, 2, 130, { used: 130, allocated: 60 }))).toMatchObject({
        allocated: 130,
        remaining: 0,
      });
      expect(await one(BOB, entry(of, 1, 1))).toMatchObject({ allocated: 0, refused: "spent" });
      expect(await ledger.state(of)).toMatchObject({ allocated: 130, settled: 130, remaining: 0 });
    });

    it("gives each holder a hundredth of what remains, shared by those alive, as headroom", async () => {
      const of = budget({ limit: 100_100 });
      expect(await one(ALICE, entry(of, 1, 100, { wanted: 50_000 }))).toMatchObject({ allocated: 100 + 1_000 });
      expect(await one(BOB, entry(of, 1, 0, { wanted: 50_000 }))).toMatchObject({ allocated: 495 });
      expect(await one(BOB, entry(of, 2, 0, { wanted: 7 }))).toMatchObject({ allocated: 7 });
    });

    it("of a minute gives each holder its share of the rate", async () => {
      await until(
        async () => Date.now() % 60_000,
        (second) => second < 55_000,
      );
      const of = budget({ limit: 900, window: "minute" });
      expect(await one(ALICE, entry(of, 1, 10, { wanted: 900 }))).toMatchObject({ allocated: 900 });
      expect(await one(BOB, entry(of, 1, 10, { wanted: 900 }))).toMatchObject({ allocated: 0, refused: "spent" });
      // The first keeps what it wants; where both are known before, each has its half.
      const fresh = budget({ id: "fresh", limit: 900, window: "minute" });
      await ledger.ask({ holder: BOB, entries: [entry(fresh, 1, 0)] });
      expect((await one(ALICE, entry(fresh, 1, 10, { wanted: 900 }))).allocated).toBe(450);
    });

    it("follows its limit when that is changed", async () => {
      await one(ALICE, entry(budget({ limit: 100 }), 1, 80));
      const lowered = budget({ limit: 50 });
      expect(await one(ALICE, entry(lowered, 2, 80, { allocated: 80 }))).toMatchObject({ allocated: 80, remaining: 0 });
      expect(await one(ALICE, entry(lowered, 3, 81, { allocated: 80 }))).toMatchObject({
        allocated: 80,
        refused: "spent",
      });
      expect(await one(BOB, entry(lowered, 1, 1))).toMatchObject({ allocated: 0, refused: "spent" });
      const raised = budget({ limit: 200 });
      expect(await one(BOB, entry(raised, 2, 120))).toMatchObject({ allocated: 120, remaining: 0 });
    });

    it("in shadow mode counts and never refuses", async () => {
      const of = budget({ limit: 100, shadowMode: true });
      expect(await one(ALICE, entry(of, 1, 300, { wanted: 900 }))).toMatchObject({ allocated: 300, remaining: 0 });
      const reply = await ledger.ask({ holder: BOB, entries: [entry(of, 1, 50)] });
      expect(reply).toMatchObject({ granted: true, entries: [{ allocated: 50, remaining: 0 }] });
    });

    it("counts another measure or window anew", async () => {
      await one(ALICE, entry(budget({ limit: 100 }), 1, 100));
      expect(await one(ALICE, entry(budget({ limit: 100, measure: "cost" }), 1, 70))).toMatchObject({ allocated: 70 });
    });

    it("holds the largest amounts exactly", async () => {
      const limit = Number.MAX_SAFE_INTEGER;
      const of = budget({ limit });
      expect(await one(ALICE, entry(of, 1, limit - 1))).toMatchObject({ allocated: limit - 1, remaining: 1 });
      expect(await one(BOB, entry(of, 1, 1))).toMatchObject({ allocated: 1, remaining: 0 });
      expect(await one(BOB, entry(of, 2, 2))).toMatchObject({ allocated: 1, refused: "spent" });
    });
  });

  describe(`${name}: several budgets`, () => {
    const budgets = [
      budget({ id: "all", limit: 1_000 }),
      budget({ id: "tenant", limit: 100, scope: { tenant: "acme" } }),
      budget({ id: "consumer", limit: 50, scope: { consumer: "search" } }),
      budget({ id: "models", limit: 500, scope: { consumer: "search" } }),
    ];
    const all = (sequence: number, floor: number, changes: Partial<AskEntry> = {}) =>
      budgets.map((of) => entry(of, sequence, floor, changes));
    const allocated = () => Promise.all(budgets.map(async (of) => (await ledger.state(of)).allocated));

    it("are granted together", async () => {
      const reply = await ledger.ask({ holder: ALICE, entries: all(1, 40) });
      expect(reply.granted).toBe(true);
      expect(reply.entries.map(({ budgetId, remaining }) => [budgetId, remaining])).toEqual([
        ["all", 960],
        ["tenant", 60],
        ["consumer", 10],
        ["models", 460],
      ]);
    });

    it.each([0, 1, 2, 3])("grow together or not at all when number %i is spent", async (spent) => {
      await ledger.ask({ holder: ALICE, entries: all(1, 10) });
      const limits = budgets.map((of, index) => ({ ...of, limit: index === spent ? 15 : 1_000 }));
      const entries = limits.map((of) => entry(of, 2, 20, { used: 5, allocated: 10 }));
      const reply = await ledger.ask({ holder: ALICE, entries });
      expect(reply.granted).toBe(false);
      expect(reply.entries.map(({ refused }) => refused)).toEqual(
        budgets.map((_of, index) => (index === spent ? "spent" : "withheld")),
      );
      const expected = budgets.map((_of, index) => (index === spent ? 15 : 10));
      expect(reply.entries.map((each) => each.allocated)).toEqual(expected);
      expect(await allocated()).toEqual(expected);
      // What was used is taken down all the same.
      expect((await Promise.all(budgets.map((of) => ledger.state(of)))).map(({ settled }) => settled)).toEqual([
        5, 5, 5, 5,
      ]);
      // And the same call again finds the same.
      const again = await ledger.ask({ holder: ALICE, entries });
      expect(again.entries.map((each) => each.allocated)).toEqual(expected);
      expect(again.granted).toBe(false);
    });

    it("that are wanted less give back even if another is refused", async () => {
      await ledger.ask({ holder: ALICE, entries: all(1, 40) });
      const [first, ...others] = budgets.map((of) => entry(of, 2, 60, { allocated: 40 }));
      const giving = { ...(first as AskEntry), floor: 5, wanted: 5, allocated: 5 };
      const reply = await ledger.ask({ holder: ALICE, entries: [giving, ...others] });
      expect(reply.entries[0]).toMatchObject({ allocated: 5, remaining: 995 });
      expect(await allocated()).toEqual([5, 40, 50, 40]);
    });

    it("are never above their limits, however many holders meet at the edge", async () => {
      const holders = Array.from({ length: 8 }, () => new Holder([ledger], budgets, 0));
      const outcomes = await Promise.all(
        Array.from({ length: 80 }, async (_, index) => (await holders[index % 8]?.reserve(7)) === true),
      );
      const admitted = outcomes.filter(Boolean).length;
      expect(admitted * 7).toBeLessThanOrEqual(50);
      expect(admitted).toBeGreaterThanOrEqual(1);
      for (const of of budgets) {
        const state = await ledger.state(of);
        expect(state.allocated).toBeLessThanOrEqual(of.limit);
        expect(state.allocated).toBeGreaterThanOrEqual(admitted * 7);
      }
    });
  });

  describe(`${name}: windows`, () => {
    it("begin anew, and what was reserved in an old one settles there", async () => {
      const of = budget({ limit: 100, window: "second" });
      const first = await one(ALICE, entry(of, 1, 100));
      const next = await until(
        () => one(BOB, entry(of, 1, 0)),
        ({ windowStart }) => windowStart !== first.windowStart,
      );
      expect(next.windowStart % 1_000).toBe(0);
      const old = { window: first.windowStart, allocated: 100 };
      expect(await one(ALICE, entry(of, 2, 101, old))).toMatchObject({ allocated: 100, refused: "over" });
      expect(await one(ALICE, entry(of, 3, 90, { ...old, used: 40, wanted: 90 }))).toMatchObject({
        windowStart: first.windowStart,
        allocated: 90,
      });
      expect(await ledger.state(of, first.windowStart)).toMatchObject({ allocated: 90, settled: 40 });
      expect((await ledger.state(of)).settled).toBe(0);
    });

    it("are those of the calendar", async () => {
      const of = budget({ window: "month", timeZone: "Asia/Kathmandu", monthStartDay: 15 });
      const { windowStart, windowEnd } = await one(ALICE, entry(of, 1, 1));
      const clock = new Intl.DateTimeFormat("sv-SE", {
        timeZone: "Asia/Kathmandu",
        day: "2-digit",
        timeStyle: undefined,
      });
      expect([windowStart, windowEnd].map((at) => clock.format(at))).toEqual(["15", "15"]);
    });

    it("of totals never end", async () => {
      expect(await one(ALICE, entry(budget(), 1, 1))).toMatchObject({
        windowStart: 0,
        windowEnd: Number.POSITIVE_INFINITY,
      });
    });
  });

  describe(`${name}: concurrent requests`, () => {
    const of = budget({ measure: "concurrent_requests", window: undefined, limit: 3 });

    it("are a level", async () => {
      expect(await one(ALICE, entry(of, 1, 2))).toMatchObject({ allocated: 2, remaining: 1 });
      expect(await one(BOB, entry(of, 1, 2))).toMatchObject({ allocated: 1, refused: "spent" });
      expect(await one(ALICE, entry(of, 2, 1, { allocated: 1 }))).toMatchObject({ allocated: 1, remaining: 1 });
      expect(await one(BOB, entry(of, 2, 2, { allocated: 1 }))).toMatchObject({ allocated: 2, remaining: 0 });
    });

    it("are free again when their holder is gone", async () => {
      const short = await underTest.open({ leaseMs: SHORT_LEASE_MS });
      await one(ALICE, entry(of, 1, 3), short);
      expect(await one(BOB, entry(of, 1, 1), short)).toMatchObject({ allocated: 0, refused: "spent" });
      await until(
        () => short.state(of),
        ({ allocated }) => allocated === 0,
      );
      expect(await one(BOB, entry(of, 2, 3), short)).toMatchObject({ allocated: 3 });
      expect(await one(ALICE, entry(of, 2, 3, { allocated: 3 }), short)).toMatchObject({
        allocated: 0,
        refused: "spent",
      });
    });
  });

  describe(`${name}: holders that are gone`, () => {
    const of = budget({ limit: 100 });

    it("stay charged until somebody says what they have used", async () => {
      const short = await underTest.open({ leaseMs: SHORT_LEASE_MS });
      const gone = { holder: ALICE, budget: of, window: 0, used: 35 };
      await one(ALICE, entry(of, 1, 60, { used: 10 }), short);
      expect(await short.settleAbsent(gone)).toBe("alive");
      const state = await until(
        () => short.state(of),
        ({ unsettled }) => unsettled > 0,
      );
      expect(state).toMatchObject({ allocated: 60, settled: 10, unsettled: 50, remaining: 40 });
      expect(state.holders).toEqual([{ holder: ALICE, allocated: 60, used: 10 }]);
      expect(await one(BOB, entry(of, 1, 50), short)).toMatchObject({ allocated: 40, refused: "spent" });
      expect([await short.settleAbsent(gone), await short.settleAbsent(gone)]).toEqual(["settled", "settled"]);
      expect(await short.settleAbsent({ ...gone, holder: "00000000000000c0" })).toBe("unknown");
      expect(await short.state(of)).toMatchObject({ allocated: 75, settled: 35, unsettled: 0, remaining: 25 });
    });

    it("go on where they stood when they come back", async () => {
      const short = await underTest.open({ leaseMs: SHORT_LEASE_MS });
      await one(ALICE, entry(of, 1, 60, { used: 10 }), short);
      await until(
        () => short.state(of),
        ({ unsettled }) => unsettled > 0,
      );
      const back = await one(ALICE, entry(of, 2, 70, { used: 50, allocated: 60 }), short);
      expect(back).toMatchObject({ allocated: 70 });
      expect((await short.state(of)).unsettled).toBe(0);
    });

    it("that start again are others", async () => {
      await one(ALICE, entry(of, 9, 60, { used: 10 }));
      expect(await one(BOB, entry(of, 1, 60))).toMatchObject({ sequence: 1, allocated: 40, refused: "spent" });
    });
  });

  describe(`${name}: lost data`, () => {
    const of = budget({ limit: 100 });

    it("shows by what holders have, and is taken from their reports before anything is granted", async () => {
      const short = await underTest.open({ leaseMs: 2 * SHORT_LEASE_MS });
      expect(await one(ALICE, entry(of, 7, 60, { used: 10, allocated: 55 }), short)).toMatchObject({
        allocated: 55,
        refused: "rebuilding",
      });
      expect((await short.state(of)).rebuilding).toBe(true);
      expect(await one(BOB, entry(of, 3, 70, { allocated: 70 }), short)).toMatchObject({ allocated: 70 });
      expect(await one(BOB, entry(of, 4, 20, { allocated: 20 }), short)).toMatchObject({ allocated: 20 });
      expect(await one(BOB, entry(of, 5, 21, { allocated: 20 }), short)).toMatchObject({ refused: "rebuilding" });
      await until(
        () => short.state(of),
        ({ rebuilding }) => !rebuilding,
      );
      expect(await one(BOB, entry(of, 6, 21, { allocated: 20 }), short)).toMatchObject({ allocated: 21 });
    });

    it("does not close windows that begin later", async () => {
      const seconds = budget({ window: "second", limit: 100 });
      const first = await one(ALICE, entry(seconds, 1, 10, { allocated: 10 }));
      const next = await until(
        () => one(BOB, entry(seconds, 1, 0)),
        ({ windowStart }) => windowStart > first.windowStart,
      );
      const { allocated } = await one(BOB, entry(seconds, 2, 50, { window: next.windowStart }));
      expect([50, 0]).toContain(allocated);
      expect((await ledger.state(seconds)).rebuilding).toBe(false);
    });

    it("is found in the usage store, each holder's own share once", async () => {
      const asked: unknown[] = [];
      const usage: UsageSource = async ({ id }, span) => {
        asked.push([id, span.from]);
        return 60;
      };
      const seeded = await underTest.open({ usage });
      expect(await one(ALICE, entry(of, 1, 50), seeded)).toMatchObject({ allocated: 40, refused: "spent" });
      const report = entry(of, 1, 25, { used: 25, allocated: 25 });
      expect(await one(BOB, report, seeded)).toMatchObject({ allocated: 25 });
      expect(await seeded.state(of)).toMatchObject({ settled: 60, allocated: 100 });
      expect(asked).toEqual([["budget", 0]]);
    });

    it("is not guessed when the usage store does not know", async () => {
      const usage: UsageSource = () => Promise.reject(new Error("out of order"));
      const failing = await underTest.open({ usage });
      await expect(failing.ask({ holder: ALICE, entries: [entry(of, 1, 1)] })).rejects.toMatchObject({
        name: "LedgerError",
        code: "usage_unknown",
      });
      expect((await ledger.state(of)).allocated).toBe(0);
    });
  });

  describe(`${name}: its data`, () => {
    it("is there after a reopening", async () => {
      const of = budget({ limit: 100 });
      await one(ALICE, entry(of, 3, 60, { used: 20 }));
      const state = await ledger.state(of);
      await ledger.close();
      ledger = await underTest.open();
      expect(await ledger.state(of)).toEqual(state);
      expect(await one(ALICE, entry(of, 3, 60, { used: 20 }))).toMatchObject({ sequence: 3, allocated: 60 });
      expect(await one(BOB, entry(of, 1, 50))).toMatchObject({ allocated: 40, refused: "spent" });
    });

    it("is shared by all who have it open", async () => {
      const of = budget({ limit: 100 });
      const other = await underTest.open();
      await one(ALICE, entry(of, 1, 60));
      expect(await one(BOB, entry(of, 1, 60), other)).toMatchObject({ allocated: 40, refused: "spent" });
    });

    it("is what the oracle decides, at every step of any history", async () => {
      await agreesWithOracle(ledger);
    });
  });

  describe(`${name}: asks that no holder makes`, () => {
    const of = budget();
    it.each([
      ["holder", { holder: "envoy", entries: [entry(of, 1, 1)] }],
      ["sequence", { holder: ALICE, entries: [entry(of, 0, 1)] }],
      ["amounts", { holder: ALICE, entries: [entry(of, 1, 1.5)] }],
      ["amounts", { holder: ALICE, entries: [entry(of, 1, -1)] }],
      ["amounts", { holder: ALICE, entries: [entry(of, 1, Number.MAX_SAFE_INTEGER + 1)] }],
      ["floor", { holder: ALICE, entries: [entry(of, 1, 1, { used: 2 })] }],
      ["floor", { holder: ALICE, entries: [entry(of, 1, 1, { wanted: 0 })] }],
      ["window", { holder: ALICE, entries: [entry(of, 1, 1, { window: 9e15 })] }],
      ["twice", { holder: ALICE, entries: [entry(of, 1, 1), entry(of, 1, 1)] }],
      ["twice", { holder: ALICE, entries: [entry(of, 1, 1, { window: 0 }), entry(of, 1, 1)] }],
      ["more than", { holder: ALICE, entries: Array.from({ length: 65 }, () => entry(of, 1, 1)) }],
      [
        "concurrent",
        {
          holder: ALICE,
          entries: [entry(budget({ measure: "concurrent_requests", window: undefined }), 1, 1, { used: 1 })],
        },
      ],
    ])("are refused by their %s", async (word, ask) => {
      const error = await ledger.ask(ask).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LedgerError);
      expect(error).toMatchObject({ code: "invalid_ask", message: expect.stringContaining(word) });
      expect((await ledger.state(of)).holders).toEqual([]);
    });
  });

  describe(`${name}: a hundred requests of 10 at a budget of 100`, () => {
    it.each([1, 2, 3, 4, 5])("are exactly ten, by two holders over two ledgers (round %i)", async (round) => {
      const of = budget({ limit: 100 });
      const ledgers = [ledger, await underTest.open()];
      const holders = [0, 1].map(() => new Holder(ledgers, [of], 10 * (round % 3)));
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, index) => holders[index % 2]?.reserve(10) ?? Promise.resolve(false)),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(10);
      expect(await ledger.state(of)).toMatchObject({ allocated: 100, remaining: 0 });
    });
  });
}
