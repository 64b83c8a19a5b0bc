// The demo providers answer the real SDKs, refuse what the real providers refuse, and show the faults that they are told.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startAnthropicProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";

const weather = {
  type: "object" as const,
  properties: { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] }, days: { type: "integer" } },
};
const question = "How is the weather in 北京?";

describe("OpenAI dialect", () => {
  let provider: DemoProvider;
  let client: OpenAI;
  const messages = [{ role: "user" as const, content: question }];
  const tools = ["get_weather", "get_time"].map((name) => ({
    type: "function" as const,
    function: { name, parameters: weather },
  }));

  beforeAll(async () => {
    provider = await startOpenAiProvider({ apiKey: "right" });
    client = new OpenAI({ baseURL: provider.url, apiKey: "right", maxRetries: 0 });
  });
  afterEach(() => provider.clearFault());
  afterAll(() => provider.close());

  test("chat answers in the language of the question, with usage", async () => {
    const english = await client.chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(english.choices[0]?.message.content).toBe('This is gpt-4o, a demo provider. You said: "Hello"');
    expect(english.choices[0]?.finish_reason).toBe("stop");
    expect(english.usage).toMatchObject({ prompt_tokens: 1, total_tokens: english.usage!.completion_tokens + 1 });
    const chinese = await client.chat.completions.create({ model: "gpt-4o", messages });
    expect(chinese.choices[0]?.message.content).toContain(`您说的是：“${question}”`);
  });

  test("a stream joins to the same answer and ends with usage where asked", async () => {
    const whole = await client.chat.completions.create({ model: "gpt-4o", messages });
    const stream = await client.chat.completions.create({
      model: "gpt-4o",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  });

  test("tools are called side by side, and their results are taken", async () => {
    const runner = client.chat.completions.stream({ model: "gpt-4o", messages, tools });
    const { choices } = await runner.finalChatCompletion();
    const calls = choices[0]!.message.tool_calls!;
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(calls.map((call) => call.type === "function" && call.function.name)).toEqual(["get_weather", "get_time"]);
    expect(calls.map((call) => call.type === "function" && JSON.parse(call.function.arguments))).toEqual(
      Array(2).fill({ city: question, unit: "celsius", days: 1 }),
    );
    const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "sunny" }));
    const assistant = { role: "assistant" as const, tool_calls: calls };
    const answer = await client.chat.completions.create({
      model: "gpt-4o",
      messages: [...messages, assistant, ...results],
      tools,
    });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    const forgotten = client.chat.completions.create({
      model: "gpt-4o",
      messages: [...messages, assistant, results[0]!],
      tools,
    });
    await expect(forgotten).rejects.toThrow(`did not have response messages: ${calls[1]?.id}`);
  });

  test("output is cut at the cap and at a stop sequence", async () => {
    const ask = (more: object) => client.chat.completions.create({ model: "gpt-4o", messages, ...more });
    expect((await ask({ max_completion_tokens: 2 })).choices[0]?.finish_reason).toBe("length");
    const stopped = await ask({ stop: "演示" });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "我是" } });
  });

  test("what OpenAI refuses is refused, in its shape", async () => {
    const ask = (body: object, apiKey = "right") =>
      new OpenAI({ baseURL: provider.url, apiKey, maxRetries: 0 }).chat.completions.create({
        model: "gpt-4o",
        messages,
        ...body,
      });
    await expect(ask({}, "wrong")).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
    await expect(ask({ model: "no-such" })).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    await expect(ask({ messages: [] })).rejects.toMatchObject({ status: 400, param: "messages" });
    await expect(ask({ temperature: 3 })).rejects.toMatchObject({ status: 400, param: "temperature" });
    await expect(ask({ tool_choice: "auto" })).rejects.toMatchObject({ status: 400, param: "tool_choice" });
    await expect(ask({ stream_options: {} })).rejects.toMatchObject({ status: 400, param: "stream_options" });
  });

  test("models are listed", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toContain("gpt-4o-mini");
    await expect(client.models.retrieve("no-such")).rejects.toMatchObject({ status: 404 });
  });

  test("headers that must not arrive are recorded", async () => {
    await fetch(`${provider.url}/models?key=abc`, { headers: { cookie: "a=b", "x-envoy-max-retries": "9" } });
    expect(provider.requests.at(-1)?.forbiddenHeaders).toEqual(
      expect.arrayContaining(["cookie", "x-envoy-max-retries", "?key="]),
    );
  });
});

