// The Responses API through a real Envoy, with OpenAI's SDK: to a provider that serves it itself, to one that speaks chat
// only, and to one of another dialect. What a provider keeps is for the consumer it was made for, and for nobody else.
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import type { ResponseInput, ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type DemoProvider,
  startAnthropicProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let first: DemoProvider;
let second: DemoProvider;
let chat: DemoProvider;
let claude: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let stranger: OpenAI;

const question = "How is the weather in 北京 \u{1F324}?";
const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
const tools = ["get_weather", "get_time"].map((name) => ({
  type: "function" as const,
  name,
  parameters,
  strict: true,
}));

beforeAll(async () => {
  const strict = { apiKey: "openai-credential", strictFields: true };
  first = await startOpenAiProvider(strict);
  second = await startOpenAiProvider({ ...strict });
  chat = await startOpenAiProvider({ ...strict });
  claude = await startAnthropicProvider({ apiKey: "anthropic-credential" });
  const provider = (id: string, { url }: DemoProvider, quirks: string[] = []) => ({
    id,
    dialect: "openai" as const,
    baseUrl: url,
    apiKey: "openai-credential",
    allowPrivateAddress: true,
    quirks,
  });
  gateway = await Gateway.start({
    providers: [
      provider("first", first, ["responses"]),
      provider("second", second, ["responses"]),
      provider("chat", chat),
      { ...provider("claude", claude), dialect: "anthropic", apiKey: "anthropic-credential" },
    ],
    targets: [
      { id: "first", provider: "first", model: "gpt-demo" },
      { id: "second", provider: "second", model: "gpt-demo" },
      { id: "chat", provider: "chat", model: "gpt-demo" },
      { id: "claude", provider: "claude", model: "claude-demo" },
    ],
    modelRoutes: [
      // Every fault is played many times: nobody is to be left for it.
      { id: "native", targets: [{ target: "first" }, { target: "second" }], failover: { outlierDetection: "off" } },
      { id: "native-second", targets: [{ target: "second" }] },
      { id: "via-chat", targets: [{ target: "chat" }] },
      { id: "via-claude", targets: [{ target: "claude" }] },
    ],
    consumers: [
      { id: "team", models: ["*"] },
      { id: "others", models: ["*"] },
    ],
  });
  const client = (apiKey: string) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
  openai = client(gateway.key);
  stranger = client(await gateway.addKey("others"));
});

afterEach(async () => {
  for (const provider of [first, second, chat, claude]) await provider.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  for (const provider of [first, second, chat, claude]) {
    expect(provider.requests.flatMap(({ forbiddenHeaders }) => forbiddenHeaders)).toEqual([]);
    await provider.close();
  }
});

const PROVIDERS: Record<string, () => DemoProvider> = {
  native: () => first,
  "via-chat": () => chat,
  "via-claude": () => claude,
};
const MODELS = Object.keys(PROVIDERS);
const providerOf = (model: string) => PROVIDERS[model]?.() ?? first;

async function failureOf(request: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const thrown: unknown = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`no API error but ${String(thrown)}`);
  return thrown;
}

