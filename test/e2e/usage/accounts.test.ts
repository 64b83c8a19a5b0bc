// What the gateway accounts for, against what the provider told: whole answers and streams, passed and translated, with
// retries and refusals; in the usage store and in Envoy's own log.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UsageEvent } from "../../../control-plane/usage/event.ts";
import { eventually, Gateway } from "../harness.ts";
import { MeteredProvider, NOTHING } from "./metered-provider.ts";

const LOG = join(tmpdir(), `sluice-usage-${process.pid}.jsonl`);
const PRICES = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000 };

let openai: MeteredProvider;
let anthropic: MeteredProvider;
let gateway: Gateway;

beforeAll(async () => {
  openai = await MeteredProvider.start();
  anthropic = await MeteredProvider.start();
  const provider = { apiKey: "credential", allowPrivateAddress: true };
  const route = (id: string, ...targets: string[]) => ({ id, targets: targets.map((target) => ({ target })) });
  gateway = await Gateway.start(
    {
      providers: [
        { id: "openai", dialect: "openai", baseUrl: `${openai.url}/v1`, ...provider },
        { id: "anthropic", dialect: "anthropic", baseUrl: `${anthropic.url}/v1`, ...provider },
      ],
      targets: [
        { id: "gpt", provider: "openai", model: "gpt-own", prices: PRICES },
        { id: "endless", provider: "openai", model: "endless-own", prices: PRICES },
        { id: "claude", provider: "anthropic", model: "claude-own" },
      ],
      modelRoutes: [
        route("chat", "gpt"),
        route("endless", "endless"),
        route("messages", "claude"),
        route("chat-first", "gpt", "claude"),
      ],
      consumers: [{ id: "team", models: ["*"] }],
    },
    { environment: { SLUICE_USAGE_LOG: LOG }, concurrency: 2 },
  );
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await openai.close();
  await anthropic.close();
});

let since = new Date(Date.now() - 60_000).toISOString();

async function events(count: number): Promise<UsageEvent[]> {
  return eventually(`${count} usage events`, async () => {
    const path = `/usage/events?limit=1000&from=${since}&to=2100-01-01T00:00:00Z`;
    const { items } = await gateway.operator<{ items: UsageEvent[] }>("GET", path);
    if (items.length > count) throw new Error(`${items.length} events`);
    return items.length === count ? items : undefined;
  });
}

const PATHS = { chat: "/v1/chat/completions", messages: "/v1/messages" } as const;
const ask = (path: keyof typeof PATHS, model: string, more: object = {}) =>
  gateway.post(PATHS[path], { model, max_tokens: 9, messages: [{ role: "user", content: "hi" }], ...more });

describe("tokens", () => {
  test.each([
    ["chat", "chat", false],
    ["chat", "chat", true],
    ["chat", "messages", false],
    ["chat", "messages", true],
    ["messages", "chat", false],
    ["messages", "chat", true],
    ["messages", "messages", false],
    ["messages", "messages", true],
  ] as const)("of %s at a provider of %s, streamed: %s", async (path, model, stream) => {
    const provider = model === "chat" ? openai : anthropic;
    provider.told = NOTHING;
    since = new Date().toISOString();
    const answers = 20;
    for (let i = 0; i < answers; i++) await (await ask(path, model, { stream })).text();
    const accounted = await events(answers);
    expect(provider.told.input).toBeGreaterThan(0);
    const sum = (name: "input" | "output" | "cachedInput" | "reasoning") =>
      accounted.reduce((total, { tokens }) => total + tokens[name], 0);
    expect({
      input: sum("input"),
      output: sum("output"),
      cachedInput: sum("cachedInput"),
      reasoning: sum("reasoning"),
    }).toEqual(provider.told);
    expect(accounted.filter(({ estimated }) => estimated)).toEqual([]);
  });
});
