// What happens to requests when grants do not come as they should: by the policy of each budget, and never later than the time-out
// of callouts.
import { beforeEach, describe, expect, test } from "vitest";
import { GrantOutcome } from "../../control-plane/contract.js";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { budget } from "../ledger/budgets.js";
import { memoryLedger } from "../ledger/memory-records.js";
import { PlayedEnvoy } from "./played-envoy.js";
import { grantReply } from "./wire.js";

const LEASE_MS = 30_000;
const START = Date.UTC(2026, 10, 23, 12, 0, 0);

let ledgerNow = 0;
let ledger: Ledger;

beforeEach(() => {
  ledgerNow = START;
  ledger = memoryLedger(() => ledgerNow, LEASE_MS);
});

const envoy = (budgets: readonly Budget[], workers = 1) => new PlayedEnvoy({ workers, budgets, ledger });
const requests = (changes: Record<string, unknown> = {}) =>
  budget({ measure: "requests", window: "day", limit: 1_000, ...changes });
const allowing = (upTo: number) => ({ onLedgerLost: { mode: "allow", upTo } });

/** Time goes on, for the ledger too. */
function pass(at: PlayedEnvoy, ms: number): void {
  ledgerNow += ms;
  at.pass(ms);
}

describe("while the ledger cannot be asked", () => {
  test.each(["lost", "unheard"] as const)("(%s) a budget that denies refuses, and counts it", async (fate) => {
    const at = envoy([requests()]);
    const each = at.open({});
    await at.answerAll(() => fate);
    expect(at.code(each)).toBe("quota_unavailable");
    expect(each.stream.localReply?.status).toBe(503);
    expect(at.metric("sluice.grants_lost_total")).toBe(1);
  });

  test("a budget that allows lets each Envoy use so much, all workers together, and then refuses", async () => {
    const at = envoy([requests(allowing(5))], 2);
    const opened = [];
    for (let i = 0; i < 8; i++) {
      opened.push(at.open({}));
      await at.answerAll(() => "lost");
    }
    expect(opened.map((each) => at.isAdmitted(each))).toEqual([1, 1, 1, 1, 1, 0, 0, 0].map(Boolean));
    expect(at.code(opened[5] as never)).toBe("quota_unavailable");
    expect(at.metric("sluice.quota_unledgered_total")).toBe(5);
  });

  test("what was granted is used first, and nobody waits who need not", async () => {
    const at = envoy([requests({ limit: 10_000, ...allowing(1) })]);
    at.complete(await opened(at), 1, 1);
    for (let i = 0; i < 20; i++) {
      const each = at.open({});
      expect(at.isAdmitted(each)).toBe(true);
      at.complete(each, 1, 1);
    }
    expect(at.metric("sluice.quota_unledgered_total")).toBe(0);
  });

  test("nobody asks again for a moment, and then somebody does", async () => {
    const at = envoy([requests()]);
    at.open({});
    await at.answerAll(() => "lost");
    const before = at.asks;
    expect(at.code(at.open({}))).toBe("quota_unavailable");
    expect(at.asks).toBe(before);
    pass(at, 600);
    expect(at.isAdmitted(await opened(at))).toBe(true);
  });

  test("what was used of the allowance is told when the ledger is back", async () => {
    const of = requests(allowing(5));
    const at = envoy([of]);
    for (let i = 0; i < 3; i++) {
      const each = at.open({});
      await at.answerAll(() => "lost");
      at.complete(each, 1, 1);
    }
    pass(at, 600);
    at.complete(await opened(at), 1, 1);
    pass(at, 11_000);
    at.tick();
    await at.answerAll();
    expect((await ledger.state(of)).settled).toBe(4);
  });

  test("a grant lapses with its lease: what an Envoy holds may be another's by then", async () => {
    const at = envoy([requests()]);
    at.complete(await opened(at), 1, 1);
    pass(at, LEASE_MS + 1);
    const each = at.open({});
    await at.answerAll(() => "lost");
    expect(at.code(each)).toBe("quota_unavailable");
  });

  test("the time-out of the callout is the longest that anybody waits", async () => {
    const at = envoy([requests()]);
    at.open({});
    const timeouts = at.grantTimeouts();
    expect(timeouts).toEqual([200]);
    pass(at, 150);
    at.open({});
    expect(at.grantTimeouts()).toEqual([200]);
  });
});

async function opened(at: PlayedEnvoy) {
  const each = at.open({});
  await at.answerAll();
  return each;
}

describe("a reply that is none", () => {
  const whole = async () => {
    const at = envoy([requests()]);
    at.open({});
    return at.nextReply();
  };

  test.each([
    ["empty", () => Buffer.alloc(0)],
    ["of another format", (reply: Buffer) => Buffer.from([9, ...reply.subarray(1)])],
    ["cut", (reply: Buffer) => reply.subarray(0, reply.length - 1)],
    ["too long", (reply: Buffer) => Buffer.concat([reply, Buffer.from("x")])],
    ["with more entries than were asked", (reply: Buffer) => withCount(reply, 2)],
    ["with fewer entries than were asked", (reply: Buffer) => withCount(reply, 0)],
    ["text", () => Buffer.from("<html>not here</html>")],
    ["with an outcome that nobody knows", (reply: Buffer) => withByte(reply, 16, 200)],
    ["with a window that ends before it begins", (reply: Buffer) => withNumber(reply, 16 + 24, 1n)],
    ["with more allocated than any ledger gives", (reply: Buffer) => withNumber(reply, 16 + 32, 2n ** 63n)],
  ])("%s: counts as none", async (_, change) => {
    const at = envoy([requests()]);
    const each = at.open({});
    at.answerWith(change(await whole()));
    expect(at.code(each)).toBe("quota_unavailable");
    expect(at.metric("sluice.grants_lost_total")).toBe(1);
    pass(at, 600);
    expect(at.isAdmitted(await opened(at))).toBe(true);
  });
});