describe.each(MODELS)("%s", (model) => {
  test("answers", async () => {
    const { data: response, response: raw } = await openai.responses
      .create({ model, instructions: "Be brief.", input: question })
      .withResponse();
    expect(raw.headers.get("x-sluice-target")).toBe(model === "native" ? "first" : model.slice(4));
    expect(response.output_text).toContain(question);
    expect(response).toMatchObject({ object: "response", status: "completed", error: null, incomplete_details: null });
    expect(response.instructions).toBe("Be brief.");
    expect(response.id).toMatch(/^resp_/);
    expect(response.created_at).toBeGreaterThan(1_700_000_000);
    expect(response.output[0]).toMatchObject({ type: "message", role: "assistant", status: "completed" });
    const { usage } = response;
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0));
    expect(usage?.output_tokens).toBeGreaterThan(5);
    expect(usage?.input_tokens_details.cached_tokens).toBe(0);
    expect(usage?.output_tokens_details.reasoning_tokens).toBe(0);
  });

  test("streams as the SDK's helper expects it", async () => {
    const stream = openai.responses.stream({ model, input: question });
    const events: ResponseStreamEvent[] = await all(stream);
    const final = await stream.finalResponse();
    expect(events.map(({ type }) => type).slice(0, 4)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
    ]);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
    const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.join("")).toBe(final.output_text);
    expect(final.output_text).toContain(question);
    expect(final.status).toBe("completed");
    expect(final.usage?.output_tokens).toBeGreaterThan(5);
    const ids = events.flatMap((event) => ("response" in event ? [event.response.id] : []));
    expect(new Set(ids)).toEqual(new Set([final.id]));
  });

  test("stops at the cap", async () => {
    const response = await openai.responses.create({ model, input: question, max_output_tokens: 16 });
    expect(response.status).toBe("incomplete");
    expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
    const events = await all(
      await openai.responses.create({ model, input: question, max_output_tokens: 16, stream: true }),
    );
    expect(events.at(-1)).toMatchObject({ type: "response.incomplete", response: { status: "incomplete" } });
  });

  test("calls tools, and goes on with their results", async () => {
    const input: ResponseInput = [{ role: "user", content: question }];
    const { output } = await openai.responses.create({ model, input, tools });
    const calls = output.flatMap((item) => (item.type === "function_call" ? [item] : []));
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    for (const call of calls) expect(JSON.parse(call.arguments)).toMatchObject({ days: 1 });
    const results = calls.map(({ call_id }) => ({ type: "function_call_output" as const, call_id, output: "sunny" }));
    const history = [...input, ...output, ...results] as ResponseInput;
    const answer = await openai.responses.create({ model, tools, input: history });
    expect(answer.output_text).toContain(question);
    expect(providerOf(model).requests.at(-1)?.refusal).toBeUndefined();
  });

  test("streams tool calls", async () => {
    const stream = openai.responses.stream({ model, input: question, tools, parallel_tool_calls: false });
    const pieces: string[] = [];
    stream.on("response.function_call_arguments.delta", ({ delta }) => pieces.push(delta));
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([{ type: "function_call", name: "get_weather", status: "completed" }]);
    expect(pieces.length).toBeGreaterThan(1);
    expect(output).toMatchObject([{ arguments: pieces.join("") }]);
  });

  test("an error of the provider reaches the client in OpenAI's shape", async () => {
    await Promise.all([first, second, chat, claude].map((one) => one.setFault({ kind: "status", status: 429 })));
    const error = await failureOf(openai.responses.create({ model, input: "hi" }));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.message).toContain("Demo fault");
  });

  test("a stream that breaks raises, whatever was said before", async () => {
    await providerOf(model).setFault({ kind: "cut", afterEvents: 8 });
    const said: string[] = [];
    const read = async () => {
      for await (const event of await openai.responses.create({ model, input: question, stream: true })) {
        if (event.type === "response.output_text.delta") said.push(event.delta);
      }
    };
    expect((await failureOf(read())).code).toBe("upstream_stream_cut");
    expect(said.length).toBeGreaterThan(0);
    await providerOf(model).setFault({ kind: "cut", afterEvents: 8 });
    expect((await failureOf(openai.responses.stream({ model, input: question }).finalResponse())).code).toBe(
      "upstream_stream_cut",
    );
  });

  test("what refers to state that all consumers would share is refused", async () => {
    const requests = [
      [{ conversation: "conv_1", input: "x" }, "conversation"],
      [{ background: true, input: "x" }, "background"],
    ] as const;
    for (const [body, named] of requests) {
      const response = await gateway.post("/v1/responses", { model, ...body });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect([response.status, error.code]).toEqual([400, "unsupported_content"]);
      expect(error.message).toContain(named);
    }
  });
});

