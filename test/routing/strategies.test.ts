// Strategies of tiers, as the released filter follows them: who comes first, who stands behind, and how evenly.
import { describe, expect, test } from "vitest";
import { SharedData } from "../host/shared-data.js";
import { PlayedRouter } from "./played-router.js";

const TEN = Array.from({ length: 10 }, (_, index) => `t${index}`);

function router(strategy: string, members: readonly (string | object)[], more: object = {}): PlayedRouter {
  const targets = members.map((member) => (typeof member === "string" ? { target: member } : member)) as {
    target: string;
  }[];
  const ids = targets.map(({ target }) => target);
  return new PlayedRouter({ targets: ids, modelRoutes: [{ id: "auto", tiers: [{ strategy, targets }] }], ...more });
}

/** How often each target came first. */
function firsts(at: PlayedRouter, count: number, body: (index: number) => Record<string, unknown> = () => ({})) {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const planned = at.plan(body(i));
    const first = planned.targets[0] ?? "none";
    counts[first] = (counts[first] ?? 0) + 1;
    at.end(planned);
  }
  return counts;
}

const conversation = (index: number, turns = 0) => ({
  messages: [
    { role: "system", content: "You help." },
    { role: "user", content: `question ${index}` },
    ...Array.from({ length: turns }, (_, turn) => ({ role: "assistant", content: `turn ${turn}` })),
  ],
});

describe("weighted", () => {
  test("splits 20,000 requests within 1 percent of the weights", () => {
    const weights = [50, 30, 15, 5];
    const at = router(
      "weighted",
      weights.map((weight, index) => ({ target: `t${index}`, weight })),
    );
    const counts = firsts(at, 20_000);
    const shares = weights.map((_, index) => ((counts[`t${index}`] ?? 0) / 20_000) * 100);
    process.stdout.write(
      `shares of 20,000 requests at 50/30/15/5: ${shares.map((share) => share.toFixed(2)).join("/")}\n`,
    );
    for (const [index, weight] of weights.entries()) expect(Math.abs((shares[index] ?? 0) - weight)).toBeLessThan(1);
  });

  test("has all others behind the first, and no target of weight 0", () => {
    const at = router("weighted", [
      { target: "a", weight: 1 },
      { target: "b", weight: 3 },
      { target: "c", weight: 0 },
    ]);
    const { targets } = at.plan();
    expect(targets.slice().sort()).toEqual(["a", "b"]);
  });

  test("moves evenly from one weight to another", () => {
    const from = "2026-11-24T00:00:00Z";
    const shift = { to: 100, from, until: "2026-11-24T01:00:00Z" };
    const at = router("weighted", [
      { target: "old", weight: 100, shift: { ...shift, to: 0 } },
      { target: "new", weight: 0, shift },
    ]);
    expect(firsts(at, 100)).toEqual({ old: 100 });
    at.pass(15 * 60_000);
    expect(firsts(at, 1_000).new).toBeGreaterThan(240);
    expect(firsts(at, 1_000).new).toBeLessThan(260);
    at.pass(45 * 60_000);
    expect(firsts(at, 100)).toEqual({ new: 100 });
  });
});

describe("consistent hash", () => {
  const bodies = Array.from({ length: 2_000 }, (_, index) => index);

  test("keeps a conversation at its target however long it grows", () => {
    const at = router("consistent-hash", TEN);
    const stuck = bodies.filter(
      (index) => at.plan(conversation(index)).targets[0] === at.plan(conversation(index, 5)).targets[0],
    );
    process.stdout.write(`conversations that stay: ${(stuck.length / bodies.length) * 100} %\n`);
    expect(stuck).toHaveLength(bodies.length);
  });

  test("spreads conversations, and moves only those of a target that is taken away", () => {
    const before = router("consistent-hash", TEN);
    const after = router("consistent-hash", TEN.slice(1));
    const first = bodies.map((index) => before.plan(conversation(index)).targets[0]);
    const then = bodies.map((index) => after.plan(conversation(index)).targets[0]);
    const moved = bodies.filter((index) => first[index] !== "t0" && first[index] !== then[index]);
    expect(moved).toEqual([]);
    for (const id of TEN) expect(first.filter((target) => target === id).length).toBeGreaterThan(120);
  });

  test("goes by the client's own cache key where there is one", () => {
    const at = router("consistent-hash", TEN);
    const targets = bodies
      .slice(0, 50)
      .map((index) => at.plan({ ...conversation(index), prompt_cache_key: "k" }).targets[0]);
    expect(new Set(targets).size).toBe(1);
  });
});

