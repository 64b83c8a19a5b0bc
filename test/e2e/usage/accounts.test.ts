// What the gateway accounts for, against what the provider told: whole answers and streams, passed and translated, with
// retries and refusals; in the usage store and in Envoy's own log.
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type UsageEvent, usageEventSchema } from "../../../control-plane/usage/event.ts";
import { eventually, Gateway } from "../harness.ts";
import { MeteredProvider, NOTHING } from "./metered-provider.ts";

const LOG = join(tmpdir(), `sluice-usage-${process.pid}.jsonl`);
const PRICES = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000 };

let openai: MeteredProvider;
let anthropic: MeteredProvider;
let gateway: Gateway;
/** Takes a request, and hangs up without a word. */
const rude = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.destroy()));
const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A port on which nobody listens. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  return port;
}

beforeAll(async () => {
  await once(rude.listen(0, "127.0.0.1"), "listening");
  openai = await MeteredProvider.start();
  anthropic = await MeteredProvider.start();
  const provider = { apiKey: "credential", allowPrivateAddress: true };
  const route = (id: string, ...targets: string[]) => ({ id, targets: targets.map((target) => ({ target })) });
  gateway = await Gateway.start(
    {
      providers: [
        { id: "openai", dialect: "openai", baseUrl: `${openai.url}/v1`, ...provider },
        { id: "anthropic", dialect: "anthropic", baseUrl: `${anthropic.url}/v1`, ...provider },
        { id: "nobody", dialect: "openai", baseUrl: `http://127.0.0.1:${await unusedPort()}/v1`, ...provider },
        { id: "rude", dialect: "openai", baseUrl: `http://127.0.0.1:${portOf(rude)}/v1`, ...provider },
      ],
      targets: [
        { id: "gpt", provider: "openai", model: "gpt-own", prices: PRICES },
        { id: "endless-en", provider: "openai", model: "endless-english" },
        { id: "endless-zh", provider: "openai", model: "endless-chinese" },
        { id: "endless-claude-en", provider: "anthropic", model: "endless-english" },
        { id: "endless-claude-zh", provider: "anthropic", model: "endless-chinese" },
        { id: "claude", provider: "anthropic", model: "claude-own" },
        { id: "nobody", provider: "nobody", model: "any" },
        { id: "rude", provider: "rude", model: "any" },
      ],
      modelRoutes: [
        route("chat", "gpt"),
        route("endless-english", "endless-en"),
        route("endless-chinese", "endless-zh"),
        route("endless-claude-english", "endless-claude-en"),
        route("endless-claude-chinese", "endless-claude-zh"),
        route("messages", "claude"),
        route("chat-first", "gpt", "claude"),
        route("refused-first", "nobody", "gpt"),
        route("hung-up-first", "rude", "gpt"),
      ],
      consumers: [{ id: "team", models: ["*"] }],
    },
    { environment: { SLUICE_USAGE_LOG: LOG }, concurrency: 2 },
  );
});

