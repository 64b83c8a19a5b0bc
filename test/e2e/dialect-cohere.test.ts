// Cohere's v2 Chat behind real Envoy: the OpenAI and Anthropic SDKs, whole and streamed, and every kind of failure.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type DemoProvider, startCohereProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let cohere: DemoProvider;
let spare: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const model = "command";
const question = "今天北京的天气怎么样 \u{1F324}?";
const messages = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: question },
];
const schema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const tools = ["get_weather", "get_time"].map((name) => ({
  type: "function" as const,
  function: { name, parameters: schema },
}));
const ask = { model, max_tokens: 500, system: "Be brief.", messages: [{ role: "user" as const, content: question }] };

beforeAll(async () => {
  cohere = await startCohereProvider({ apiKey: "cohere-credential" });
  spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  gateway = await Gateway.start({
    providers: [
      {
        id: "cohere",
        dialect: "cohere",
        baseUrl: cohere.url,
        apiKey: "cohere-credential",
        allowPrivateAddress: true,
      },
      {
        id: "spare",
        dialect: "openai",
        baseUrl: spare.url,
        apiKey: "openai-credential",
        allowPrivateAddress: true,
      },
    ],
    targets: [
      { id: "command", provider: "cohere", model: "command-demo" },
      { id: "rerank", provider: "cohere", model: "rerank-demo" },
      { id: "gpt", provider: "spare", model: "gpt-demo" },
    ],
    modelRoutes: [
      { id: "command", targets: [{ target: "command" }] },
      { id: "with-spare", targets: [{ target: "command" }, { target: "gpt" }] },
      { id: "ranker", targets: [{ target: "rerank" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await cohere.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await cohere.close();
  await spare.close();
});

describe("OpenAI SDK", () => {
  test("chat", async () => {
    const reply = await openai.chat.completions.create({ model, messages, seed: 7, stop: ["\u0000"], top_p: 0.9 });
    expect(reply.choices[0]?.message.content).toContain(question);
    expect(reply).toMatchObject({ object: "chat.completion", model, choices: [{ finish_reason: "stop" }] });
    expect(reply.usage!.prompt_tokens).toBeGreaterThan(60);
    expect(cohere.requests.at(-1)).toMatchObject({ path: "/v2/chat", forbiddenHeaders: [], json: { seed: 7, p: 0.9 } });
  });

  test("stream, with usage", async () => {
    const whole = await openai.chat.completions.create({ model, messages });
    const ask = { model, messages, stream: true as const, stream_options: { include_usage: true } };
    const chunks = await all(await openai.chat.completions.create(ask));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
  });

  test.each([false, true])("parallel tools and their results (stream: %s)", async (streamed) => {
    const ask = { model, messages, tools, tool_choice: "required" as const };
    const message = streamed
      ? await openai.chat.completions.stream(ask).finalMessage()
      : (await openai.chat.completions.create(ask)).choices[0]!.message;
    expect(message.content).toBe("I will use the tools.");
    const calls = message.tool_calls!.filter((call) => call.type === "function");
    expect(calls.map((call) => call.function.name)).toEqual(["get_weather", "get_time"]);
    for (const call of calls) expect(JSON.parse(call.function.arguments)).toHaveProperty("city");
    const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "晴" }));
    const turn = { role: "assistant" as const, content: message.content, tool_calls: calls };
    const reply = await openai.chat.completions.create({ model, tools, messages: [...messages, turn, ...results] });
    expect(reply.choices[0]?.finish_reason).toBe("stop");
    expect(cohere.requests.at(-1)!.json).toMatchObject({ messages: { 2: { tool_plan: "I will use the tools." } } });
  });

  test("one named function", async () => {
    const choice = { type: "function" as const, function: { name: "get_time" } };
    const reply = await openai.chat.completions.create({ model, messages, tools, tool_choice: choice });
    const calls = reply.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === "function" && call.function.name)).toEqual(["get_time"]);
  });

  test("structured output", async () => {
    const format = { type: "json_schema" as const, json_schema: { name: "city", strict: true, schema } };
    const reply = await openai.chat.completions.parse({ model, messages, response_format: format });
    expect(reply.choices[0]?.message.parsed).toHaveProperty("city");
  });

  test("thinking and citations arrive as chat's extensions", async () => {
    const extras = {
      documents: [{ id: "d1", data: { title: "天气预报", text: "晴" } }],
      reasoning_effort: "low" as const,
    };
    const whole = await openai.chat.completions.create({ model, messages, ...extras });
    const message = whole.choices[0]!.message as OpenAI.ChatCompletionMessage & { reasoning_content?: string };
    expect(message.reasoning_content).toBe("Demo thought.");
    expect(message.annotations).toEqual([
      {
        type: "url_citation",
        url_citation: { start_index: 0, end_index: [...message.content!].length, url: "d1", title: "天气预报" },
      },
    ]);
    const chunks = await all(await openai.chat.completions.create({ model, messages, ...extras, stream: true }));
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta as Record<string, unknown> | undefined);
    expect(deltas.find((delta) => delta?.annotations)?.annotations).toEqual(message.annotations);
  });

  test("what would change the answer is refused by name", async () => {
    const error = await openai.chat.completions.create({ model, messages, n: 2 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain("n '2' cannot be sent to this provider");
  });

  test("what only labels is dropped and named", async () => {
    const { response } = await openai.chat.completions
      .create({ model, messages, user: "u", store: true })
      .withResponse();
    expect(response.headers.get("x-sluice-dropped-fields")).toBe("user, store");
  });
});

describe("Anthropic SDK", () => {
  test("message, whole and streamed", async () => {
    const whole = await anthropic.messages.create(ask);
    expect(whole).toMatchObject({ type: "message", stop_reason: "end_turn" });
    expect(whole.content[0]).toMatchObject({ type: "text", text: expect.stringContaining(question) });
    const final = await anthropic.messages.stream(ask).finalMessage();
    expect(final.content).toEqual(whole.content);
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  test.each([false, true])("parallel tools and their results (stream: %s)", async (streamed) => {
    const own = tools.map(({ function: { name } }) => ({ name, input_schema: schema }));
    const withTools = { ...ask, tools: own, tool_choice: { type: "any" as const } };
    const reply = streamed
      ? await anthropic.messages.stream(withTools).finalMessage()
      : await anthropic.messages.create(withTools);
    expect(reply.stop_reason).toBe("tool_use");
    const calls = reply.content.filter((block) => block.type === "tool_use");
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    const results = calls.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: "晴" }));
    const turns = [
      { role: "assistant" as const, content: reply.content },
      { role: "user" as const, content: results },
    ];
    const last = await anthropic.messages.create({ ...ask, tools: own, messages: [...ask.messages, ...turns] });
    expect(last.stop_reason).toBe("end_turn");
  });
});

describe("failures", () => {
  test.each([
    [400, OpenAI.BadRequestError, Anthropic.BadRequestError],
    [404, OpenAI.NotFoundError, Anthropic.NotFoundError],
    [429, OpenAI.RateLimitError, Anthropic.RateLimitError],
    [500, OpenAI.InternalServerError, Anthropic.InternalServerError],
  ])("status %d keeps Cohere's words", async (status, openaiError, anthropicError) => {
    await cohere.setFault({ kind: "status", status, message: "试用额度已用完", retryAfterSeconds: 7 });
    const chat = await openai.chat.completions.create({ model, messages }).catch((thrown) => thrown);
    expect(chat).toBeInstanceOf(openaiError);
    expect(chat.message).toContain("试用额度已用完");
    expect(chat.headers.get("retry-after")).toBe("7");
    const message = await anthropic.messages.create(ask).catch((thrown) => thrown);
    expect(message).toBeInstanceOf(anthropicError);
    expect(message.message).toContain("试用额度已用完");
  });

  test("a credential that Cohere refuses is not the client's", async () => {
    await cohere.setFault({ kind: "status", status: 401, message: "invalid api token" });
    const error = await openai.chat.completions.create({ model, messages }).catch((thrown) => thrown);
    expect([error.status, error.code]).toEqual([502, "upstream_credential_rejected"]);
  });

  test("a stream that is cut raises in both SDKs", async () => {
    await cohere.setFault({ kind: "cut", afterEvents: 4 });
    const chat = async () => all(await openai.chat.completions.create({ model, messages, stream: true }));
    await expect(chat()).rejects.toThrow();
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow();
  });

  test("a stream whose end is an error raises with Cohere's words", async () => {
    await cohere.setFault({ kind: "sse-error", message: "the model is gone" });
    const chat = async () => all(await openai.chat.completions.create({ model, messages, stream: true }));
    await expect(chat()).rejects.toThrow("the model is gone");
  });

  test("a stream in small pieces is the same stream", async () => {
    const whole = await openai.chat.completions.create({ model, messages });
    await cohere.setFault({ kind: "chop", chunkBytes: 7 });
    const chunks = await all(await openai.chat.completions.create({ model, messages, stream: true }));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
  });

  test.each([false, true])("another dialect's target takes over (stream: %s)", async (stream) => {
    await cohere.setFault({ kind: "status", status: 503 });
    const body = { model: "with-spare", messages, stream };
    const text = await (await gateway.post("/v1/chat/completions", body)).text();
    expect(text).toContain("gpt-demo");
    expect(spare.requests.at(-1)).toMatchObject({ path: "/v1/chat/completions", forbiddenHeaders: [] });
  });
});

test("rerank passes to Cohere as it is", async () => {
  const body = { model: "ranker", query: "red apple", documents: ["blue sky", "a red apple"], top_n: 1 };
  const response = await gateway.post("/v1/rerank", body);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ results: [{ index: 1 }] });
  expect(cohere.requests.at(-1)).toMatchObject({ path: "/v2/rerank", json: { ...body, model: "rerank-demo" } });
});