describe("least requests", () => {
  test("goes where the fewest run", () => {
    const at = router("least-requests", ["a", "b", "c"]);
    const running: string[] = [];
    for (let i = 0; i < 9; i++) {
      const planned = at.plan();
      running.push(planned.targets[0] ?? "");
      at.begin(planned);
    }
    for (const id of ["a", "b", "c"]) expect(running.filter((target) => target === id)).toHaveLength(3);
  });
});

describe("lowest latency", () => {
  test("prefers the quicker of two, over all workers", () => {
    const sharedData = new SharedData();
    const slow = router("lowest-latency", ["quick", "slow"], { sharedData });
    for (let i = 0; i < 60; i++) {
      const planned = slow.plan();
      slow.attempt(planned, { ms: planned.targets[0] === "slow" ? 400 : 40 });
      slow.end(planned);
    }
    const other = router("lowest-latency", ["quick", "slow"], { sharedData });
    expect(firsts(other, 50)).toEqual({ quick: 50 });
  });
});

describe("cheapest", () => {
  test("goes by what the request is expected to cost", () => {
    const prices = (input: number, output: number) => ({ currency: "USD", prices: { input, output } });
    const at = new PlayedRouter({
      targets: [
        { id: "reads-dear", ...prices(10_000_000, 1_000_000) },
        { id: "writes-dear", ...prices(100_000, 20_000_000) },
        { id: "unknown" },
      ],
      modelRoutes: [
        {
          id: "auto",
          tiers: [
            { strategy: "cheapest", targets: ["unknown", "reads-dear", "writes-dear"].map((target) => ({ target })) },
          ],
        },
      ],
    });
    expect(at.plan({ max_tokens: 500 }).targets).toEqual(["reads-dear", "writes-dear", "unknown"]);
    const long = "a text of some length. ".repeat(2_000);
    expect(at.plan({ max_tokens: 1, messages: [{ role: "user", content: long }] }).targets).toEqual([
      "writes-dear",
      "reads-dear",
      "unknown",
    ]);
  });
});

describe("random", () => {
  test("asks all alike", () => {
    const counts = firsts(router("random", ["a", "b"]), 4_000);
    expect(Math.abs((counts.a ?? 0) - 2_000)).toBeLessThan(200);
  });
});

describe("kinds", () => {
  test("provisioned capacity comes first in its tier, whatever the strategy", () => {
    const at = new PlayedRouter({
      targets: ["payg", { id: "ptu", kind: "provisioned" }],
      modelRoutes: [{ id: "auto", tiers: [{ strategy: "random", targets: [{ target: "payg" }, { target: "ptu" }] }] }],
    });
    for (let i = 0; i < 20; i++) expect(at.plan().targets).toEqual(["ptu", "payg"]);
  });

  test("a temporary target ends by itself, and is not replaced by nothing", () => {
    const at = new PlayedRouter({
      targets: [{ id: "event", kind: "temporary", expiresAt: "2026-11-24T00:00:10Z" }, "own"],
      modelRoutes: [{ id: "auto", targets: [{ target: "event" }, { target: "own" }] }],
    });
    expect(at.plan().targets).toEqual(["event", "own"]);
    at.pass(10_000);
    expect(at.plan().targets).toEqual(["own"]);
  });
});