test.each(["native", "via-chat"])("%s answers in a schema", async (model) => {
  const format = zodTextFormat(z.object({ city: z.string(), days: z.int() }), "forecast");
  const parsed = await openai.responses.parse({ model, input: question, text: { format } });
  expect(parsed.output_parsed).toEqual({ city: question, days: 1 });
  const final = await openai.responses.stream({ model, input: question, text: { format } }).finalResponse();
  expect(final.output_parsed).toEqual({ city: question, days: 1 });
});

test("a request passes byte for byte but for the model, and so does the reply but for its id", async () => {
  const body = `{ "input":"hi 你好",  "model" : "native","temperature":1.50, "metadata":{"a":"\\u00e9"} }`;
  const response = await gateway.post("/v1/responses", body);
  expect(response.status).toBe(200);
  expect(first.requests.at(-1)?.body).toBe(body.replace('"native"', '"gpt-demo"'));
  const reply = (await response.json()) as { id: string };
  expect(reply.id).toMatch(/^resp_slc_[\w-]+$/);
  expect(reply).toMatchObject({ model: "gpt-demo", metadata: { a: "é" }, service_tier: "default" });
});

test("built-in tools reach who has them, and are refused by name elsewhere", async () => {
  const tool = { type: "web_search" as const };
  await openai.responses.create({ model: "native", input: "hi", tools: [tool] });
  expect(first.requests.at(-1)?.json).toMatchObject({ tools: [tool] });
  for (const model of ["via-chat", "via-claude"]) {
    const error = await failureOf(openai.responses.create({ model, input: "hi", tools: [tool] }));
    expect(error.status).toBe(400);
    expect(error.message).toContain("tools[0].type 'web_search'");
  }
});

describe("a reference to an item", () => {
  const refer = (id: string): ResponseInput => [
    { type: "item_reference", id },
    { role: "user", content: "And?" },
  ];
  const itemOf = async (model: string) =>
    (await openai.responses.create({ model, input: question })).output[0]?.id ?? "";

  test("is good for who was given it, in a stream as well", async () => {
    const id = await itemOf("native");
    expect(id).toMatch(/^msg_slc_[\w-]+$/);
    const answer = await openai.responses.create({ model: "native", input: refer(id) });
    expect(answer.output_text).toContain("And?");
    expect(first.requests.at(-1)?.json).toMatchObject({ input: [{ id: expect.stringMatching(/^msg_0/) }, {}] });
    const events = await all(await openai.responses.create({ model: "native", input: refer(id), stream: true }));
    const ids = events.flatMap((event) =>
      "item_id" in event ? [event.item_id] : "item" in event ? [event.item.id] : [],
    );
    expect(new Set(ids).size).toBe(1);
    expect((await openai.responses.create({ model: "native", input: refer(ids[0] ?? "") })).status).toBe("completed");
  });

  test("goes where the item is, though another target comes first", async () => {
    await first.setFault({ kind: "status", status: 500, times: 1 });
    const id = await itemOf("native");
    const { response } = await openai.responses.create({ model: "native", input: refer(id) }).withResponse();
    expect(response.headers.get("x-sluice-target")).toBe("second");
  });

  test("is not found for anybody else, on a model without its target, or as the provider's own", async () => {
    const id = await itemOf("native");
    const own = Buffer.from(id.slice("msg_slc_".length), "base64url").subarray(8, -16).toString();
    const attempts: [OpenAI, string, string][] = [
      [stranger, "native", id],
      [openai, "native-second", id],
      [openai, "native", own],
      [openai, "native", `${id}A`],
    ];
    for (const [client, model, asked] of attempts) {
      const error = await failureOf(client.responses.create({ model, input: refer(asked) }));
      expect([error.status, error.code]).toEqual([404, "previous_response_not_found"]);
    }
  });

  test("where nothing is kept says what to do instead", async () => {
    for (const model of ["via-chat", "via-claude"]) {
      const error = await failureOf(openai.responses.create({ model, input: refer(await itemOf(model)) }));
      expect([error.status, error.code]).toEqual([400, "unsupported_content"]);
      expect(error.message).toContain("store: false");
    }
  });

  test("is not needed: whole items are taken back with their ids, and ids of what is not stored pass", async () => {
    const { output } = await openai.responses.create({ model: "native", input: question, tools, store: false });
    expect(output.map(({ id }) => id)).toEqual([expect.stringMatching(/^fc_0/), expect.stringMatching(/^fc_0/)]);
  });
});

