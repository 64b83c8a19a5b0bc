// AWS Bedrock's Converse behind real Envoy: the OpenAI and Anthropic SDKs, whole and streamed in binary frames, and every
// kind of failure.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type DemoProvider, startBedrockProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let bedrock: DemoProvider;
let spare: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const model = "claude";
const providerModel = "anthropic.claude-demo-v1:0";
const question = "今天北京的天气怎么样 \u{1F324}?";
const answer = `我是演示模型 ${providerModel}。您说的是：“${question}”。没有真正的模型在回答您。`;
const messages = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: question },
];
const schema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const tools = ["get_weather", "get_time"].map((name) => ({
  type: "function" as const,
  function: { name, parameters: schema },
}));
const ask = { model, max_tokens: 2000, messages: [{ role: "user" as const, content: question }] };

beforeAll(async () => {
  bedrock = await startBedrockProvider({ apiKey: "bedrock-credential" });
  spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  gateway = await Gateway.start({
    providers: [
      {
        id: "bedrock",
        dialect: "bedrock",
        baseUrl: bedrock.url,
        apiKey: "bedrock-credential",
        allowPrivateAddress: true,
      },
      { id: "spare", dialect: "openai", baseUrl: spare.url, apiKey: "openai-credential", allowPrivateAddress: true },
    ],
    targets: [
      { id: "claude", provider: "bedrock", model: providerModel },
      { id: "gpt", provider: "spare", model: "gpt-demo" },
    ],
    modelRoutes: [
      { id: model, targets: [{ target: "claude" }] },
      { id: "with-spare", targets: [{ target: "claude" }, { target: "gpt" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await bedrock.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await bedrock.close();
  await spare.close();
});

async function chatText(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  return (await all(stream)).map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

test("a whole answer, with the model's id percent-encoded in the path", async () => {
  const reply = await openai.chat.completions.create({ model, messages });
  expect(reply.choices[0]?.message.content).toBe(answer);
  expect(reply.choices[0]?.finish_reason).toBe("stop");
  expect(reply.usage?.prompt_tokens).toBeGreaterThan(0);
  const { path, forbiddenHeaders, json } = bedrock.requests.at(-1) ?? {};
  expect(path).toBe("/model/anthropic.claude-demo-v1%3A0/converse");
  expect(forbiddenHeaders).toEqual([]);
  expect(json).toEqual({
    messages: [{ role: "user", content: [{ text: question }] }],
    system: [{ text: "Be brief." }],
  });
});

test("a stream, whole and in frames that are split anywhere", async () => {
  for (const chunkBytes of [undefined, 1, 7, 100]) {
    if (chunkBytes !== undefined) await bedrock.setFault({ kind: "chop", chunkBytes });
    const { data, response } = await openai.chat.completions
      .create({ model, messages, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const chunks = await all(data);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(answer);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(bedrock.requests.at(-1)?.path).toBe("/model/anthropic.claude-demo-v1%3A0/converse-stream");
  }
});

test("tools, whole, streamed and answered", async () => {
  const reply = await openai.chat.completions.create({ model, messages, tools });
  const calls = reply.choices[0]?.message.tool_calls ?? [];
  expect(calls).toHaveLength(2);
  const stream = openai.chat.completions.stream({ model, messages, tools });
  const streamed = (await stream.finalChatCompletion()).choices[0]?.message.tool_calls ?? [];
  const said = (list: typeof calls) => list.map((call) => (call.type === "function" ? call.function : undefined));
  expect(said(streamed as typeof calls).map((call) => [call?.name, call?.arguments])).toEqual(
    said(calls).map((call) => [call?.name, JSON.stringify(JSON.parse(call?.arguments ?? ""))]),
  );
  const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "18 °C" }));
  const turn = { role: "assistant" as const, tool_calls: calls };
  const after = await openai.chat.completions.create({ model, messages: [...messages, turn, ...results], tools });
  expect(after.choices[0]?.message.content).toBe(answer);
});

test("structured output", async () => {
  const format = { type: "json_schema" as const, json_schema: { name: "place", schema } };
  const reply = await openai.chat.completions.create({ model, messages, response_format: format });
  expect(JSON.parse(reply.choices[0]?.message.content ?? "")).toEqual({ city: question });
});

test("an Anthropic client thinks, whole and streamed, and gives its thoughts back", async () => {
  const thinking = { type: "enabled" as const, budget_tokens: 1024 };
  const whole = await anthropic.messages.create({ ...ask, thinking });
  const streamed = await anthropic.messages.stream({ ...ask, thinking }).finalMessage();
  expect(streamed.content).toEqual(whole.content);
  expect(whole.content).toEqual([
    { type: "thinking", thinking: "A demo thought.", signature: "ZGVtbyBzaWduYXR1cmU=" },
    { type: "text", text: answer },
  ]);
  const turns = [...ask.messages, { role: "assistant" as const, content: whole.content }, ...ask.messages];
  await anthropic.messages.create({ ...ask, messages: turns, thinking });
  expect(bedrock.requests.at(-1)?.json).toMatchObject({
    additionalModelRequestFields: { thinking },
    messages: [
      {},
      {
        content: [
          { reasoningContent: { reasoningText: { text: "A demo thought.", signature: "ZGVtbyBzaWduYXR1cmU=" } } },
          { text: answer },
        ],
      },
      {},
    ],
  });
});

test("an Anthropic client's tools", async () => {
  const own = [{ name: "get_weather", input_schema: schema }];
  const whole = await anthropic.messages.create({ ...ask, tools: own });
  const streamed = await anthropic.messages.stream({ ...ask, tools: own }).finalMessage();
  for (const { content, stop_reason: reason } of [whole, streamed]) {
    expect(reason).toBe("tool_use");
    expect(content).toMatchObject([{ type: "tool_use", name: "get_weather", input: { city: expect.any(String) } }]);
  }
});

test.each([400, 404, 424, 429, 500, 503])("the provider answers %i", async (status) => {
  await bedrock.setFault({ kind: "status", status, message: "Something is wrong." });
  await expect(openai.chat.completions.create({ model, messages })).rejects.toMatchObject({
    status,
    error: { message: "Something is wrong." },
  });
  await expect(anthropic.messages.create(ask)).rejects.toMatchObject({
    status,
    error: { type: "error", error: { message: "Something is wrong." } },
  });
});

test("a credential that is refused says nothing of the provider's", async () => {
  await bedrock.setFault({ kind: "status", status: 403, message: "The security token is invalid" });
  const refused = openai.chat.completions.create({ model, messages });
  await expect(refused).rejects.toMatchObject({ status: 502, code: "upstream_credential_rejected" });
});

test("an exception within a stream is an error for the client", async () => {
  await bedrock.setFault({ kind: "sse-error", message: "Too many tokens" });
  const chat = openai.chat.completions.create({ model, messages, stream: true });
  await expect(chat.then(all)).rejects.toThrow("Too many tokens");
  await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow("Too many tokens");
});

test("an exception before any content, and a busy provider, go to the next target", async () => {
  await bedrock.setFault({ kind: "sse-error" });
  const stream = await openai.chat.completions.create({ model: "with-spare", messages, stream: true });
  expect(await chatText(stream)).toContain("gpt-demo");
  await bedrock.setFault({ kind: "status", status: 429 });
  const reply = await openai.chat.completions.create({ model: "with-spare", messages });
  expect(reply.choices[0]?.message.content).toContain("gpt-demo");
});

test("a stream that is cut, or damaged, ends with an error", async () => {
  await bedrock.setFault({ kind: "cut", afterEvents: 3 });
  const cut = await openai.chat.completions.create({ model, messages, stream: true });
  await expect(all(cut)).rejects.toThrow();
  await bedrock.setFault({ kind: "invalid-json" });
  const damaged = openai.chat.completions.create({ model, messages, stream: true });
  await expect(damaged.then(all)).rejects.toThrow();
});

test("what Converse cannot do is refused by name", async () => {
  const refused = openai.chat.completions.create({ model, messages, n: 2 });
  await expect(refused).rejects.toMatchObject({ status: 400, code: "unsupported_content" });
  const counted = anthropic.messages.countTokens({ model, messages: ask.messages });
  await expect(counted).rejects.toMatchObject({ status: 400 });
});
