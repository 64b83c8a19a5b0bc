// The clients' own SDKs through a real Envoy: every protocol against every dialect, whole and streamed.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startAnthropicProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let openaiProvider: DemoProvider;
let anthropicProvider: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const question = "How is the weather in 北京 \u{1F324}?";
const schema = { type: "object" as const, properties: { city: { type: "string" }, days: { type: "integer" } } };
const toolNames = ["get_weather", "get_time"];

beforeAll(async () => {
  openaiProvider = await startOpenAiProvider({ apiKey: "openai-credential" });
  anthropicProvider = await startAnthropicProvider({ apiKey: "anthropic-credential" });
  gateway = await Gateway.start({
    providers: [
      {
        id: "openai",
        dialect: "openai",
        baseUrl: openaiProvider.url,
        apiKey: "openai-credential",
        allowPrivateAddress: true,
      },
      {
        id: "anthropic",
        dialect: "anthropic",
        baseUrl: anthropicProvider.url,
        apiKey: "anthropic-credential",
        allowPrivateAddress: true,
      },
    ],
    targets: [
      { id: "gpt", provider: "openai", model: "gpt-demo" },
      { id: "claude", provider: "anthropic", model: "claude-demo" },
      { id: "same-name", provider: "openai", model: "gpt-4o" },
    ],
    modelRoutes: [
      { id: "via-openai", targets: [{ target: "gpt" }] },
      { id: "via-anthropic", targets: [{ target: "claude" }] },
      { id: "gpt-4o", targets: [{ target: "same-name" }] },
    ],
    consumers: [{ id: "team", models: ["via-*", "gpt-4o"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await openaiProvider.clearFault();
  await anthropicProvider.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await openaiProvider.close();
  await anthropicProvider.close();
});

function lastRequest(model: string) {
  const provider = model === "via-anthropic" ? anthropicProvider : openaiProvider;
  return provider.requests.at(-1)!;
}

const MODELS = ["via-openai", "via-anthropic"];

describe.each(MODELS)("OpenAI SDK, %s", (model) => {
  const messages = [
    { role: "system" as const, content: "Be brief." },
    { role: "user" as const, content: question },
  ];
  const tools = toolNames.map((name) => ({ type: "function" as const, function: { name, parameters: schema } }));

  test("chat", async () => {
    const reply = await openai.chat.completions.create({ model, messages });
    expect(reply.object).toBe("chat.completion");
    expect(reply.choices[0]?.message).toMatchObject({ role: "assistant", content: expect.stringContaining(question) });
    expect(reply.choices[0]?.finish_reason).toBe("stop");
    expect(reply.usage!.total_tokens).toBe(reply.usage!.prompt_tokens + reply.usage!.completion_tokens);
    expect(lastRequest(model).forbiddenHeaders).toEqual([]);
  });

  test("stream, with usage where asked", async () => {
    const whole = await openai.chat.completions.create({ model, messages });
    const stream = await openai.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(stream);
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(whole.usage!.completion_tokens);
    const without = await all(await openai.chat.completions.create({ model, messages, stream: true }));
    expect(without.every((chunk) => !chunk.usage)).toBe(true);
  });

  test.each([false, true])("parallel tools and their results (stream: %s)", async (streamed) => {
    const ask = { model, messages, tools, tool_choice: "required" as const };
    const message = streamed
      ? await openai.chat.completions.stream(ask).finalMessage()
      : (await openai.chat.completions.create(ask)).choices[0]!.message;
    const calls = message.tool_calls!.map((call) => call as OpenAI.ChatCompletionMessageFunctionToolCall);
    expect(calls.map((call) => call.function.name)).toEqual(toolNames);
    for (const call of calls) expect(JSON.parse(call.function.arguments)).toHaveProperty("city");
    const reply = await openai.chat.completions.create({
      model,
      tools,
      messages: [
        ...messages,
        {
          role: "assistant",
          content: null,
          tool_calls: calls.map(({ id, type, function: { name, arguments: json } }) => ({
            id,
            type,
            function: { name, arguments: json },
          })),
        },
        ...calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "sunny" })),
      ],
    });
    expect(reply.choices[0]?.finish_reason).toBe("stop");
  });

  test("a provider's refusal arrives as the SDK's own error", async () => {
    const provider = model === "via-anthropic" ? anthropicProvider : openaiProvider;
    await provider.setFault({ kind: "status", status: 429, message: "slow down", retryAfterSeconds: 7 });
    const error = await openai.chat.completions.create({ model, messages }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.message).toContain("slow down");
    expect(error.headers.get("retry-after")).toBe("7");
  });
});

describe.each(MODELS)("Anthropic SDK, %s", (model) => {
  const ask = { model, max_tokens: 500, system: "Be brief.", messages: [{ role: "user" as const, content: question }] };
  const tools = toolNames.map((name) => ({ name, input_schema: schema }));

  test("message", async () => {
    const reply = await anthropic.messages.create(ask);
    expect(reply).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(reply.content[0]).toMatchObject({ type: "text", text: expect.stringContaining(question) });
    expect(reply.usage.output_tokens).toBeGreaterThan(0);
    expect(lastRequest(model).forbiddenHeaders).toEqual([]);
  });

  test("stream", async () => {
    const whole = await anthropic.messages.create(ask);
    const events = await all(await anthropic.messages.create({ ...ask, stream: true }));
    expect(events[0]?.type).toBe("message_start");
    expect(events.at(-1)?.type).toBe("message_stop");
    const final = await anthropic.messages.stream(ask).finalMessage();
    expect(final.content).toEqual(whole.content);
    expect(final.stop_reason).toBe(whole.stop_reason);
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  test.each([false, true])("parallel tools and their results (stream: %s)", async (streamed) => {
    const withTools = { ...ask, tools, tool_choice: { type: "any" as const } };
    const reply = streamed
      ? await anthropic.messages.stream(withTools).finalMessage()
      : await anthropic.messages.create(withTools);
    expect(reply.stop_reason).toBe("tool_use");
    const calls = reply.content.filter((block) => block.type === "tool_use");
    expect(calls.map(({ name }) => name)).toEqual(toolNames);
    const results = calls.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: "sunny" }));
    const last = await anthropic.messages.create({
      ...ask,
      tools,
      messages: [
        ...ask.messages,
        {
          role: "assistant",
          content: calls.map(({ id, name, input }) => ({ type: "tool_use" as const, id, name, input })),
        },
        { role: "user", content: results },
      ],
    });
    expect(last.stop_reason).toBe("end_turn");
  });

  test("a provider's refusal arrives as the SDK's own error", async () => {
    const provider = model === "via-anthropic" ? anthropicProvider : openaiProvider;
    await provider.setFault({ kind: "status", status: 429, message: "slow down" });
    const error = await anthropic.messages.create(ask).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    expect(error.message).toContain("slow down");
    expect(error.error.type).toBe("error");
  });
});

describe("errors of the gateway", () => {
  test("a wrong key", async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-slc-wrong", maxRetries: 0 });
    const error = await client.models.list().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error.code).toBe("invalid_api_key");
  });

  test("a model that the key may not call, and one that nobody has", async () => {
    const messages = [{ role: "user" as const, content: "hi" }];
    const denied = await openai.chat.completions.create({ model: "o9", messages }).catch((thrown) => thrown);
    expect([denied.status, denied.code]).toEqual([403, "model_not_allowed"]);
    const unknown = await openai.chat.completions.create({ model: "via-x", messages }).catch((thrown) => thrown);
    expect([unknown.status, unknown.code]).toEqual([404, "model_not_found"]);
  });
});

