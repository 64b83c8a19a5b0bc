// What the policies of budgets mean for requests: what is counted, what is set aside, what clients are told.
import { beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { budget } from "../ledger/budgets.js";
import { memoryLedger } from "../ledger/memory-records.js";
import { type Played, PlayedEnvoy, type PlayedEnvoyOptions } from "./played-envoy.js";

const LEASE_MS = 30_000;
/** Half a minute before noon, UTC. */
const START = Date.UTC(2026, 10, 23, 11, 59, 30);

let ledgerNow = 0;
let ledger: Ledger;

beforeEach(() => {
  ledgerNow = START;
  ledger = memoryLedger(() => ledgerNow, LEASE_MS);
});

const envoy = (budgets: readonly Budget[], more: Partial<PlayedEnvoyOptions> = {}) =>
  new PlayedEnvoy({ workers: 1, budgets, ledger, ...more });

async function open(at: PlayedEnvoy, body: Record<string, unknown> = {}, path?: string): Promise<Played> {
  const opened = at.open(body, path === undefined ? {} : { path });
  await at.answerAll();
  return opened;
}

/** What the ledger knows to be used, after everybody has reported. */
async function settled(at: PlayedEnvoy, of: Budget): Promise<number> {
  at.pass(11_000);
  at.tick();
  await at.answerAll();
  return (await ledger.state(of)).settled;
}

describe("what is counted", () => {
  test.each([
    [{ measure: "input_tokens" }, 70],
    [{ measure: "output_tokens" }, 9],
    [{ measure: "total_tokens" }, 79],
    [{ measure: "weighted_tokens", weights: { input: 500, cachedInput: 100, output: 3_000 } }, 35 + 27],
    [{ measure: "requests" }, 1],
    // Millionths, rounded up: 70 tokens for 3 a million, 9 for a little over 15.
    [{ measure: "cost" }, 346],
  ])("%o", async (changes, used) => {
    const of = budget({ window: "day", limit: 100_000, ...changes });
    const at = envoy([of], { prices: { input: 3_000_000, output: 15_000_100 } });
    at.complete(await open(at), 70, 9);
    expect(await settled(at, of)).toBe(used);
  });

  test("concurrent requests, and only while they run", async () => {
    const at = envoy([budget({ measure: "concurrent_requests", window: undefined, limit: 2 })]);
    const first = await open(at);
    const second = await open(at);
    const third = await open(at);
    expect([first, second].map((each) => at.isAdmitted(each))).toEqual([true, true]);
    expect(at.code(third)).toBe("rate_limit_exceeded");
    expect(at.header(third, "retry-after")).toBe("1");
    at.complete(first, 1, 1);
    expect(at.isAdmitted(await open(at))).toBe(true);
  });

  test("models that a budget names, and no others", async () => {
    const own = envoy([budget({ measure: "requests", window: "day", limit: 0, models: ["mod*"] })]);
    expect(own.code(await open(own))).toBe("insufficient_quota");
    const others = envoy([budget({ measure: "requests", window: "day", limit: 0, models: ["other", "model-b"] })]);
    expect(others.isAdmitted(await open(others))).toBe(true);
  });

  test("nothing of a request that no provider has seen", async () => {
    const of = budget({ measure: "requests", window: "day", limit: 10 });
    const at = envoy([of]);
    at.end(await open(at));
    expect(await settled(at, of)).toBe(0);
  });

  test("an answer that is longer than what was set aside, as a debt", async () => {
    const of = budget({ measure: "output_tokens", window: "day", limit: 1_000 });
    const at = envoy([of]);
    at.complete(await open(at, { max_tokens: 600 }), 5, 1_200);
    expect(await settled(at, of)).toBe(1_200);
    expect(at.code(await open(at, { max_tokens: 1 }))).toBe("insufficient_quota");
  });
});

describe("several budgets", () => {
  test("agree, or nothing is set aside of any", async () => {
    const wide = budget({ id: "wide", measure: "requests", window: "day", limit: 100 });
    const narrow = budget({ id: "narrow", measure: "requests", window: "minute", limit: 3 });
    const at = envoy([wide, narrow]);
    const opened = [];
    for (let i = 0; i < 10; i++) opened.push(await open(at));
    expect(opened.filter((each) => at.isAdmitted(each))).toHaveLength(3);
    expect(at.code(opened[9] as Played)).toBe("rate_limit_exceeded");
    for (const each of opened.slice(0, 3)) at.complete(each, 1, 1);
    expect(await settled(at, wide)).toBe(3);
  });

  test("name the one that is spent", async () => {
    const at = envoy([
      budget({ id: "wide", measure: "requests", window: "day", limit: 100 }),
      budget({ id: "spent-one", measure: "requests", window: "month", limit: 0 }),
    ]);
    const refused = await open(at);
    expect(refused.stream.localReply?.status).toBe(429);
    expect(refused.stream.localReply?.body.toString()).toContain("spent-one");
  });
});

describe("a budget in shadow mode", () => {
  test("refuses nobody, and counts what it would have refused", async () => {
    const of = budget({ measure: "requests", window: "day", limit: 1, shadowMode: true });
    const at = envoy([of]);
    for (let i = 0; i < 3; i++) {
      const each = await open(at);
      expect(at.isAdmitted(each)).toBe(true);
      at.complete(each, 1, 1);
    }
    expect(at.metric("sluice.quota_shadowed_total")).toBeGreaterThanOrEqual(1);
    expect(at.metric("sluice.quota_refused_total")).toBe(0);
  });
});

describe("what a budget keeps for higher classes", () => {
  test("is left to them: of 100 with 20 and 30 reserved a lower class has 50", async () => {
    const of = budget({ measure: "requests", window: "day", limit: 100, reserved: { critical: 20, standard: 30 } });
    const at = envoy([of]);
    const running = [];
    for (let i = 0; i < 60; i++) running.push(await open(at));
    expect(running.filter((each) => at.isAdmitted(each))).toHaveLength(50);
    expect(at.code(running[59] as Played)).toBe("insufficient_quota");
    // What ends unused is there for the next, and who is refused asks nobody.
    const asks = at.asks;
    at.end(running[0] as Played);
    running[0] = await open(at);
    expect(at.isAdmitted(running[0])).toBe(true);
    for (let i = 0; i < 20; i++) expect(at.isAdmitted(await open(at))).toBe(false);
    expect(at.asks - asks).toBeLessThanOrEqual(1);
    for (const each of running) if (at.isAdmitted(each)) at.complete(each, 1, 1);
    expect(at.code(await open(at))).toBe("insufficient_quota");
    expect(await settled(at, of)).toBe(50);
  });
});

describe("windows", () => {
  test("begin anew, and what runs over their end is counted where it was set aside", async () => {
    const of = budget({ measure: "requests", window: "minute", limit: 2 });
    const at = envoy([of]);
    const before = [await open(at), await open(at)];
    expect(at.code(await open(at))).toBe("rate_limit_exceeded");
    ledgerNow += 31_000;
    at.pass(31_000);
    const after = await open(at);
    expect(at.isAdmitted(after)).toBe(true);
    for (const each of [...before, after]) at.complete(each, 1, 1);
    for (let i = 0; i < 3; i++) {
      at.pass(1_100);
      at.tick();
      await at.answerAll();
    }
    const old = Math.floor(START / 60_000) * 60_000;
    expect((await ledger.state(of, old)).settled).toBe(2);
    expect(await settled(at, of)).toBe(1);
  });
});

describe("headers", () => {
  test("say what is left of the tightest budget of each kind, as OpenAI names it", async () => {
    const at = envoy([
      budget({ id: "day", measure: "requests", window: "day", limit: 1_000 }),
      budget({ id: "minute", measure: "requests", window: "minute", limit: 10 }),
      budget({ id: "tokens", measure: "total_tokens", window: "hour", limit: 50_000, reserve: "strict" }),
    ]);
    const each = await open(at, { max_tokens: 100 });
    at.complete(each, 5, 5);
    const told = (name: string) => at.header(each, `x-ratelimit-${name}`);
    expect(told("limit-requests")).toBe("10");
    expect(told("remaining-requests")).toBe("9");
    expect(told("reset-requests")).toBe("30s");
    expect(told("limit-tokens")).toBe("50000");
    expect(Number(told("remaining-tokens"))).toBeGreaterThan(49_000);
    expect(Number(told("remaining-tokens"))).toBeLessThan(50_000);
    expect(told("reset-tokens")).toBe("30s");
    expect(at.header(each, "retry-after")).toBeUndefined();
  });

  test("of a refusal say when to come back", async () => {
    const at = envoy([budget({ measure: "requests", window: "minute", limit: 0 })]);
    const refused = await open(at);
    expect(at.header(refused, "retry-after")).toBe("30");
    expect(at.header(refused, "x-ratelimit-limit-requests")).toBe("0");
    expect(at.header(refused, "x-ratelimit-remaining-requests")).toBe("0");
  });

  test("promise nothing of a total, which no time mends", async () => {
    const at = envoy([budget({ measure: "requests", window: "total", limit: 0 })]);
    const refused = await open(at);
    expect(at.code(refused)).toBe("insufficient_quota");
    expect(at.header(refused, "retry-after")).toBeUndefined();
    expect(at.header(refused, "x-ratelimit-reset-requests")).toBeUndefined();
  });

  test("warn from the percentage on that the budget names", async () => {
    const at = envoy([budget({ id: "team", measure: "requests", window: "day", limit: 4, warnAtPercent: 75 })]);
    const warnings = [];
    for (let i = 0; i < 4; i++) {
      const each = await open(at);
      at.complete(each, 1, 1);
      warnings.push(at.header(each, "x-sluice-budget-warning"));
    }
    expect(warnings).toEqual([undefined, undefined, "team;used=75", "team;used=100"]);
  });
});

describe("a strict budget of output", () => {
  const of = budget({ measure: "output_tokens", window: "day", limit: 100_000, reserve: "strict" });

  test.each([
    ["/v1/chat/completions", { messages: [] }, "max_completion_tokens"],
    ["/v1/messages", { messages: [] }, "max_tokens"],
    ["/v1/responses", { input: "x" }, "max_output_tokens"],
    ["/v1/completions", { prompt: "x" }, "max_tokens"],
  ])("caps an answer that its request does not cap: %s", async (path, body, name) => {
    const at = envoy([of]);
    const each = await open(at, body, path);
    expect(at.isAdmitted(each)).toBe(true);
    const forwarded = JSON.parse(each.stream.request.forwarded.text);
    expect(forwarded).toMatchObject({ ...body, [name]: 4_096 });
  });

  test("caps those of Gemini's clients in their own place", async () => {
    const path = "/v1beta/models/model:generateContent";
    for (const generationConfig of [undefined, {}, { temperature: 1 }]) {
      const at = envoy([of]);
      const each = await open(at, { contents: [], ...(generationConfig && { generationConfig }) }, path);
      expect(at.isAdmitted(each)).toBe(true);
      const forwarded = JSON.parse(each.stream.request.forwarded.text);
      expect(forwarded.generationConfig).toEqual({ ...generationConfig, maxOutputTokens: 4_096 });
    }
  });

  test("leaves a cap as it is, and sets aside so much for every choice", async () => {
    const at = envoy([budget({ ...of, limit: 100 })]);
    expect(at.isAdmitted(await open(at, { max_tokens: 50, n: 2 }))).toBe(true);
    const other = envoy([budget({ ...of, id: "other", limit: 100 })]);
    expect(other.code(await open(other, { max_tokens: 50, n: 3 }))).toBe("insufficient_quota");
  });

  test("caps nothing where output costs nothing", async () => {
    const at = envoy([budget({ ...of, measure: "input_tokens" })]);
    const each = await open(at);
    expect(JSON.parse(each.stream.request.forwarded.text)).not.toHaveProperty("max_completion_tokens");
  });
});
