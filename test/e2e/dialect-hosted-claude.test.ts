// Claude on AWS Bedrock (InvokeModel) and on Vertex AI behind real Envoy: the Anthropic and OpenAI SDKs, whole and streamed,
// with everything that the two hosts do differently, and a failover from one to the other.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startBedrockClaudeProvider,
  startOpenAiProvider,
  startVertexClaudeProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

const MODELS = { bedrock: "us.anthropic.claude-demo-v1:0", vertex: "claude-demo@20260101" } as const;
type Host = keyof typeof MODELS;
const HOSTS = Object.keys(MODELS) as Host[];
const PATHS = {
  bedrock: ["/model/us.anthropic.claude-demo-v1%3A0/invoke", "/invoke-with-response-stream"],
  vertex: ["/v1/projects/demo/locations/global/publishers/anthropic/models/claude-demo%4020260101:rawPredict"],
} as const;
const SIGNED = { type: "thinking", thinking: "A demo thought.", signature: "ZGVtbyBzaWduYXR1cmU=" };

const question = "今天北京的天气怎么样 \u{1F324}?";
const answerOf = (host: Host) => `我是演示模型 ${MODELS[host]}。您说的是：“${question}”。没有真正的模型在回答您。`;
const chat = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: question },
];
const ask = { max_tokens: 2000, messages: [{ role: "user" as const, content: question }] };
const schema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const ownTools = ["get_weather", "get_time"].map((name) => ({ name, input_schema: schema }));
const chatTools = ownTools.map(({ name }) => ({ type: "function" as const, function: { name, parameters: schema } }));