test("identity: unknown fields reach the provider byte for byte, and the reply the client", async () => {
  const body = `{ "model" : "gpt-4o",  "x_unknown":{"a":[1.50,1e400,-0]},"messages":[{"role":"user","content":"h\\u00e9\\ud83d\\ude00 \\/"}] }`;
  await gateway.post("/v1/chat/completions", body);
  expect(openaiProvider.requests.at(-1)!.body).toBe(body);
  const renamed = body.replace("gpt-4o", "via-openai");
  const response = await gateway.post("/v1/chat/completions", renamed);
  expect(openaiProvider.requests.at(-1)!.body).toBe(body.replace("gpt-4o", "gpt-demo"));
  expect(response.status).toBe(200);
});

test("provider cookies and rate limits stay at the gateway; client credentials and cookies never go up", async () => {
  const response = await gateway.post(
    "/v1/chat/completions?key=abc",
    { model: "gpt-4o", messages: [{ role: "user", content: "hi" }] },
    {
      headers: {
        cookie: "session=1",
        "x-goog-api-key": "g",
        "api-key": "a",
        "x-envoy-max-retries": "9",
        "accept-encoding": "gzip",
        "x-sluice-anything": "1",
        "x-forwarded-for": "1.2.3.4",
      },
    },
  );
  expect(response.status).toBe(200);
  const seen = openaiProvider.requests.at(-1)!;
  expect(seen.forbiddenHeaders).toEqual([]);
  expect(Object.keys(seen.headers).filter((name) => /^x-(envoy|sluice|forwarded)/.test(name))).toEqual([]);
  expect(seen.headers.authorization).toBe("Bearer openai-credential");
  const names = [...response.headers.keys()];
  expect(names.filter((name) => /cookie|ratelimit|organization|processing|envoy/.test(name))).toEqual([]);
  expect(response.headers.get("x-sluice-target")).toBe("same-name");
});