describe("Anthropic dialect", () => {
  let provider: DemoProvider;
  let client: Anthropic;
  const messages = [{ role: "user" as const, content: question }];
  const tools = ["get_weather", "get_time"].map((name) => ({ name, input_schema: weather }));
  const base = { model: "claude-demo", max_tokens: 100 };

  beforeAll(async () => {
    provider = await startAnthropicProvider({ apiKey: "right" });
    client = new Anthropic({ baseURL: provider.url.replace(/\/v1$/, ""), apiKey: "right", maxRetries: 0 });
  });
  afterEach(() => provider.clearFault());
  afterAll(() => provider.close());

  test("a stream joins to the whole answer", async () => {
    const whole = await client.messages.create({ ...base, messages });
    expect(whole.content).toMatchObject([{ type: "text", text: expect.stringContaining(question) }]);
    const streamed = await client.messages.stream({ ...base, messages }).finalMessage();
    expect(streamed).toMatchObject({
      content: whole.content,
      stop_reason: "end_turn",
      usage: { output_tokens: whole.usage.output_tokens },
    });
  });

  test("tools are called side by side, and their results are taken", async () => {
    const called = await client.messages.stream({ ...base, messages, tools }).finalMessage();
    expect(called.stop_reason).toBe("tool_use");
    const uses = called.content.filter((block) => block.type === "tool_use");
    expect(uses.map(({ name, input }) => ({ name, input }))).toEqual(
      tools.map(({ name }) => ({ name, input: { city: question, unit: "celsius", days: 1 } })),
    );
    const results = uses.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: "sunny" }));
    const assistant = { role: "assistant" as const, content: called.content };
    const again = (content: typeof results) =>
      client.messages.create({ ...base, tools, messages: [...messages, assistant, { role: "user", content }] });
    expect((await again(results)).stop_reason).toBe("end_turn");
    await expect(again(results.slice(1))).rejects.toThrow("without `tool_result` blocks immediately after");
  });

  test("output is cut at the cap and at a stop sequence", async () => {
    expect((await client.messages.create({ ...base, messages, max_tokens: 1 })).stop_reason).toBe("max_tokens");
    const stopped = await client.messages.create({ ...base, messages, stop_sequences: ["演示"] });
    expect(stopped).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "演示" });
  });

  test("what Anthropic refuses is refused, in its shape", async () => {
    const ask = (body: object, headers: Record<string, string> = {}) =>
      fetch(`${provider.url}/messages`, {
        method: "POST",
        headers: { "x-api-key": "right", "anthropic-version": "2023-06-01", ...headers },
        body: JSON.stringify({ ...base, messages, ...body }),
      }).then(async (response) => ({ status: response.status, ...((await response.json()) as object) }));
    const refused = (type: string, message: string) => ({ type: "error", error: { type, message } });
    expect(await ask({}, { "x-api-key": "wrong" })).toMatchObject({
      status: 401,
      ...refused("authentication_error", "invalid x-api-key"),
    });
    expect(await ask({}, { "anthropic-version": "1" })).toMatchObject({ status: 400 });
    expect(await ask({ model: "no-such" })).toMatchObject({
      status: 404,
      ...refused("not_found_error", "model: no-such"),
    });
    const invalid: [object, string][] = [
      [{ max_tokens: undefined }, "max_tokens: Field required"],
      [{ n: 1 }, "n: Extra inputs are not permitted"],
      [{ temperature: 2 }, "temperature: range: 0..1"],
      [{ messages: [{ role: "assistant", content: "Hi" }] }, 'messages: first message must use the "user" role'],
      [
        { messages: [{ role: "user", content: "" }] },
        "messages.0: all messages must have non-empty content except for the optional final assistant message",
      ],
      [
        { tools: [{ name: "a b", input_schema: weather }] },
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
      ],
    ];
    expect(await ask({ temperature: 1 })).toMatchObject({ type: "message" });
    expect(await ask({ temperature: 1 }, { "anthropic-version": "2026-10-21" })).toMatchObject({
      status: 400,
      ...refused("invalid_request_error", "temperature: Extra inputs are not permitted"),
    });
    for (const [body, message] of invalid) {
      expect(await ask(body)).toMatchObject({ status: 400, ...refused("invalid_request_error", message) });
    }
  });
});