const providers = {} as Record<Host | "spare", DemoProvider>;
/** Every fault is played many times: nobody is to be left for it. */
const failover = { outlierDetection: "off" };
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  providers.bedrock = await startBedrockClaudeProvider({ apiKey: "bedrock-credential" });
  providers.vertex = await startVertexClaudeProvider({ apiKey: "vertex-credential" });
  providers.spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  const provider = (
    id: Host | "spare",
    dialect: "anthropic-bedrock" | "anthropic-vertex" | "openai",
    apiKey: string,
  ) => ({
    id,
    dialect,
    baseUrl: providers[id].url,
    apiKey,
    allowPrivateAddress: true,
  });
  gateway = await Gateway.start({
    providers: [
      provider("bedrock", "anthropic-bedrock", "bedrock-credential"),
      provider("vertex", "anthropic-vertex", "vertex-credential"),
      provider("spare", "openai", "openai-credential"),
    ],
    targets: [
      ...HOSTS.map((id) => ({ id, provider: id, model: MODELS[id] })),
      ...HOSTS.map((id) => ({ id: `${id}-none`, provider: id, model: "claude-nowhere" })),
      { id: "gpt", provider: "spare", model: "gpt-demo" },
    ],
    modelRoutes: [
      ...[...HOSTS, ...HOSTS.map((id) => `${id}-none`), "gpt"].map((id) => ({ id, targets: [{ target: id }] })),
      { id: "bedrock-first", targets: [{ target: "bedrock" }, { target: "vertex" }], failover },
      { id: "vertex-first", targets: [{ target: "vertex" }, { target: "bedrock" }], failover },
      { id: "vertex-or-gpt", targets: [{ target: "vertex" }, { target: "gpt" }], failover },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  await Promise.all(Object.values(providers).map((provider) => provider.clearFault()));
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await Promise.all(Object.values(providers).map((provider) => provider.close()));
});

const lastRequest = (host: Host) => providers[host].requests.at(-1) ?? expect.fail("nothing was asked");
const textOf = ({ content }: Anthropic.Message) => content.map((block) => ("text" in block ? block.text : "")).join("");

async function chatText(model: string): Promise<string> {
  const stream = await openai.chat.completions.create({ model, messages: chat, stream: true });
  return (await all(stream)).map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

describe.each(HOSTS)("%s", (host) => {
  test("an Anthropic client's answer, whole: the model is in the path, the version in the body", async () => {
    const reply = await anthropic.messages.create({ ...ask, model: host, system: "Be brief." });
    expect(textOf(reply)).toBe(answerOf(host));
    expect(reply).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(reply.usage.output_tokens).toBeGreaterThan(0);
    const { path, forbiddenHeaders, headers, json } = lastRequest(host);
    expect(path).toBe(PATHS[host][0]);
    expect(forbiddenHeaders).toEqual([]);
    expect(headers["anthropic-version"]).toBeUndefined();
    const version = host === "bedrock" ? "bedrock-2023-05-31" : "vertex-2023-10-16";
    expect(json).toEqual({ ...ask, system: "Be brief.", anthropic_version: version });
  });

  test("an Anthropic client's answer, streamed, however the bytes are cut", async () => {
    const whole = await anthropic.messages.create({ ...ask, model: host });
    for (const chunkBytes of [undefined, 7, 100]) {
      if (chunkBytes !== undefined) await providers[host].setFault({ kind: "chop", chunkBytes });
      const { data, response } = await anthropic.messages.create({ ...ask, model: host, stream: true }).withResponse();
      expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
      const events = await all(data);
      expect(events[0]).toMatchObject({ type: "message_start", message: { role: "assistant" } });
      expect(events.at(-1)?.type).toBe("message_stop");
      const texts = events.map((event) => ("delta" in event && "text" in event.delta ? event.delta.text : ""));
      expect(texts.join("")).toBe(textOf(whole));
    }
    expect(lastRequest(host).path).toContain(host === "bedrock" ? PATHS.bedrock[1] : ":streamRawPredict");
  });

  test("an Anthropic client's tools, whole, streamed and answered", async () => {
    const request = { ...ask, model: host, tools: ownTools };
    const whole = await anthropic.messages.create(request);
    const streamed = await anthropic.messages.stream(request).finalMessage();
    for (const { content, stop_reason: reason } of [whole, streamed]) {
      expect(reason).toBe("tool_use");
      expect(content).toMatchObject(
        ["get_weather", "get_time"].map((name) => ({ type: "tool_use", name, input: { city: expect.any(String) } })),
      );
    }
    const results = whole.content.map((block) => ({
      type: "tool_result" as const,
      tool_use_id: "id" in block ? block.id : "",
      content: "18 °C",
    }));
    const messages = [
      ...ask.messages,
      { role: "assistant" as const, content: whole.content },
      { role: "user" as const, content: results },
    ];
    expect(textOf(await anthropic.messages.create({ ...request, messages }))).toBe(answerOf(host));
  });

  test("thoughts come signed, whole and streamed, and are given back", async () => {
    const request = { ...ask, model: host, thinking: { type: "enabled" as const, budget_tokens: 1024 } };
    const whole = await anthropic.messages.create(request);
    const streamed = await anthropic.messages.stream(request).finalMessage();
    expect(whole.content).toEqual([SIGNED, { type: "text", text: answerOf(host) }]);
    expect(streamed.content).toEqual(whole.content);
    const messages = [...ask.messages, { role: "assistant" as const, content: whole.content }, ...ask.messages];
    expect(textOf(await anthropic.messages.create({ ...request, messages }))).toBe(answerOf(host));
    const forged = [{ ...SIGNED, type: "thinking" as const, signature: "Zm9yZ2Vk" }];
    const refused = anthropic.messages.create({
      ...request,
      messages: [...ask.messages, { role: "assistant", content: forged }, ...ask.messages],
    });
    await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining("signature") });
  });

  test("an OpenAI client's answer, whole and streamed with usage", async () => {
    const reply = await openai.chat.completions.create({ model: host, messages: chat });
    expect(reply.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: answerOf(host) } });
    const stream = await openai.chat.completions.create({
      model: host,
      messages: chat,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(answerOf(host));
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: reply.usage?.completion_tokens });
    expect(lastRequest(host).json).toMatchObject({ system: [{ text: "Be brief." }], messages: [{ role: "user" }] });
    expect(lastRequest(host).forbiddenHeaders).toEqual([]);
  });

  test("an OpenAI client's tools, whole, streamed and answered", async () => {
    const request = { model: host, messages: chat, tools: chatTools };
    const turn = (await openai.chat.completions.create(request)).choices[0]?.message;
    const streamed = (await openai.chat.completions.stream(request).finalChatCompletion()).choices[0]?.message;
    const said = (message: typeof turn) =>
      message?.tool_calls?.map((call) =>
        call.type === "function" ? [call.function.name, JSON.parse(call.function.arguments)] : [],
      );
    expect(said(turn)).toHaveLength(2);
    expect(said(streamed)).toEqual(said(turn));
    const results = (turn?.tool_calls ?? []).map(({ id }) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: "18 °C",
    }));
    const messages = [...chat, turn ?? expect.fail("no turn"), ...results];
    const after = await openai.chat.completions.create({ ...request, messages });
    expect(after.choices[0]?.message.content).toBe(answerOf(host));
  });

  test("structured output", async () => {
    const format = { type: "json_schema" as const, json_schema: { name: "place", schema } };
    const reply = await openai.chat.completions.create({ model: host, messages: chat, response_format: format });
    expect(JSON.parse(reply.choices[0]?.message.content ?? "")).toEqual({ city: question });
  });

  test("betas are where the host reads them", async () => {
    const betas = ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"];
    const reply = await anthropic.beta.messages.create({ ...ask, model: host, betas });
    expect(reply.content).toMatchObject([{ text: answerOf(host) }]);
    const { headers, json } = lastRequest(host);
    if (host === "bedrock") {
      expect(headers["anthropic-beta"]).toBeUndefined();
      expect(json).toMatchObject({ anthropic_beta: betas });
    } else {
      expect(String(headers["anthropic-beta"]).split(/, ?/)).toEqual(betas);
      expect(json).not.toHaveProperty("anthropic_beta");
    }
    const unknown = anthropic.beta.messages.create({ ...ask, model: host, betas: ["nobody-knows-2020-01-01"] });
    await expect(unknown).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/beta/) });
  });

  test("tokens are counted", async () => {
    const { messages } = ask;
    const plain = await anthropic.messages.countTokens({ model: host, messages });
    const reply = await anthropic.messages.create({ ...ask, model: host });
    expect(plain).toEqual({ input_tokens: reply.usage.input_tokens });
    expect(plain.input_tokens).toBeGreaterThan(0);
    const thinking = { type: "enabled" as const, budget_tokens: 4096 };
    const full = await anthropic.messages.countTokens({ model: host, messages, system: "Be brief.", thinking });
    expect(full.input_tokens).toBeGreaterThan(plain.input_tokens);
    expect(lastRequest(host).forbiddenHeaders).toEqual([]);
    const refused = anthropic.messages.countTokens({ model: `${host}-none`, messages });
    await expect(refused).rejects.toBeInstanceOf(Anthropic.APIError);
  });

  test.each([400, 404, 413, 429, 500, 503, 529])("the provider answers %i", async (status) => {
    await providers[host].setFault({ kind: "status", status, message: "Something is wrong.", retryAfterSeconds: 7 });
    const told = await openai.chat.completions.create({ model: host, messages: chat }).catch((error) => error);
    expect(told).toMatchObject({ status, error: { message: "Something is wrong." } });
    expect(told.headers.get("retry-after")).toBe("7");
    const own = anthropic.messages.create({ ...ask, model: host });
    await expect(own).rejects.toMatchObject({
      status,
      error: { type: "error", error: { type: expect.stringMatching(/_/), message: "Something is wrong." } },
    });
  });

  test("what the provider refuses is told in its words and the client's shape", async () => {
    const messages = [{ role: "user" as const, content: "" }];
    const said = /non-empty content/;
    const own = anthropic.messages.create({ ...ask, model: host, messages });
    await expect(own).rejects.toMatchObject({ status: 400, message: expect.stringMatching(said) });
    const missing = await anthropic.messages.create({ ...ask, model: `${host}-none` }).catch((error) => error);
    expect(missing).toMatchObject({ error: { type: "error", error: { message: expect.stringMatching(/model/i) } } });
    expect([400, 404]).toContain(missing.status);
    const chatted = openai.chat.completions.create({ model: `${host}-none`, messages: chat });
    await expect(chatted).rejects.toMatchObject({ error: { message: expect.stringMatching(/model/i) } });
  });

  test("a credential that is refused says nothing of the provider's", async () => {
    await providers[host].setFault({ kind: "status", status: 401, message: "The token is no good" });
    await expect(anthropic.messages.create({ ...ask, model: host })).rejects.toMatchObject({ status: 502 });
    const chatted = openai.chat.completions.create({ model: host, messages: chat });
    await expect(chatted).rejects.toMatchObject({ status: 502, code: "upstream_credential_rejected" });
  });

  test("an error within a stream is an error for the client", async () => {
    await providers[host].setFault({ kind: "sse-error", message: "Too many tokens" });
    await expect(chatText(host)).rejects.toThrow("Too many tokens");
    await expect(anthropic.messages.stream({ ...ask, model: host }).finalMessage()).rejects.toThrow("Too many tokens");
  });

  test.each([
    ["ends early", { kind: "cut", afterEvents: 5 }],
    ["is reset", { kind: "cut", afterEvents: 5, reset: true }],
    ["has a byte amiss", { kind: "invalid-json" }],
  ] as const)("a stream that %s never ends well for a client that is translated for", async (_, fault) => {
    await providers[host].setFault(fault);
    await expect(chatText(host)).rejects.toThrow();
    // Vertex's events pass unread to an Anthropic client, whose SDK refuses a broken one itself.
    await expect(anthropic.messages.stream({ ...ask, model: host }).finalMessage()).rejects.toThrow();
  });

  test("half a reply is none", async () => {
    await providers[host].setFault({ kind: "invalid-json" });
    await expect(anthropic.messages.create({ ...ask, model: host })).rejects.toMatchObject({ status: 502 });
    await expect(openai.chat.completions.create({ model: host, messages: chat })).rejects.toMatchObject({
      status: 502,
    });
  });
});