afterAll(async () => {
  await gateway.stop();
  rude.close();
  await openai.close();
  await anthropic.close();
  rmSync(LOG, { force: true });
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

/** Tokens after which a stream without end says nothing more, and how long that is watched. */
const GENERATED = 301;
const QUIET_MS = 200;

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

describe("an event", () => {
  test("says who asked what of whom, and what it cost", async () => {
    openai.told = NOTHING;
    since = new Date().toISOString();
    const before = Date.now();
    openai.wordsMax = 100;
    await (await ask("chat", "chat")).text();
    const [event] = await events(1);
    const { input, output, cachedInput } = openai.told;
    const cost = (input - cachedInput) * PRICES.input + cachedInput * PRICES.cacheRead + output * PRICES.output;
    expect(event).toMatchObject({
      kind: "exchange",
      consumer: "team",
      protocol: "openai",
      operation: "chat",
      streaming: false,
      model: "chat",
      route: "chat",
      target: "gpt",
      provider: "openai",
      requestModel: "gpt-own",
      responseModel: "gpt-own-2026",
      attempts: 1,
      status: 200,
      cache: "none",
      costNanos: Math.round(cost / 1000),
      currency: "USD",
      estimated: false,
    });
    expect(event?.id).toMatch(/^[0-9a-f]{16}-\d+$/);
    expect(event?.keyId).toMatch(/^[0-9a-f]{16}$/);
    expect(event?.startedAt).toBeGreaterThanOrEqual(before);
    expect(event?.durationMs).toBeLessThanOrEqual(Date.now() - before);
  });

  test("of a stream says when its first content came", async () => {
    since = new Date().toISOString();
    await (await ask("messages", "messages", { stream: true })).text();
    const [event] = await events(1);
    expect(event).toMatchObject({ protocol: "anthropic", operation: "messages", streaming: true, target: "claude" });
    expect(event?.firstTokenMs).toBeLessThanOrEqual(event?.durationMs ?? 0);
  });

  test("of an abandoned attempt stands beside that of its exchange", async () => {
    since = new Date().toISOString();
    openai.statuses.push(503);
    anthropic.told = NOTHING;
    await (await ask("chat", "chat-first")).text();
    const both = await events(2);
    const attempt = both.find(({ kind }) => kind === "attempt");
    const exchange = both.find(({ kind }) => kind === "exchange");
    expect(attempt).toMatchObject({ target: "gpt", status: 503, attempts: 1, estimated: true, costNanos: 0 });
    expect(attempt?.tokens).toMatchObject({ input: 0, output: 0 });
    expect(exchange).toMatchObject({ target: "claude", status: 200, attempts: 2, estimated: false });
    expect(exchange?.tokens.output).toBe(anthropic.told.output);
  });

  test("of an error costs nothing and names it", async () => {
    since = new Date().toISOString();
    openai.statuses.push(500);
    expect((await ask("chat", "chat")).status).toBe(500);
    await (await ask("chat", "nobody")).text();
    await (await ask("chat", "chat", { messages: 7 })).text();
    const [failed, unknown, invalid] = await events(3);
    const nothing = { costNanos: 0, estimated: false, tokens: { input: 0, output: 0 } };
    expect(failed).toMatchObject({ status: 500, error: "upstream_error", target: "gpt", ...nothing });
    expect(unknown).toMatchObject({ status: 404, error: "model_not_found", model: "nobody", route: "", ...nothing });
    expect(unknown).not.toHaveProperty("target");
    expect(invalid).toMatchObject({ status: 400, error: "invalid_type", attempts: 0, ...nothing });
  });

  test("of an attempt that found no connection charges nothing, of one that was cut off what it had been sent", async () => {
    since = new Date().toISOString();
    expect((await ask("chat", "refused-first")).status).toBe(200);
    const [attempt, exchange] = await events(2);
    const nothing = { costNanos: 0, tokens: { input: 0, output: 0 } };
    expect(attempt).toMatchObject({ kind: "attempt", target: "nobody", status: 0, ...nothing });
    expect(exchange).toMatchObject({ kind: "exchange", target: "gpt", attempts: 2, status: 200 });
    since = new Date().toISOString();
    expect((await ask("chat", "hung-up-first")).status).toBe(200);
    const [hungUp] = await events(2);
    expect(hungUp).toMatchObject({ kind: "attempt", target: "rude", status: 0, estimated: true });
    expect(hungUp?.tokens.input).toBeGreaterThan(0);
  });

  test.each([
    ["chat", "endless-english"],
    ["chat", "endless-chinese"],
    ["messages", "endless-claude-english"],
    ["messages", "endless-claude-chinese"],
    ["chat", "endless-claude-english"],
    ["messages", "endless-chinese"],
  ] as const)("of a %s client that went away from %s is estimated within a tenth", async (path, model) => {
    const provider = model.includes("claude") ? anthropic : openai;
    since = new Date().toISOString();
    const controller = new AbortController();
    provider.generatedMax = GENERATED;
    const body = { model, stream: true, max_tokens: 9, messages: [{ role: "user", content: "hi" }] };
    const response = await gateway.post(PATHS[path], body, { signal: controller.signal });
    // All that was generated has passed when nothing comes any more.
    let newest = Date.now();
    const reading = (async () => {
      for await (const _chunk of response.body as unknown as AsyncIterable<Uint8Array>) newest = Date.now();
    })().catch(() => {});
    await eventually("the provider's words have passed", async () =>
      provider.generated >= GENERATED && Date.now() - newest > QUIET_MS ? true : undefined,
    );
    controller.abort();
    await reading;
    provider.generatedMax = Number.POSITIVE_INFINITY;
    const [event] = await events(1);
    expect(event).toMatchObject({ status: 200, requestModel: model.replace("claude-", ""), estimated: true });
    expect(event?.tokens.input).toBeGreaterThan(0);
    const ratio = (event?.tokens.output ?? 0) / provider.generated;
    process.stdout.write(`estimate: ${path} at ${model}: ${ratio.toFixed(3)} of ${provider.generated} tokens\n`);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
  });
});

describe("metrics", () => {
  /** `name{tags}` → value, of the filter's own. */
  async function samples(): Promise<Map<string, number>> {
    const text = await (await fetch(`${gateway.adminUrl}/stats/prometheus`)).text();
    const lines = text.split("\n").flatMap((line) => /^((?:sluice|gen_ai)_\S+) (\d+)$/.exec(line) ?? []);
    const found = new Map<string, number>();
    for (let i = 0; i < lines.length; i += 3) found.set(lines[i + 1] ?? "", Number(lines[i + 2]));
    return found;
  }
  const find = (all: Map<string, number>, name: string, ...wanted: string[]) =>
    [...all].find(([key]) => key.startsWith(`${name}{`) && wanted.every((tag) => key.includes(tag)))?.[1] ?? 0;
  const OF = ['model="messages"', 'target="claude"', 'tenant="none"'];

  test("count tokens and exchanges by model, target and tenant", async () => {
    const before = await samples();
    anthropic.told = NOTHING;
    since = new Date().toISOString();
    for (let i = 0; i < 3; i++) await (await ask("messages", "messages", { stream: true })).text();
    await events(3);
    const after = await eventually("the metrics are flushed", async () => {
      const now = await samples();
      const count = find(now, "sluice_exchanges_total", ...OF, 'status="2xx"');
      return count === find(before, "sluice_exchanges_total", ...OF, 'status="2xx"') + 3 ? now : undefined;
    });
    const grown = (type: string) =>
      find(after, "sluice_tokens_total", ...OF, `type="${type}"`) -
      find(before, "sluice_tokens_total", ...OF, `type="${type}"`);
    expect([grown("input"), grown("output")]).toEqual([anthropic.told.input, anthropic.told.output]);
    for (const name of [
      "gen_ai_client_token_usage",
      "gen_ai_server_request_duration_ms",
      "gen_ai_server_time_to_first_token_ms",
    ]) {
      expect(find(after, `${name}_count`, ...OF)).toBeGreaterThanOrEqual(3);
    }
  });

  test("name no key, and no model that a client made up", async () => {
    await (await ask("chat", "made-up")).text();
    const names = [...(await samples()).keys()].join("\n");
    expect(names).not.toContain("made-up");
    expect(names).not.toContain("team");
  });
});

test("lists of models and unknown keys are no usage", async () => {
  since = new Date().toISOString();
  await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${gateway.key}` } });
  await gateway.post(PATHS.chat, { model: "chat" }, { headers: { authorization: "Bearer sk-nobody" } });
  await (await ask("chat", "chat")).text();
  expect(await events(1)).toHaveLength(1);
});

test("Envoy's log holds the same lines as the store", async () => {
  const stored = await gateway.operator<{ items: UsageEvent[] }>(
    "GET",
    "/usage/events?limit=1000&from=2020-01-01&to=2100-01-01",
  );
  const ids = new Set(stored.items.map(({ id }) => id));
  expect(ids.size).toBeGreaterThan(160);
  expect(await gateway.traps()).toEqual([]);
  await gateway.stopEnvoy();
  const lines = readFileSync(LOG, "utf8").trim().split("\n");
  const logged = lines.map((line) => usageEventSchema.parse(JSON.parse(line)));
  expect(new Set(logged.map(({ id }) => id))).toEqual(ids);
  for (const event of logged) {
    expect(stored.items.find(({ id }) => id === event.id)).toEqual(event);
  }
});