function withCount(reply: Buffer, count: number): Buffer {
  const changed = Buffer.from(reply);
  changed.writeUInt16LE(count, 2);
  return changed;
}

function withByte(reply: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(reply);
  changed.writeUInt8(value, at);
  return changed;
}

function withNumber(reply: Buffer, at: number, value: bigint): Buffer {
  const changed = Buffer.from(reply);
  changed.writeBigUInt64LE(value, at);
  return changed;
}

describe("a budget that is gone", () => {
  test("limits nobody, and what others set aside stands", async () => {
    const stays = requests({ id: "stays" });
    const at = new PlayedEnvoy({ workers: 1, budgets: [requests({ id: "goes" }), stays], ledger, gone: ["goes"] });
    const each = await opened(at);
    expect(at.isAdmitted(each)).toBe(true);
    at.complete(each, 1, 1);
    pass(at, 11_000);
    at.tick();
    await at.answerAll();
    expect((await ledger.state(stays)).settled).toBe(1);
  });
});

describe("a ledger that has lost its data", () => {
  const rebuilding = () => grantReply(START, [entryOf(GrantOutcome.REBUILDING)]);
  const entryOf = (outcome: number) =>
    ({
      budgetId: "budget",
      windowStart: START,
      windowEnd: START + 86_400_000,
      sequence: 1,
      allocated: 0,
      remaining: 1_000,
      limit: 1_000,
      notAfter: START + LEASE_MS,
      ...(outcome === GrantOutcome.REBUILDING ? { refused: "rebuilding" as const } : {}),
    }) as const;

  test("refuses, or lets the allowance be used, by the policy", async () => {
    const denying = envoy([requests()]);
    const refused = denying.open({});
    denying.answerWith(rebuilding());
    expect(denying.code(refused)).toBe("quota_unavailable");
    const allowingOne = envoy([requests(allowing(1))]);
    const admitted = allowingOne.open({});
    allowingOne.answerWith(rebuilding());
    expect(allowingOne.isAdmitted(admitted)).toBe(true);
  });
});

describe("clocks", () => {
  test("a wall clock that jumps changes nothing: windows and leases end by the monotonic clock", async () => {
    const at = envoy([requests({ window: "minute", limit: 2 })]);
    at.complete(await opened(at), 1, 1);
    at.jump(-3_600_000);
    at.complete(await opened(at), 1, 1);
    expect(at.code(await opened(at))).toBe("rate_limit_exceeded");
    at.jump(7_200_000);
    expect(at.code(await opened(at))).toBe("rate_limit_exceeded");
  });

  test("a ledger whose clock jumps ahead begins a new window", async () => {
    const at = envoy([requests({ window: "minute", limit: 1 })]);
    at.complete(await opened(at), 1, 1);
    ledgerNow += 60_000;
    pass(at, 61_000);
    expect(at.isAdmitted(await opened(at))).toBe(true);
  });
});

describe("requests under a budget that is spent", () => {
  test("are refused without an ask for each of them, and let in as soon as there is room", async () => {
    const of = requests({ limit: 2 });
    const at = envoy([of]);
    const running = [await opened(at), await opened(at)];
    expect(at.code(await opened(at))).toBe("insufficient_quota");
    const before = at.asks;
    for (let i = 0; i < 50; i++) expect(at.code(at.open({}))).toBe("insufficient_quota");
    expect(at.asks).toBe(before);
    // Nobody was asked for them: what they have not used is there for the next at once.
    at.end(running[0] as never);
    expect(at.isAdmitted(at.open({}))).toBe(true);
    pass(at, 101);
    at.open({});
    expect(at.waiting).toBe(1);
  });
});

describe("requests that wait", () => {
  test("and whose clients leave, leave nothing behind", async () => {
    const of = requests({ limit: 3 });
    const at = envoy([of]);
    const left = Array.from({ length: 3 }, () => at.open({}));
    for (const each of left) at.end(each);
    const stayed = at.open({});
    await at.answerAll();
    expect(at.isAdmitted(stayed)).toBe(true);
    at.complete(stayed, 1, 1);
    const more = [await opened(at), await opened(at), await opened(at)];
    expect(more.map((each) => at.isAdmitted(each))).toEqual([true, true, false]);
  });

  test("are served first come, first served, over one callout", async () => {
    const at = envoy([requests({ limit: 2 })]);
    const all = Array.from({ length: 4 }, () => at.open({}));
    await at.answerAll();
    expect(all.map((each) => at.isAdmitted(each))).toEqual([true, true, false, false]);
  });

  test("do not hang when a configuration is replaced while their callout is out", async () => {
    const at = envoy([requests()]);
    const each = at.open({});
    at.forgetCallouts();
    pass(at, 500);
    at.tick();
    expect(at.code(each)).toBe("quota_unavailable");
  });
});

test("more budgets than there are slots: what finds none is refused by its policy, and shadows let pass", async () => {
  const at = envoy([]);
  const outcomes = new Map<string | undefined, number>();
  for (let lease = 0; lease < 96; lease++) {
    at.budgets = Array.from({ length: 32 }, (_, i) => requests({ id: `budget-${lease}-${i}` }));
    at.jump(7_200_000);
    // Never settled: its slots stay in use.
    const code = at.code(await opened(at));
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
  }
  expect([...outcomes.keys()].sort()).toEqual(["quota_unavailable", undefined]);
  expect(outcomes.get(undefined)).toBeGreaterThan(10);
});
