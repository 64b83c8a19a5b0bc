// Budgets on the real Envoy: what the released filter, the control plane and its ledger make of them together.
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, Gateway } from "./harness.ts";
import { MeteredProvider } from "./usage/metered-provider.ts";

let provider: MeteredProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await MeteredProvider.start();
  gateway = await Gateway.start(
    {
      providers: [
        {
          id: "openai",
          dialect: "openai",
          baseUrl: `${provider.url}/v1`,
          apiKey: "credential",
          allowPrivateAddress: true,
        },
      ],
      targets: [
        { id: "own", provider: "openai", model: "gpt-own" },
        { id: "endless", provider: "openai", model: "endless-english" },
      ],
      modelRoutes: [
        { id: "chat", targets: [{ target: "own" }] },
        { id: "endless", targets: [{ target: "endless" }] },
      ],
      consumers: [{ id: "team", models: ["*"] }],
    },
    { concurrency: 2 },
  );
});

afterAll(async () => {
  await gateway.stop();
  await provider.close();
});

/** A consumer of its own, with a key, under these budgets. */
async function consumer(id: string, ...budgets: readonly object[]): Promise<string> {
  await gateway.operator("PUT", `/consumers/${id}`, { models: ["*"] });
  for (const [index, budget] of budgets.entries()) {
    await gateway.operator("PUT", `/budgets/${id}-${index}`, { scope: { consumer: id }, ...budget });
  }
  return gateway.addKey(id);
}

const ask = (key: string, more: object = {}) =>
  gateway.post(
    "/v1/chat/completions",
    { model: "chat", max_tokens: 9, messages: [{ role: "user", content: "hi" }], ...more },
    { headers: { authorization: `Bearer ${key}` } },
  );

async function askMany(key: string, count: number, more: object = {}): Promise<Response[]> {
  const responses = await Promise.all(Array.from({ length: count }, () => ask(key, more)));
  for (const response of responses) await response.text();
  return responses;
}

