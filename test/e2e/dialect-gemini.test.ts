// Gemini behind real Envoy, as Google AI Studio and as Vertex AI: the OpenAI and Anthropic SDKs, whole and streamed, tools
// with their signatures, thinking, and every kind of failure.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startGeminiProvider,
  startOpenAiProvider,
  startVertexProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let gemini: DemoProvider;
let vertex: DemoProvider;
let spare: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const model = "gemini";
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
  gemini = await startGeminiProvider({ apiKey: "gemini-credential" });
  vertex = await startVertexProvider({ apiKey: "vertex-credential" });
  spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  const allowPrivateAddress = true;
  gateway = await Gateway.start({
    providers: [
      { id: "gemini", dialect: "gemini", baseUrl: gemini.url, apiKey: "gemini-credential", allowPrivateAddress },
      {
        id: "vertex",
        dialect: "gemini",
        baseUrl: vertex.url,
        auth: "bearer",
        apiKey: "vertex-credential",
        allowPrivateAddress,
      },
      { id: "wrong-key", dialect: "gemini", baseUrl: gemini.url, apiKey: "stale", allowPrivateAddress },
      { id: "spare", dialect: "openai", baseUrl: spare.url, apiKey: "openai-credential", allowPrivateAddress },
    ],
    targets: [
      { id: "gemini", provider: "gemini", model: "gemini-3-flash-preview" },
      { id: "legacy", provider: "gemini", model: "gemini-2.5-flash" },
      { id: "vertex", provider: "vertex", model: "gemini-demo" },
      { id: "wrong-key", provider: "wrong-key", model: "gemini-demo" },
      { id: "gpt", provider: "spare", model: "gpt-demo" },
    ],
    modelRoutes: [
      { id: "gemini", targets: [{ target: "gemini" }] },
      { id: "legacy", targets: [{ target: "legacy" }] },
      { id: "vertex", targets: [{ target: "vertex" }] },
      { id: "wrong-key", targets: [{ target: "wrong-key" }] },
      { id: "with-spare", targets: [{ target: "gemini" }, { target: "gpt" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await gemini.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await gemini.close();
  await vertex.close();
  await spare.close();
});

const lastRequest = () => gemini.requests.at(-1)!;

describe("OpenAI SDK", () => {
  test("chat", async () => {
    const tuned = { seed: 7, stop: ["\u0000"], top_p: 0.9, presence_penalty: 0.5, max_completion_tokens: 400 };
    const reply = await openai.chat.completions.create({ model, messages, ...tuned });
    expect(reply.choices[0]?.message.content).toContain(question);
    expect(reply).toMatchObject({ object: "chat.completion", model, choices: [{ finish_reason: "stop" }] });
    expect(lastRequest()).toMatchObject({
      path: "/v1beta/models/gemini-3-flash-preview:generateContent",
      query: "",
      forbiddenHeaders: [],
      json: { generationConfig: { seed: 7, topP: 0.9, presencePenalty: 0.5, maxOutputTokens: 400 } },
    });
  });

  test("stream, with usage", async () => {
    const whole = await openai.chat.completions.create({ model, messages });
    const ask = { model, messages, stream: true as const, stream_options: { include_usage: true } };
    const chunks = await all(await openai.chat.completions.create(ask));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
    expect(lastRequest()).toMatchObject({
      path: "/v1beta/models/gemini-3-flash-preview:streamGenerateContent",
      query: "alt=sse",
    });
  });

  test("Vertex AI's path, with a token", async () => {
    const reply = await openai.chat.completions.create({ model: "vertex", messages });
    expect(reply.choices[0]?.message.content).toContain(question);
    expect(vertex.requests.at(-1)).toMatchObject({
      path: "/v1/projects/demo/locations/global/publishers/google/models/gemini-demo:generateContent",
      forbiddenHeaders: [],
    });
  });

  test.each([false, true])("parallel tools, their signature and their results (stream: %s)", async (streamed) => {
    const ask = { model, messages, tools, tool_choice: "required" as const };
    const message = streamed
      ? await openai.chat.completions.stream(ask).finalMessage()
      : (await openai.chat.completions.create(ask)).choices[0]!.message;
    const calls = message.tool_calls!.filter((call) => call.type === "function");
    expect(calls.map((call) => call.function.name)).toEqual(["get_weather", "get_time"]);
    for (const call of calls) expect(JSON.parse(call.function.arguments)).toHaveProperty("city");
    expect(calls[0]).toHaveProperty("extra_content.google.thought_signature");
    const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "晴" }));
    const turn = { role: "assistant" as const, content: null, tool_calls: calls };
    const reply = await openai.chat.completions.create({ model, tools, messages: [...messages, turn, ...results] });
    expect(reply.choices[0]?.finish_reason).toBe("stop");
    const signature = (lastRequest().json as { contents: { parts: { thoughtSignature?: string }[] }[] }).contents[1]
      ?.parts[0]?.thoughtSignature;
    expect(calls[0]).toHaveProperty("extra_content.google.thought_signature", signature);
  });

  test("calls that another model made are taken", async () => {
    const call = { id: "toolu_1", type: "function" as const, function: { name: "get_time", arguments: "{}" } };
    const turns = [
      { role: "assistant" as const, content: "Let me see.", tool_calls: [call] },
      { role: "tool" as const, tool_call_id: "toolu_1", content: "12:00" },
    ];
    const reply = await openai.chat.completions.create({ model, tools, messages: [...messages, ...turns] });
    expect(reply.choices[0]?.finish_reason).toBe("stop");
  });

  test("one named function", async () => {
    const choice = { type: "function" as const, function: { name: "get_time" } };
    const reply = await openai.chat.completions.create({ model, messages, tools, tool_choice: choice });
    const calls = reply.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === "function" && call.function.name)).toEqual(["get_time"]);
  });

  test.each([false, true])("structured output (stream: %s)", async (streamed) => {
    const format = { type: "json_schema" as const, json_schema: { name: "city", strict: true, schema } };
    const ask = { model, messages, response_format: format };
    const reply = streamed
      ? await openai.chat.completions.stream(ask).finalChatCompletion()
      : await openai.chat.completions.parse(ask);
    expect(reply.choices[0]?.message.parsed).toEqual({ city: question });
  });

  test.each([
    ["gemini", { thinkingLevel: "LOW", includeThoughts: true }],
    ["legacy", { thinkingBudget: 1024, includeThoughts: true }],
  ])("thinking of %s arrives as chat's extension and goes back", async (model, thinkingConfig) => {
    const ask = { model, messages, reasoning_effort: "low" as const };
    const whole = await openai.chat.completions.create(ask);
    expect(lastRequest()).toMatchObject({ json: { generationConfig: { thinkingConfig } } });
    const message = whole.choices[0]!.message as OpenAI.ChatCompletionMessage & { reasoning_content?: string };
    expect(message.reasoning_content).toContain("say it again");
    expect(whole.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    const chunks = await all(await openai.chat.completions.create({ ...ask, stream: true }));
    const deltas = chunks.map(({ choices }) => choices[0]?.delta as { reasoning_content?: string } | undefined);
    expect(deltas.map((delta) => delta?.reasoning_content ?? "").join("")).toBe(message.reasoning_content);
    const more = [...messages, message, { role: "user" as const, content: "And tomorrow?" }];
    const next = await openai.chat.completions.create({ ...ask, messages: more });
    expect(next.choices[0]?.message.content).toContain("And tomorrow?");
  });

  test("several choices with log probabilities", async () => {
    const reply = await openai.chat.completions.create({ model, messages, n: 2, logprobs: true, top_logprobs: 3 });
    expect(reply.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(reply.choices[1]?.logprobs?.content?.[0]).toMatchObject({ logprob: -0.5 });
    const chunks = await all(await openai.chat.completions.create({ model, messages, n: 2, stream: true }));
    const ends = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.finish_reason !== null);
    expect(ends.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [0, "stop"],
      [1, "stop"],
    ]);
  });

  test.each([false, true])("a web search cites its sources in characters (stream: %s)", async (streamed) => {
    const ask = { model, messages, web_search_options: {} };
    const whole = await openai.chat.completions.create(ask);
    const citation = {
      start_index: 0,
      end_index: [...whole.choices[0]!.message.content!].length,
      url: "https://example.com/demo",
      title: "Demo",
    };
    const chunks = streamed ? await all(await openai.chat.completions.create({ ...ask, stream: true })) : [];
    const deltas = chunks.map(({ choices }) => choices[0]?.delta as { annotations?: unknown } | undefined);
    const found = streamed
      ? deltas.find((delta) => delta?.annotations)?.annotations
      : whole.choices[0]!.message.annotations;
    expect(found).toEqual([{ type: "url_citation", url_citation: citation }]);
  });

  test("images go inline", async () => {
    const url = "data:image/png;base64,iVBORw0KGgo=";
    const content = [
      { type: "text" as const, text: question },
      { type: "image_url" as const, image_url: { url, detail: "low" as const } },
    ];
    await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    expect(lastRequest()).toMatchObject({
      json: { contents: [{ parts: [{}, { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }] }] },
    });
  });

  test("what would change the answer is refused by name", async () => {
    const error = await openai.chat.completions
      .create({ model, messages, logit_bias: { "1": 5 } })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain("logit_bias cannot be sent to this provider");
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

  test.each([false, true])("parallel tools, their signature and their results (stream: %s)", async (streamed) => {
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

  test.each([false, true])("thinking, and the conversation goes on (stream: %s)", async (streamed) => {
    const thinking = { type: "enabled" as const, budget_tokens: 1024 };
    const asked = { ...ask, max_tokens: 2000, thinking };
    const reply = streamed
      ? await anthropic.messages.stream(asked).finalMessage()
      : await anthropic.messages.create(asked);
    expect(lastRequest()).toMatchObject({ json: { generationConfig: { thinkingConfig: { thinkingBudget: 1024 } } } });
    const thoughts = reply.content.filter((block) => block.type === "thinking");
    expect(thoughts.map((block) => block.thinking).join("")).toContain("say it again");
    const turns = [
      { role: "assistant" as const, content: reply.content },
      { role: "user" as const, content: "And tomorrow?" },
    ];
    const last = await anthropic.messages.create({ ...asked, messages: [...ask.messages, ...turns] });
    expect(last.content.at(-1)).toMatchObject({ type: "text", text: expect.stringContaining("And tomorrow?") });
  });
});

describe("failures", () => {
  test.each([
    [400, OpenAI.BadRequestError, Anthropic.BadRequestError],
    [404, OpenAI.NotFoundError, Anthropic.NotFoundError],
    [429, OpenAI.RateLimitError, Anthropic.RateLimitError],
    [500, OpenAI.InternalServerError, Anthropic.InternalServerError],
  ])("status %d keeps Gemini's words", async (status, openaiError, anthropicError) => {
    await gemini.setFault({ kind: "status", status, message: "配额已用完", retryAfterSeconds: 7 });
    const chat = await openai.chat.completions.create({ model, messages }).catch((thrown) => thrown);
    expect(chat).toBeInstanceOf(openaiError);
    expect(chat.message).toContain("配额已用完");
    expect(chat.headers.get("retry-after")).toBe("7");
    const message = await anthropic.messages.create(ask).catch((thrown) => thrown);
    expect(message).toBeInstanceOf(anthropicError);
    expect(message.message).toContain("配额已用完");
  });

  test("a key that Google refuses is not the client's", async () => {
    const error = await openai.chat.completions.create({ model: "wrong-key", messages }).catch((thrown) => thrown);
    expect([error.status, error.code]).toEqual([502, "upstream_credential_rejected"]);
  });

  test("a stream that is cut raises in both SDKs", async () => {
    await gemini.setFault({ kind: "cut", afterEvents: 4 });
    const chat = async () => all(await openai.chat.completions.create({ model, messages, stream: true }));
    await expect(chat()).rejects.toThrow();
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow();
  });

  test("a stream whose first event is an error raises with Gemini's words", async () => {
    await gemini.setFault({ kind: "sse-error", message: "the model is gone" });
    const chat = async () => all(await openai.chat.completions.create({ model, messages, stream: true }));
    await expect(chat()).rejects.toThrow("the model is gone");
  });

  test("an event that is no JSON raises", async () => {
    await gemini.setFault({ kind: "invalid-json" });
    const chat = async () => all(await openai.chat.completions.create({ model, messages, stream: true }));
    await expect(chat()).rejects.toThrow();
  });

  test("a stream in small pieces is the same stream", async () => {
    const whole = await openai.chat.completions.create({ model, messages });
    await gemini.setFault({ kind: "chop", chunkBytes: 7 });
    const chunks = await all(await openai.chat.completions.create({ model, messages, stream: true }));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
  });

  test.each([false, true])("another dialect's target takes over (stream: %s)", async (stream) => {
    await gemini.setFault({ kind: "status", status: 503 });
    const body = { model: "with-spare", messages, stream };
    const text = await (await gateway.post("/v1/chat/completions", body)).text();
    expect(text).toContain("gpt-demo");
    expect(spare.requests.at(-1)).toMatchObject({ path: "/v1/chat/completions", forbiddenHeaders: [] });
  });
});