describe("faults", () => {
  let provider: DemoProvider;
  const ask = (body: object = {}) =>
    fetch(`${provider.url}/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer any" },
      body: JSON.stringify({ model: "gpt-demo", messages: [{ role: "user", content: "你好" }], ...body }),
    });
  const stream = () => ask({ stream: true });

  beforeAll(async () => {
    provider = await startOpenAiProvider();
  });
  afterEach(() => provider.clearFault());
  afterAll(() => provider.close());

  test("a status, for as many requests as asked", async () => {
    await provider.setFault({ kind: "status", status: 429, retryAfterSeconds: 7, times: 1 });
    const limited = await ask();
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await limited.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
    expect((await ask()).status).toBe(200);
  });

  test("refusing and coming back on the same port", async () => {
    await provider.setFault({ kind: "refuse" });
    // A pooled connection may be tried first, and ends; the next one is a new one.
    await ask().catch(() => {});
    await expect(ask()).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    await provider.clearFault();
    expect((await ask()).status).toBe(200);
  });

  test("a reset, before and after the headers", async () => {
    await provider.setFault({ kind: "reset" });
    await expect(stream()).rejects.toThrow("fetch failed");
    await provider.setFault({ kind: "reset", afterHeaders: true });
    const cut = await stream();
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow("terminated");
    await expect.poll(() => provider.requests.at(-1)?.aborted).toBe(true);
  });

  test("no answer at all", async () => {
    await provider.setFault({ kind: "hang" });
    const given = new AbortController();
    const answer = expect(fetch(`${provider.url}/models`, { signal: given.signal })).rejects.toThrow("aborted");
    await expect.poll(() => provider.requests.at(-1)?.fault).toBe("hang");
    given.abort();
    await answer;
  });

  test("streams: an error first, a missing end, one byte at a time, broken JSON, gzip", async () => {
    const whole = (text: string) => text.replaceAll(/"(id|created)":[^,]+/g, "");
    const good = whole(await (await stream()).text());
    const faulty = async (fault: Parameters<DemoProvider["setFault"]>[0]) => {
      await provider.setFault(fault);
      return whole(await (await stream()).text());
    };
    expect(await faulty({ kind: "sse-error" })).toMatch(/^data: \{"error":\{[^\n]+\}\n\n$/);
    expect(good.startsWith(await faulty({ kind: "cut", afterEvents: 3 }))).toBe(true);
    expect(await faulty({ kind: "cut", afterEvents: 3 })).not.toContain("[DONE]");
    expect(await faulty({ kind: "chop", chunkBytes: 1 })).toBe(good);
    expect(await faulty({ kind: "gzip" })).toBe(good);
    expect(await faulty({ kind: "slow", eventDelayMs: 1 })).toBe(good);
    expect(() => JSON.parse(/"delta":.*"content":"我/.exec(good)![0])).toThrow();
    const broken = (await faulty({ kind: "invalid-json" })).split("\n\n").slice(1, 2);
    expect(() => JSON.parse(broken[0]!.slice("data: ".length))).toThrow();
  });

  test("switched over HTTP, with a reason when it is refused", async () => {
    const put = (body: string) => fetch(new URL("/__fault", provider.url), { method: "PUT", body });
    expect((await put('{"kind":"status","status":503}')).status).toBe(200);
    expect((await ask()).status).toBe(503);
    for (const bad of [
      "",
      "{}",
      '{"kind":"nap"}',
      '{"kind":"status"}',
      '{"kind":"hang","forMs":1}',
      '{"kind":"refuse"}',
    ]) {
      expect((await put(bad)).status, bad).toBe(400);
    }
    expect(provider.fault).toEqual({ kind: "status", status: 503 });
  });
});
