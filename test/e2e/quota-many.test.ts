// One budget over two Envoys of two workers each, with a control plane of their own each, and the ledger in Redis: also while Redis is
// killed and comes back.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../ledger/redis-server.ts";
import { eventually, Gateway } from "./harness.ts";
import { MeteredProvider } from "./usage/metered-provider.ts";

const ROUNDS = 3;

let redis: RedisServer;
let provider: MeteredProvider;
let gateways: Gateway[];

beforeAll(async () => {
  redis = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
  provider = await MeteredProvider.start();
  provider.wordsMax = 1;
  provider.fixed = { input: 7, output: 10, cachedInput: 0, reasoning: 0 };
  const configuration = {
    providers: [
      {
        id: "openai",
        dialect: "openai" as const,
        baseUrl: `${provider.url}/v1`,
        apiKey: "credential",
        allowPrivateAddress: true,
      },
    ],
    targets: [{ id: "own", provider: "openai", model: "gpt-own" }],
    modelRoutes: [{ id: "chat", targets: [{ target: "own" }] }],
    consumers: [{ id: "team", models: ["*"] }],
  };
  const environment = { SLUICE_REDIS_URL: redis.url };
  gateways = await Promise.all([0, 1].map(() => Gateway.start(configuration, { environment, concurrency: 2 })));
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await provider.close();
  await redis.stop();
});

/** The same consumer and budget in both control planes; a key at each. */
async function consumer(id: string, limit: number): Promise<string[]> {
  const budget = { scope: { consumer: id }, measure: "output_tokens", window: "day", limit, reserve: "strict" };
  return Promise.all(
    gateways.map(async (gateway) => {
      await gateway.operator("PUT", `/consumers/${id}`, { models: ["*"] });
      await gateway.operator("PUT", `/budgets/${id}`, budget);
      return gateway.addKey(id);
    }),
  );
}

async function ask(keys: readonly string[], count: number): Promise<Record<number, number>> {
  const body = { model: "chat", max_tokens: 10, messages: [{ role: "user", content: "hi" }] };
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const at = index % gateways.length;
      const headers = { authorization: `Bearer ${keys[at]}` };
      const response = await (gateways[at] as Gateway).post("/v1/chat/completions", body, { headers });
      await response.text();
      return response.status;
    }),
  );
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test("lets exactly 10 of 100 parallel requests of 10 tokens pass at a budget of 100", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = await consumer(`exact-${round}`, 100);
    expect(await ask(keys, 100)).toEqual({ 200: 10, 429: 90 });
  }
});

test("a Redis that is killed and comes back has forgotten nothing", async () => {
  const keys = await consumer("restart", 1_000);
  const before = (await ask(keys, 20))[200] ?? 0;
  expect(before).toBe(20);
  await redis.kill();
  // What is granted may be used; what is not is refused, and nobody hangs.
  const during = await ask(keys, 40);
  expect(Object.keys(during).every((status) => ["200", "503"].includes(status))).toBe(true);
  await redis.start();
  let passed = before + (during[200] ?? 0);
  await eventually("the budget is spent", async () => {
    const counts = await ask(keys, 20);
    passed += counts[200] ?? 0;
    return counts[429] === 20 ? true : undefined;
  });
  expect(passed).toBe(100);
});