describe("previous_response_id", () => {
  const model = "native";
  const begin = () => openai.responses.create({ model, input: "Remember 42." }).withResponse();

  test("goes on where the response was made", async () => {
    const { data } = await begin();
    const next = await openai.responses.create({ model, input: "And?", previous_response_id: data.id });
    expect(next.previous_response_id).toBe(data.id);
    expect(next.usage?.input_tokens).toBeGreaterThan(data.usage?.input_tokens ?? 0);
    expect(first.requests.at(-1)?.json).toMatchObject({ previous_response_id: expect.stringMatching(/^resp_0/) });
  });

  test("goes on from a stream, in a stream", async () => {
    const { id } = await openai.responses.stream({ model, input: "Remember 42." }).finalResponse();
    const final = await openai.responses.stream({ model, input: "And?", previous_response_id: id }).finalResponse();
    expect(final.previous_response_id).toBe(id);
    expect(final.id).not.toBe(id);
  });

  test("keeps to the target that holds it, though another comes first", async () => {
    await first.setFault({ kind: "status", status: 500, times: 1 });
    const { data, response } = await begin();
    expect(response.headers.get("x-sluice-target")).toBe("second");
    const next = await openai.responses.create({ model, input: "And?", previous_response_id: data.id }).withResponse();
    expect(next.response.headers.get("x-sluice-target")).toBe("second");
    expect(next.data.output_text).toContain("And?");
    const elsewhere = await openai.responses
      .create({ model: "native-second", input: "And?", previous_response_id: data.id })
      .withResponse();
    expect(elsewhere.response.headers.get("x-sluice-target")).toBe("second");
  });

  test("never goes to another target when its own fails", async () => {
    const { data } = await begin();
    await first.setFault({ kind: "status", status: 500, times: 1 });
    const before = second.requestCount;
    const error = await failureOf(openai.responses.create({ model, input: "And?", previous_response_id: data.id }));
    expect(error.status).toBe(500);
    expect(second.requestCount).toBe(before);
  });

  test("is not found for anybody else, on a model without its target, changed, or as the provider's own", async () => {
    const { data } = await begin();
    const before = first.requestCount + second.requestCount;
    const own = Buffer.from(data.id.slice("resp_slc_".length), "base64url").subarray(8, -16).toString();
    expect(own).toMatch(/^resp_0/);
    const changed = `${data.id.slice(0, 30)}${data.id[30] === "A" ? "B" : "A"}${data.id.slice(31)}`;
    const attempts: [OpenAI, string, string][] = [
      [stranger, model, data.id],
      [openai, "native-second", data.id],
      [openai, model, changed],
      [openai, model, own],
      [openai, model, `${data.id}A`],
      [openai, model, "resp_slc_"],
      [openai, model, ""],
    ];
    for (const [client, asked, id] of attempts) {
      const error = await failureOf(client.responses.create({ model: asked, input: "?", previous_response_id: id }));
      expect([error.status, error.code, error.type]).toEqual([
        404,
        "previous_response_not_found",
        "invalid_request_error",
      ]);
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    }
    expect(first.requestCount + second.requestCount).toBe(before);
  });

  test("where nothing is kept says what to do instead", async () => {
    for (const other of ["via-chat", "via-claude"]) {
      const { id } = await openai.responses.create({ model: other, input: "Remember 42." });
      const error = await failureOf(openai.responses.create({ model: other, input: "?", previous_response_id: id }));
      expect([error.status, error.code]).toEqual([400, "unsupported_content"]);
      expect(error.message).toContain("send the whole conversation in input");
    }
  });
});