const statuses = (responses: readonly Response[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const stateOf = (budget: string) =>
  gateway.operator<{ limit: number; used: number; held: number; remaining: number; gateways: number }>(
    "GET",
    `/budgets/${budget}/state`,
  );

describe("a budget of requests", () => {
  test("lets exactly 10 of 100 at once pass, and tells the others when to come back", async () => {
    const key = await consumer("ten", { measure: "requests", window: "day", limit: 10 });
    const responses = await askMany(key, 100);
    expect(statuses(responses)).toEqual({ 200: 10, 429: 90 });
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.headers.get("x-sluice-error")).toBe("insufficient_quota");
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused?.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
    expect(refused?.headers.get("x-ratelimit-limit-requests")).toBe("10");
    expect(refused?.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(refused?.headers.get("x-ratelimit-reset-requests")).toMatch(/^(\d+h)?(\d+m)?\d+s$/);
    const state = await eventually("the use is reported", async () => {
      const now = await stateOf("ten-0");
      return now.used === 10 ? now : undefined;
    });
    expect(state).toMatchObject({ limit: 10, remaining: 0 });
  });

  test("of a minute is a rate limit to SDKs, which wait as they are told", async () => {
    const key = await consumer("minute", { measure: "requests", window: "minute", limit: 0 });
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const asked = client.chat.completions.create({ model: "chat", messages: [{ role: "user", content: "hi" }] });
    const error = await asked.then(
      () => undefined,
      (reason: unknown) => reason as InstanceType<typeof OpenAI.RateLimitError>,
    );
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect([error?.status, error?.code]).toEqual([429, "rate_limit_exceeded"]);
    expect(Number(error?.headers?.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  test("frees its consumer when it is deleted, and counts a limit that was raised from then on", async () => {
    const key = await consumer("freed", { measure: "requests", window: "day", limit: 0 });
    expect((await ask(key)).status).toBe(429);
    await gateway.operator("PUT", "/budgets/freed-0", {
      scope: { consumer: "freed" },
      measure: "requests",
      window: "day",
      limit: 2,
    });
    await eventually("the new limit", async () => ((await ask(key)).status === 200 ? true : undefined));
    await gateway.operator("DELETE", "/budgets/freed-0");
    await eventually("the budget is gone", async () =>
      statuses(await askMany(key, 10))[200] === 10 ? true : undefined,
    );
  });
});

describe("a shared budget that is scarce", () => {
  test("keeps for a higher class what is reserved for it", async () => {
    await gateway.operator("PUT", "/tenants/shared", {});
    const budget = { measure: "requests", window: "day", limit: 10, reserved: { critical: 40 } };
    await gateway.operator("PUT", "/budgets/shared", { scope: { tenant: "shared" }, ...budget });
    const [batch, critical] = await Promise.all(
      ["batch", "critical"].map(async (priority) => {
        await gateway.operator("PUT", `/consumers/${priority}`, { tenant: "shared", models: ["*"], priority });
        return gateway.addKey(priority);
      }),
    );
    let passed = 0;
    await eventually("all that is not reserved is used", async () => {
      passed += statuses(await askMany(batch ?? "", 30))[200] ?? 0;
      return passed >= 6 ? true : undefined;
    });
    expect([passed, statuses(await askMany(batch ?? "", 30))]).toEqual([6, { 429: 30 }]);
    expect(statuses(await askMany(critical ?? "", 30))).toEqual({ 200: 4, 429: 26 });
  });
});

describe("a strict budget of tokens", () => {
  test("lets exactly 10 of 100 parallel requests of 10 tokens pass at a budget of 100", async () => {
    provider.wordsMax = 1;
    provider.fixed = { input: 7, output: 10, cachedInput: 0, reasoning: 0 };
    const key = await consumer("tokens", { measure: "output_tokens", window: "day", limit: 100, reserve: "strict" });
    const responses = await askMany(key, 100, { max_tokens: 10 });
    expect(statuses(responses)).toEqual({ 200: 10, 429: 90 });
    await eventually("the use is reported", async () => ((await stateOf("tokens-0")).used === 100 ? true : undefined));
  });
});

describe("concurrent requests", () => {
  test("are limited while they run, over all workers", async () => {
    const key = await consumer("level", { measure: "concurrent_requests", limit: 3 });
    const running = await Promise.all(Array.from({ length: 3 }, () => ask(key, { model: "endless", stream: true })));
    expect(statuses(running)).toEqual({ 200: 3 });
    const refused = await ask(key);
    expect([refused.status, refused.headers.get("x-sluice-error")]).toEqual([429, "rate_limit_exceeded"]);
    for (const { body } of running) await body?.cancel();
    await eventually("there is room again", async () => ((await ask(key)).status === 200 ? true : undefined));
  });
});

describe("a stream whose budget is spent", () => {
  test("ends with an error event, and the provider's connection is closed", async () => {
    const key = await consumer("cut", { measure: "output_tokens", window: "day", limit: 2_000, onSpent: "cut" });
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const before = provider.hungUp;
    const stream = await client.chat.completions.create({
      model: "endless",
      stream: true,
      messages: [{ role: "user", content: "go on" }],
    });
    let events = 0;
    const read = async () => {
      for await (const _event of stream) events++;
    };
    await expect(read()).rejects.toMatchObject({ code: "insufficient_quota" });
    expect(events).toBeGreaterThan(100);
    await eventually("the provider sees it", async () => (provider.hungUp > before ? true : undefined));
  });
});

describe("a warning", () => {
  test("is a header of replies from the percentage on", async () => {
    const key = await consumer("warned", { measure: "requests", window: "day", limit: 4, warnAtPercent: 50 });
    const told = [];
    for (let i = 0; i < 3; i++) {
      const response = await ask(key);
      await response.text();
      told.push(response.headers.get("x-sluice-budget-warning"));
    }
    expect(told).toEqual([null, "warned-0;used=50", "warned-0;used=75"]);
  });
});

describe("without the control plane", () => {
  test("a budget that denies refuses within the time-out, one that allows lets so much pass, and both count", async () => {
    const denied = await consumer("denied", { measure: "requests", window: "day", limit: 1_000 });
    const allowed = await consumer("allowed", {
      measure: "requests",
      window: "day",
      limit: 1_000,
      onLedgerLost: { mode: "allow", upTo: 3 },
    });
    // Each worker has to know the keys; a budget of which nothing was granted yet is what is asked for.
    await askMany(denied, 20);
    await askMany(allowed, 20);
    await gateway.killControlPlane("SIGKILL");
    const spent = await eventually("what was granted is used up", async () => {
      const responses = [...(await askMany(denied, 40)), ...(await askMany(allowed, 40))];
      return responses.some(({ status }) => status === 503) ? responses : undefined;
    });
    const codes = new Set(spent.map((response) => response.headers.get("x-sluice-error")));
    expect(codes).toContain("quota_unavailable");
    await gateway.startControlPlane();
    await eventually("requests pass again", async () => {
      const responses = [...(await askMany(denied, 4)), ...(await askMany(allowed, 4))];
      return statuses(responses)[200] === 8 ? true : undefined;
    });
  });
});