describe.each([
  ["bedrock-first", "bedrock", "vertex"],
  ["vertex-first", "vertex", "bedrock"],
] as const)("%s: the other host takes over", (model, first, second) => {
  test.each([
    ["is busy", { kind: "status", status: 429 }],
    ["fails", { kind: "status", status: 500 }],
    ["refuses the connection's rest", { kind: "reset" }],
  ] as const)("when one %s", async (_, fault) => {
    await providers[first].setFault(fault);
    const request = { ...ask, model, thinking: { type: "enabled" as const, budget_tokens: 1024 } };
    const reply = await anthropic.messages.create(request);
    expect(reply.content).toEqual([SIGNED, { type: "text", text: answerOf(second) }]);
    expect(lastRequest(second).forbiddenHeaders).toEqual([]);
    expect(await chatText(model)).toBe(answerOf(second));
    expect(lastRequest(second).forbiddenHeaders).toEqual([]);
  });

  test("when a stream opens with an error, or ends before any content", async () => {
    for (const fault of [{ kind: "sse-error" }, { kind: "cut", afterEvents: 1 }] as const) {
      await providers[first].setFault(fault);
      const streamed = await anthropic.messages.stream({ ...ask, model }).finalMessage();
      expect(textOf(streamed)).toBe(answerOf(second));
      expect(await chatText(model)).toBe(answerOf(second));
    }
  });

  test("with the betas where that host reads them, and a signature from the one that thought", async () => {
    const betas = ["context-1m-2025-08-07"];
    const thinking = { type: "enabled" as const, budget_tokens: 1024 };
    const thought = await anthropic.messages.create({ ...ask, model, thinking });
    await providers[first].setFault({ kind: "status", status: 503 });
    const messages = [...ask.messages, { role: "assistant" as const, content: thought.content }, ...ask.messages];
    await anthropic.beta.messages.create({ ...ask, model, betas, thinking, messages });
    const { headers, json } = lastRequest(second);
    if (second === "vertex") expect(headers["anthropic-beta"]).toBe("context-1m-2025-08-07");
    else expect(headers["anthropic-beta"]).toBeUndefined();
    if (second === "bedrock") expect(json).toMatchObject({ anthropic_beta: betas });
  });
});

test("no beta of Anthropic's travels on to another provider", async () => {
  await providers.vertex.setFault({ kind: "status", status: 503 });
  await anthropic.beta.messages.create({ ...ask, model: "vertex-or-gpt", betas: ["context-1m-2025-08-07"] });
  const { headers, forbiddenHeaders } = providers.spare.requests.at(-1) ?? expect.fail("nothing was asked");
  expect(headers["anthropic-beta"]).toBeUndefined();
  expect(forbiddenHeaders).toEqual([]);
});

test("tokens are not counted where no provider does: told before anyone is asked", async () => {
  const before = providers.spare.requestCount;
  const counted = anthropic.messages.countTokens({ model: "gpt", messages: ask.messages });
  await expect(counted).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("operation_not_supported"),
  });
  expect(providers.spare.requestCount).toBe(before);
});
