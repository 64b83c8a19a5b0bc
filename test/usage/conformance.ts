// What every usage store must do, whatever is behind it. Each test begins with a store that is empty.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DIMENSIONS, type Dimension } from "../../control-plane/usage/dimensions.js";
import type { UsageEvent } from "../../control-plane/usage/event.js";
import { type Measure, SUM_MEASURES } from "../../control-plane/usage/measures.js";
import type { UsageQuery } from "../../control-plane/usage/query.js";
import { NO_FLOORS } from "../../control-plane/usage/roll-up.js";
import type { UsageStore } from "../../control-plane/usage/usage-store.js";
import { exactQuantile, expected, named } from "./oracle.js";
import { event, randomEvents, seeded, tokens } from "./random-events.js";

export interface UsageStoreUnderTest {
  /** An empty one. */
  open(): Promise<UsageStore>;
  /** The same data again, after `close`. */
  reopen(): Promise<UsageStore>;
  remove(): Promise<void>;
  /** Share of the random events: a slow server in a test is asked for less. */
  readonly scale?: number;
}

const SUMS: readonly Measure[] = SUM_MEASURES;
const DAY_MS = 86_400_000;
const JUNE = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 6, 1) };

function ask(changes: Partial<UsageQuery> = {}): UsageQuery {
  return { ...JUNE, step: "total", timeZone: "UTC", groupBy: ["currency"], filter: {}, measures: SUMS, ...changes };
}

