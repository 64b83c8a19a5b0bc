// Dify, Coze and Bailian applications answer as models behind real Envoy: the OpenAI and Anthropic SDKs, whole and
// streamed, what is refused, and every kind of failure.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startBailianProvider,
  startCozeProvider,
  startDifyProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

const PLATFORMS = [
  { dialect: "dify", start: startDifyProvider, model: "any-name", path: "/v1/chat-messages" },
  { dialect: "coze", start: startCozeProvider, model: "7379462189365198898", path: "/v3/chat" },
  { dialect: "bailian", start: startBailianProvider, model: "app-demo", path: "/api/v1/apps/app-demo/completion" },
] as const;

const providers = new Map<string, DemoProvider>();
let spare: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const question = "今天北京的天气怎么样 \u{1F324}?";
const messages = [{ role: "user" as const, content: question }];
const asked = (dialect: string) => providers.get(dialect)!.requests.at(-1)!;
const joined = (chunks: OpenAI.ChatCompletionChunk[]) =>
  chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

beforeAll(async () => {
  for (const { dialect, start } of PLATFORMS) providers.set(dialect, await start({ apiKey: `${dialect}-credential` }));
  spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  const address = (id: string, provider: DemoProvider) => ({
    id,
    baseUrl: provider.url,
    apiKey: `${id}-credential`,
    allowPrivateAddress: true,
  });
  gateway = await Gateway.start({
    providers: [
      ...PLATFORMS.map(({ dialect }) => ({ dialect, ...address(dialect, providers.get(dialect)!) })),
      { dialect: "openai", ...address("openai", spare) },
    ],
    targets: [
      ...PLATFORMS.map(({ dialect, model }) => ({ id: dialect, provider: dialect, model })),
      { id: "gone", provider: "coze", model: "no-such-bot" },
      { id: "gpt", provider: "openai", model: "gpt-demo" },
    ],
    modelRoutes: [
      ...PLATFORMS.map(({ dialect }) => ({ id: dialect, targets: [{ target: dialect }] })),
      ...PLATFORMS.map(({ dialect }) => ({
        id: `${dialect}-or-gpt`,
        targets: [{ target: dialect }, { target: "gpt" }],
      })),
      { id: "gone", targets: [{ target: "gone" }] },
      { id: "gone-or-gpt", targets: [{ target: "gone" }, { target: "gpt" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  for (const provider of providers.values()) await provider.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  for (const provider of [...providers.values(), spare]) await provider.close();
});

describe.each(PLATFORMS)("$dialect", ({ dialect, path }) => {
  const ask = { model: dialect, max_tokens: 500, messages };

  test("OpenAI SDK, whole", async () => {
    const reply = await openai.chat.completions.create({ model: dialect, messages });
    expect(reply).toMatchObject({ object: "chat.completion", model: dialect, choices: [{ finish_reason: "stop" }] });
    expect(reply.choices[0]?.message.content).toContain(question);
    expect(reply.usage!.total_tokens).toBe(reply.usage!.prompt_tokens + reply.usage!.completion_tokens);
    expect(reply.usage!.completion_tokens).toBeGreaterThan(5);
    expect(asked(dialect)).toMatchObject({ path, forbiddenHeaders: [] });
  });

  test("OpenAI SDK, streamed piece by piece, with usage", async () => {
    const whole = await openai.chat.completions.create({ model: dialect, messages });
    const usage = { stream: true as const, stream_options: { include_usage: true } };
    const chunks = await all(await openai.chat.completions.create({ model: dialect, messages, ...usage }));
    expect(joined(chunks)).toBe(whole.choices[0]?.message.content);
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
  });

  test("a conversation", async () => {
    const turns = [
      { role: "system" as const, content: "请简短回答。" },
      { role: "user" as const, content: "你好" },
      { role: "assistant" as const, content: "你好!" },
      ...messages,
    ];
    const reply = await openai.chat.completions.create({ model: dialect, messages: turns });
    expect(reply.choices[0]?.message.content).toContain(question);
    for (const { content } of turns) expect(asked(dialect).body).toContain(content);
  });

  test("an image by URL", async () => {
    const url = "https://example.com/a.png";
    const parts = [
      { type: "text" as const, text: question },
      { type: "image_url" as const, image_url: { url } },
    ];
    const reply = await openai.chat.completions.create({
      model: dialect,
      messages: [{ role: "user", content: parts }],
    });
    expect(reply.choices[0]?.message.content).toContain(question);
    expect(asked(dialect).body).toContain(url);
  });

  test("Anthropic SDK, whole and streamed", async () => {
    const whole = await anthropic.messages.create({ ...ask, system: "请简短回答。" });
    expect(whole).toMatchObject({ type: "message", stop_reason: "end_turn" });
    expect(whole.content[0]).toMatchObject({ type: "text", text: expect.stringContaining(question) });
    const final = await anthropic.messages.stream({ ...ask, system: "请简短回答。" }).finalMessage();
    expect(final.content).toEqual(whole.content);
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  test("tools are refused by name, tuning is dropped and named", async () => {
    const tools = [{ type: "function" as const, function: { name: "f", parameters: { type: "object" } } }];
    const refused = await openai.chat.completions
      .create({ model: dialect, messages, tools })
      .catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect((refused as Error).message).toContain("tools cannot be sent to this provider");
    const tuned = openai.chat.completions.create({ model: dialect, messages, temperature: 0.2, seed: 1 });
    const { response } = await tuned.withResponse();
    expect(response.headers.get("x-sluice-dropped-fields")).toBe("temperature, seed");
  });

  test.each([
    [400, OpenAI.BadRequestError, Anthropic.BadRequestError],
    [404, OpenAI.NotFoundError, Anthropic.NotFoundError],
    [429, OpenAI.RateLimitError, Anthropic.RateLimitError],
    [500, OpenAI.InternalServerError, Anthropic.InternalServerError],
  ])("status %d keeps the platform's words", async (status, openaiError, anthropicError) => {
    await providers.get(dialect)!.setFault({ kind: "status", status, message: "额度已用完", retryAfterSeconds: 7 });
    const chat = await openai.chat.completions.create({ model: dialect, messages }).catch((thrown) => thrown);
    expect(chat).toBeInstanceOf(openaiError);
    expect(chat.message).toContain("额度已用完");
    expect(chat.headers.get("retry-after")).toBe("7");
    const message = await anthropic.messages.create(ask).catch((thrown) => thrown);
    expect(message).toBeInstanceOf(anthropicError);
    expect(message.message).toContain("额度已用完");
  });

  test("a stream that is cut raises, also where it would have been folded", async () => {
    await providers.get(dialect)!.setFault({ kind: "cut", afterEvents: 4 });
    const streamed = async () => all(await openai.chat.completions.create({ model: dialect, messages, stream: true }));
    await expect(streamed()).rejects.toThrow();
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow();
    const whole = await openai.chat.completions.create({ model: dialect, messages }).catch((thrown) => thrown);
    // Bailian answers at once where no stream is asked for: there is nothing to cut.
    if (dialect === "bailian") expect(whole.choices).toHaveLength(1);
    else expect([whole.status, whole.code]).toEqual([502, "upstream_stream_cut"]);
  });

  test("an error within the stream raises with the platform's words", async () => {
    await providers.get(dialect)!.setFault({ kind: "sse-error", message: "应用出错" });
    const streamed = async () => all(await openai.chat.completions.create({ model: dialect, messages, stream: true }));
    await expect(streamed()).rejects.toThrow("应用出错");
    const whole = await openai.chat.completions.create({ model: dialect, messages }).catch((thrown) => thrown);
    expect(whole).toBeInstanceOf(OpenAI.InternalServerError);
    expect(whole.message).toContain("应用出错");
  });

  test("a stream in small pieces is the same stream", async () => {
    const whole = await openai.chat.completions.create({ model: dialect, messages });
    await providers.get(dialect)!.setFault({ kind: "chop", chunkBytes: 7 });
    const chunks = await all(await openai.chat.completions.create({ model: dialect, messages, stream: true }));
    expect(joined(chunks)).toBe(whole.choices[0]?.message.content);
  });

  test.each([false, true])("another dialect's target takes over (stream: %s)", async (stream) => {
    await providers.get(dialect)!.setFault({ kind: "status", status: 503 });
    const reply = await gateway.post("/v1/chat/completions", { model: `${dialect}-or-gpt`, messages, stream });
    expect(await reply.text()).toContain("gpt-demo");
    const seen = spare.requests.at(-1)!;
    expect(seen).toMatchObject({ path: "/v1/chat/completions", forbiddenHeaders: [] });
    expect(seen.headers).not.toHaveProperty("x-dashscope-sse");
  });
});

describe("Coze's errors, which come with status 200", () => {
  test.each([false, true])("are errors for clients (stream: %s)", async (stream) => {
    const error = await openai.chat.completions.create({ model: "gone", messages, stream }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error.message).toContain("The bot_id does not exist");
    expect(error.code).toBe("4200");
    const other = { model: "gone", max_tokens: 5, messages, stream };
    const message = await anthropic.messages.create(other).catch((thrown) => thrown);
    expect(message).toBeInstanceOf(Anthropic.NotFoundError);
  });

  test("give the next target its turn", async () => {
    const reply = await openai.chat.completions.create({ model: "gone-or-gpt", messages });
    expect(reply.choices[0]?.message.content).toContain("gpt-demo");
  });

  test("do not tell clients of the gateway's own credential", async () => {
    const provider = providers.get("coze")!;
    const id = "coze-wrong";
    const body = { dialect: "coze", baseUrl: provider.url, apiKey: "wrong-credential", allowPrivateAddress: true };
    await gateway.operator("PUT", `/providers/${id}`, body);
    await gateway.operator("PUT", `/targets/${id}`, { provider: id, model: "7379462189365198898" });
    await gateway.operator("PUT", `/model-routes/${id}`, { targets: [{ target: id }] });
    await gateway.live();
    for (const stream of [false, true]) {
      const error = await openai.chat.completions.create({ model: id, messages, stream }).catch((thrown) => thrown);
      expect([error.status, error.code]).toEqual([502, "upstream_credential_rejected"]);
    }
  });
});