export function usageStoreConformance(name: string, underTest: UsageStoreUnderTest): void {
  describe(name, () => {
    let store: UsageStore;
    const scaled = (count: number) => Math.ceil(count * (underTest.scale ?? 1));

    beforeEach(async () => {
      store = await underTest.open();
    });
    afterEach(async () => {
      await store.close();
      await underTest.remove();
    });

    const appendAll = async (events: readonly UsageEvent[], batch = 500) => {
      for (let at = 0; at < events.length; at += batch) await store.append(events.slice(at, at + batch));
    };
    const requests = async (changes: Partial<UsageQuery> = {}) =>
      (await store.query(ask({ measures: ["requests"], ...changes }))).reduce(
        (sum, { values }) => sum + (values.requests ?? 0),
        0,
      );

    describe("events", () => {
      it("count once, in a batch, in later batches, and after a reopening", async () => {
        const [one, two] = [event("one"), event("two")];
        expect(await store.append([one, one, two])).toEqual({ stored: 2, repeated: 1, tooOld: 0 });
        expect(await store.append([two, event("three")])).toEqual({ stored: 1, repeated: 1, tooOld: 0 });
        await store.close();
        store = await underTest.reopen();
        expect(await store.append([one, event("four")])).toEqual({ stored: 1, repeated: 1, tooOld: 0 });
        expect(await requests()).toBe(4);
        expect((await store.events({ ...JUNE, filter: {}, limit: 10 })).items).toHaveLength(4);
      });

      it("count once when several writers bring them at the same time", async () => {
        const events = randomEvents(40, JUNE, 1);
        const outcomes = await Promise.all([events, [...events].reverse(), events].map((batch) => store.append(batch)));
        expect(outcomes.reduce((sum, { stored }) => sum + stored, 0)).toBe(40);
        expect(named(await store.query(ask()), ask())).toEqual(expected(events, ask()));
      });

      it("come back as they went in, in the order of time, in pages", async () => {
        const events = randomEvents(50, JUNE, 2);
        const sameTime = ["b", "a", "c"].map((id) => event(id, { startedAt: JUNE.from + 1 }));
        await appendAll([...events, ...sameTime]);
        const sorted = [...events, ...sameTime].sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
        const found: UsageEvent[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const page = await store.events({ ...JUNE, filter: {}, after, limit: 2 });
          found.push(...page.items);
          after = page.next;
          more = after !== undefined;
        }
        expect(found).toEqual(sorted);
        expect(await store.event("a")).toEqual(sameTime[1]);
        expect(await store.event("nobody")).toBeUndefined();
      });

      it("are found by their dimensions and time", async () => {
        const events = randomEvents(200, JUNE, 3);
        await appendAll(events);
        const span = { from: JUNE.from + 5 * DAY_MS, to: JUNE.from + 25 * DAY_MS };
        const filter = { consumer: ["consumer-1", "consumer-2"], statusClass: ["2xx"] };
        const wanted = events
          .filter(({ startedAt }) => startedAt >= span.from && startedAt < span.to)
          .filter(({ consumer, status }) => filter.consumer.includes(consumer) && status === 200);
        const { items } = await store.events({ ...span, filter, limit: 200 });
        expect(items.map(({ id }) => id).sort()).toEqual(wanted.map(({ id }) => id).sort());
        expect(wanted.length).toBeGreaterThan(10);
      });
    });

    describe("sums", () => {
      const events = randomEvents(scaled(1_500), JUNE, 4);

      it("are exact in total", async () => {
        await appendAll(events);
        const rows = await store.query(ask());
        expect(named(rows, ask())).toEqual(expected(events, ask()));
        expect(rows.map(({ dimensions }) => dimensions.currency)).toEqual(["EUR", "USD"]);
      });

      it("are exact by any dimensions, steps, zones and filters", async () => {
        await appendAll(events);
        const random = seeded(5);
        const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
        for (let round = 0; round < 40; round++) {
          const groupBy = [...new Set<Dimension>(["currency", pick(DIMENSIONS), pick(DIMENSIONS)])];
          const days = 1 + random(20);
          const from = JUNE.from + random(9 * 1440) * 60_000;
          const filter = random(2) === 0 ? {} : { [pick(["consumer", "tenant"])]: ["consumer-1", "tenant-1", ""] };
          const query = ask({
            from,
            to: from + days * DAY_MS + random(1440) * 60_000,
            step: days === 1 ? "minute" : pick(["hour", "day", "month", "total"]),
            timeZone: pick(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"]),
            groupBy,
            filter,
          });
          if (query.step === "minute") Object.assign(query, { to: from + DAY_MS });
          expect(named(await store.query(query), query), JSON.stringify(query)).toEqual(expected(events, query));
        }
      });

      it("of local days are exact where clocks change", async () => {
        const spring = { from: Date.UTC(2026, 2, 26), to: Date.UTC(2026, 3, 2) };
        const autumn = { from: Date.UTC(2026, 9, 22), to: Date.UTC(2026, 10, 5) };
        const around = [...randomEvents(scaled(300), spring, 6), ...randomEvents(scaled(300), autumn, 7)];
        await appendAll(around);
        for (const span of [spring, autumn]) {
          for (const timeZone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"]) {
            const query = ask({ ...span, step: "day", timeZone, groupBy: ["currency", "department"] });
            expect(named(await store.query(query), query), timeZone).toEqual(expected(around, query));
          }
        }
      });

      it("keep currencies apart even if nobody asked for them", async () => {
        await store.append([event("a"), event("b", { currency: "EUR", costNanos: 5_499 })]);
        const rows = await store.query(ask({ groupBy: [], measures: ["costMicros"] }));
        expect(rows.map(({ dimensions, values }) => [dimensions.currency, values.costMicros])).toEqual([
          ["EUR", 5],
          ["USD", 4],
        ]);
        expect(await store.query(ask({ groupBy: [], measures: ["requests"] }))).toMatchObject([
          { dimensions: {}, values: { requests: 2 } },
        ]);
      });

      it("change by corrections, which are events of their own", async () => {
        const wrong = event("wrong", {
          tenant: "acme",
          tokens: tokens({ input: 1000, output: 10 }),
          costNanos: 500_100,
        });
        const mend = event("mend", {
          ...wrong,
          id: "mend",
          kind: "correction",
          corrects: "wrong",
          reason: "the provider's bill says otherwise",
          tokens: tokens({ input: -900 }),
          costNanos: -450_900,
        });
        await store.append([wrong, mend, mend]);
        const [row] = await store.query(ask({ groupBy: ["tenant"], measures: [...SUMS, "durationMsP50"] }));
        expect(row?.values).toMatchObject({ requests: 1, corrections: 1, inputTokens: 100, costMicros: 49 });
        expect(row?.values.durationMsP50).toBeGreaterThan(93);
        expect(await store.event("wrong")).toEqual(wrong);
        expect(await store.event("mend")).toEqual(mend);
      });

      it("hold the largest amounts exactly", async () => {
        const large = Array.from({ length: 100 }, (_, index) => event(`${index}`, { costNanos: 1e15 - 1 }));
        await store.append(large);
        expect((await store.query(ask()))[0]?.values.costMicros).toBe(100 * 1e12);
      });
    });

    describe("latencies", () => {
      it("give quantiles within a sixteenth, from roll-ups and from events, in any group", async () => {
        const events = randomEvents(scaled(2_000), { from: JUNE.from, to: JUNE.from + 6 * 3_600_000 }, 8);
        await appendAll(events, 100);
        const measures: readonly Measure[] = [
          "durationMsP50",
          "durationMsP99",
          "firstTokenMsP95",
          "perOutputTokenUsP50",
        ];
        for (const groupBy of [["model"], ["consumer"]] as const) {
          for (const step of ["total", "hour", "minute"] as const) {
            const query = ask({ from: JUNE.from, to: JUNE.from + 6 * 3_600_000, step, groupBy, measures });
            for (const row of await store.query(query)) {
              const own = events
                .filter((each) => each.startedAt >= row.from && each.startedAt < row.to && each.kind === "exchange")
                .filter(
                  (each) =>
                    (each.route === "" && groupBy[0] === "model" ? "" : each[groupBy[0]]) ===
                    row.dimensions[groupBy[0]],
                );
              const check = (measure: Measure, values: readonly number[], permille: number) => {
                const found = row.values[measure];
                if (values.length === 0) return expect(found).toBeNull();
                const exact = exactQuantile(values, permille);
                expect(Math.abs((found ?? Number.NaN) - exact), `${measure} ${exact}`).toBeLessThanOrEqual(
                  1 + exact / 16,
                );
              };
              const streamed = own.filter(({ firstTokenMs }) => firstTokenMs !== undefined);
              const perToken = streamed
                .filter((each) => each.tokens.output > 1)
                .map((each) => ((each.durationMs - (each.firstTokenMs ?? 0)) * 1000) / (each.tokens.output - 1));
              check(
                "durationMsP50",
                own.map(({ durationMs }) => durationMs),
                500,
              );
              check(
                "durationMsP99",
                own.map(({ durationMs }) => durationMs),
                990,
              );
              check(
                "firstTokenMsP95",
                streamed.map(({ firstTokenMs = 0 }) => firstTokenMs),
                950,
              );
              check("perOutputTokenUsP50", perToken, 500);
            }
          }
        }
      });
    });

    describe("retention", () => {
      const events = randomEvents(scaled(300), JUNE, 9);
      const middle = JUNE.from + 15 * DAY_MS;

      it("forgets events and keeps the sums of their days", async () => {
        await appendAll(events);
        await store.prune({ ...NO_FLOORS, events: middle + 5_000, minutes: middle, hours: middle });
        expect(await store.floors()).toEqual({ events: middle, minutes: middle, hours: middle, days: 0 });
        const kept = events.filter(({ startedAt }) => startedAt >= middle);
        const { items } = await store.events({ ...JUNE, filter: {}, limit: 500 });
        expect(items.map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort());
        const gone = events.find(({ startedAt }) => startedAt < middle)!;
        expect(await store.event(gone.id)).toBeUndefined();
        const query = ask({ step: "day", groupBy: ["currency", "consumer"] });
        expect(named(await store.query(query), query)).toEqual(expected(events, query));
      });

      it("never counts again what it may have forgotten", async () => {
        await appendAll(events);
        await store.prune({ ...NO_FLOORS, events: middle });
        const old = events.filter(({ startedAt }) => startedAt < middle).length;
        expect(await store.append(events)).toEqual({ stored: 0, repeated: events.length - old, tooOld: old });
        const query = ask();
        expect(named(await store.query(query), query)).toEqual(expected(events, query));
      });

      it("says what it cannot answer any more, and answers all else", async () => {
        await appendAll(events);
        await store.prune({ ...NO_FLOORS, events: middle, minutes: middle, hours: middle });
        const byHour = (from: number) => ask({ from, step: "hour", groupBy: ["currency", "model"] });
        await expect(store.query(byHour(middle - 60_000))).rejects.toMatchObject({
          name: "UsageQueryError",
          member: "from",
        });
        expect(named(await store.query(byHour(middle)), byHour(middle))).toEqual(expected(events, byHour(middle)));
        const berlin = ask({ from: middle - 2 * DAY_MS - 7_200_000, step: "day", timeZone: "Europe/Berlin" });
        await expect(store.query(berlin)).rejects.toMatchObject({ member: "from" });
      });

      it("only ever rises, and forgets sums of days too when told to", async () => {
        await appendAll(events);
        const all = { events: middle, minutes: middle, hours: middle, days: middle };
        await store.prune(all);
        await store.prune(NO_FLOORS);
        expect(await store.floors()).toEqual(all);
        const kept = events.filter(({ startedAt }) => startedAt >= middle && startedAt < JUNE.to);
        const query = ask({ from: middle });
        expect(named(await store.query(query), query)).toEqual(expected(kept, query));
        await expect(store.query(ask())).rejects.toMatchObject({ member: "from" });
      });
    });

    describe("queries that have no answer", () => {
      it.each([
        ["to", { to: JUNE.from }],
        ["from", { from: JUNE.from + 1 }],
        ["step", { step: "minute" }],
      ] as const)("name %s", async (member, changes) => {
        await expect(store.query(ask(changes))).rejects.toMatchObject({ name: "UsageQueryError", member });
      });
    });
  });
}
