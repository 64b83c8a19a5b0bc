// The Gemini API as clients see it, through a real Envoy: Google's own SDK against providers of other dialects, its paths
// and keys, and every way to get them wrong in Gemini's own error shape.
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, Type } from "@google/genai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startAnthropicProvider,
  startGeminiProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

let openaiProvider: DemoProvider;
let anthropicProvider: DemoProvider;
let geminiProvider: DemoProvider;
let gateway: Gateway;
let client: GoogleGenAI;

const clientWith = (apiKey: string) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway.url, apiVersion: "v1beta" } });

beforeAll(async () => {
  openaiProvider = await startOpenAiProvider({ apiKey: "openai-credential" });
  anthropicProvider = await startAnthropicProvider({ apiKey: "anthropic-credential" });
  geminiProvider = await startGeminiProvider({ apiKey: "gemini-credential" });
  const provider = (id: "openai" | "anthropic" | "gemini", baseUrl: string) => ({
    id,
    dialect: id,
    baseUrl,
    apiKey: `${id}-credential`,
    allowPrivateAddress: true,
  });
  gateway = await Gateway.start({
    providers: [
      provider("openai", openaiProvider.url),
      provider("anthropic", anthropicProvider.url),
      provider("gemini", geminiProvider.url),
    ],
    targets: [
      { id: "gpt", provider: "openai", model: "gpt-demo" },
      { id: "claude", provider: "anthropic", model: "claude-demo" },
      { id: "own", provider: "gemini", model: "gemini-demo" },
    ],
    modelRoutes: [
      { id: "via-openai", targets: [{ target: "gpt" }] },
      { id: "via-anthropic", targets: [{ target: "claude" }] },
      { id: "team/a:latest", targets: [{ target: "gpt" }] },
      { id: "via-gemini", targets: [{ target: "own" }] },
      { id: "via-gemini-first", targets: [{ target: "own" }, { target: "gpt" }] },
      { id: "secret", targets: [{ target: "gpt" }] },
    ],
    consumers: [{ id: "team", models: ["via-*", "team/*"] }],
  });
  client = clientWith(gateway.key);
});

afterEach(async () => {
  await openaiProvider.clearFault();
  await anthropicProvider.clearFault();
  await geminiProvider.clearFault();
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await openaiProvider.close();
  await anthropicProvider.close();
  await geminiProvider.close();
});

const question = "How is the weather in 北京 \u{1F324}?";
const MODELS = ["via-openai", "via-anthropic"];
const providerOf = (model: string) => (model === "via-anthropic" ? anthropicProvider : openaiProvider);
const lastBody = (model: string) => JSON.parse(providerOf(model).requests.at(-1)?.body ?? "");

describe.each(MODELS)("Google's SDK, %s", (model) => {
  const config = { systemInstruction: "Be brief.", maxOutputTokens: 500 };
  const parameters = {
    type: Type.OBJECT,
    properties: { city: { type: Type.STRING }, days: { type: Type.INTEGER, nullable: true } },
    required: ["city"],
  };
  const functionDeclarations = ["get_weather", "get_time"].map((name) => ({ name, description: name, parameters }));
  const tools = [{ functionDeclarations }];

  test("generateContent", async () => {
    const reply = await client.models.generateContent({ model, contents: question, config });
    expect(reply.text).toContain(question);
    expect(reply.candidates?.[0]?.finishReason).toBe("STOP");
    expect(reply.modelVersion).toBe(model);
    const { promptTokenCount, candidatesTokenCount, totalTokenCount } = reply.usageMetadata!;
    expect(totalTokenCount).toBe(promptTokenCount! + candidatesTokenCount!);
    expect(providerOf(model).requests.at(-1)?.forbiddenHeaders).toEqual([]);
    expect(JSON.stringify(lastBody(model))).toContain("Be brief.");
  });

  test("generateContentStream", async () => {
    const whole = await client.models.generateContent({ model, contents: question, config });
    const chunks = await all(await client.models.generateContentStream({ model, contents: question, config }));
    expect(chunks.map(({ text }) => text).join("")).toBe(whole.text);
    expect(chunks.filter(({ text }) => text).length).toBeGreaterThan(1);
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
    expect(chunks.at(-1)?.usageMetadata?.candidatesTokenCount).toBe(whole.usageMetadata?.candidatesTokenCount);
  });

  test.each([false, true])("parallel functions and their results (stream: %s)", async (streamed) => {
    const ask = {
      model,
      contents: question,
      config: {
        ...config,
        tools,
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
      },
    };
    const replies = streamed
      ? await all(await client.models.generateContentStream(ask))
      : [await client.models.generateContent(ask)];
    const contents = replies.map(({ candidates }) => candidates![0]!.content!);
    const calls = replies.flatMap(({ functionCalls }) => functionCalls ?? []);
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    for (const { args } of calls) expect(args).toHaveProperty("city");
    // With the ids of the calls, and without, as Gemini's own documentation shows.
    for (const withId of [true, false]) {
      const reply = await client.models.generateContent({
        model,
        contents: [
          { role: "user", parts: [{ text: question }] },
          ...contents,
          {
            role: "user",
            parts: calls.map(({ id, name }) => ({
              functionResponse: { ...(withId ? { id: id! } : {}), name: name!, response: { output: "sunny" } },
            })),
          },
        ],
        config: { ...config, tools },
      });
      expect(reply.candidates?.[0]?.finishReason).toBe("STOP");
      expect(reply.functionCalls).toBeUndefined();
    }
  });

  test("a chat keeps its history, streamed too", async () => {
    const chat = client.chats.create({ model, config });
    await all(await chat.sendMessageStream({ message: "One." }));
    const reply = await chat.sendMessage({ message: "Two." });
    expect(reply.text).toContain("Two.");
    expect(
      lastBody(model)
        .messages.map(({ role }: { role: string }) => role)
        .filter((role: string) => role !== "system"),
    ).toEqual(["user", "assistant", "user"]);
  });

  test("structured output", async () => {
    const reply = await client.models.generateContent({
      model,
      contents: question,
      config: { ...config, responseMimeType: "application/json", responseSchema: parameters },
    });
    expect(JSON.parse(reply.text!)).toHaveProperty("city");
  });

  test("an image", async () => {
    const data = Buffer.from("not really a picture").toString("base64");
    await client.models.generateContent({
      model,
      contents: [{ role: "user", parts: [{ text: "What is this?" }, { inlineData: { mimeType: "image/png", data } }] }],
      config,
    });
    expect(JSON.stringify(lastBody(model))).toContain(data);
  });

  test("a provider's refusal arrives as the SDK's own error", async () => {
    await providerOf(model).setFault({ kind: "status", status: 429, message: "slow down", retryAfterSeconds: 7 });
    const error = await client.models.generateContent({ model, contents: "hi" }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(429);
    const told = JSON.parse(error.message).error;
    expect(told).toMatchObject({ code: 429, status: "RESOURCE_EXHAUSTED" });
    expect(told.message).toContain("slow down");
  });

  test("a stream that is cut raises", async () => {
    await providerOf(model).setFault({ kind: "cut", afterEvents: 3 });
    const error = await client.models
      .generateContentStream({ model, contents: question })
      .then(all)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(502);
    expect(error.message).toContain("upstream_stream_cut");
  });

  test("what the provider cannot do is refused by name", async () => {
    const search = await client.models
      .generateContent({ model, contents: "hi", config: { tools: [{ googleSearch: {} }] } })
      .catch((thrown) => thrown);
    expect(search).toBeInstanceOf(ApiError);
    expect(search.message).toContain("tools[0].googleSearch");
    const tokens = await client.models.countTokens({ model, contents: "hi" }).catch((thrown) => thrown);
    expect(tokens).toMatchObject({ status: 400, message: expect.stringContaining("operation_not_supported") });
    const vector = await client.models.embedContent({ model, contents: "hi" }).catch((thrown) => thrown);
    expect(vector).toMatchObject({ status: 400, message: expect.stringContaining("operation_not_supported") });
  });
});

describe("a provider of the same dialect", () => {
  const model = "via-gemini";
  const contents = [{ role: "user", parts: [{ text: question }] }];
  const post = (verb: string, body: string) =>
    fetch(`${gateway.url}/v1beta/models/${model}:${verb}`, {
      method: "POST",
      headers: { "x-goog-api-key": gateway.key, "content-type": "application/json" },
      body,
    });

  test("gets the body byte by byte, at its own path, with its own key", async () => {
    const body = `{ "contents" : ${JSON.stringify(contents)}, "generationConfig": {"topK": 3.0e0} }`;
    const reply = (await (await post("generateContent", body)).json()) as {
      candidates: unknown[];
      modelVersion: string;
    };
    expect(reply.modelVersion).toBe("gemini-demo");
    const sent = geminiProvider.requests.at(-1)!;
    expect(sent.body).toBe(body);
    expect(sent.path).toBe("/v1beta/models/gemini-demo:generateContent");
    expect(JSON.stringify(sent)).not.toContain(gateway.key);
  });

  test("generateContent, a stream, and countTokens through the SDK", async () => {
    const whole = await client.models.generateContent({ model, contents: question });
    expect(whole.text).toContain(question);
    const chunks = await all(await client.models.generateContentStream({ model, contents: question }));
    expect(chunks.map(({ text }) => text ?? "").join("")).toBe(whole.text);
    expect((await client.models.countTokens({ model, contents: question })).totalTokens).toBeGreaterThan(0);
  });

  test("is called by its own name of the model in a body that says it again", async () => {
    const inner = (name: string) =>
      JSON.stringify({ generateContentRequest: { model: `models/${name}`, contents }, contents });
    await (await post("countTokens", inner(model))).text();
    expect(geminiProvider.requests.at(-1)?.body).toBe(inner("gemini-demo"));
  });

  test.each([1, 2, 5])("a stream that is complete is complete, in pieces of %s bytes", async (chunkBytes) => {
    await geminiProvider.setFault({ kind: "chop", chunkBytes });
    const chunks = await all(await client.models.generateContentStream({ model, contents: "hi" }));
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
  });

  test("a stream that is cut raises", async () => {
    await geminiProvider.setFault({ kind: "cut", afterEvents: 2 });
    const error = await client.models
      .generateContentStream({ model, contents: question })
      .then(all, String)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("upstream_stream_cut") });
  });

  test("its errors pass with their words, and another target answers where it fails", async () => {
    await geminiProvider.setFault({ kind: "status", status: 429, message: "slow down" });
    const error = await client.models.generateContent({ model, contents: "hi" }).catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 429, message: expect.stringContaining("slow down") });
    await geminiProvider.setFault({ kind: "sse-error", message: "too much" });
    const chunks = await all(
      await client.models.generateContentStream({ model: "via-gemini-first", contents: question }),
    );
    expect(chunks.map(({ text }) => text ?? "").join("")).toContain("gpt-demo");
  });
});

interface ErrorBody {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly status: string;
    readonly details: readonly { readonly reason: string; readonly domain: string }[];
  };
}

const GENERATE = "/v1beta/models/via-openai:generateContent";
const STREAM = "/v1beta/models/via-openai:streamGenerateContent?alt=sse";
const ask = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "hi" }] }] });

/** Status, Google's word for it and our code of a refusal, whose shape is checked. */
async function refused(path: string, init: RequestInit = {}): Promise<[number, string, string]> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "x-goog-api-key": gateway.key },
    body: ask,
    ...init,
  });
  const { error } = (await response.json()) as ErrorBody;
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(error.code).toBe(response.status);
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.details[0]?.domain).toBe("sluice");
  expect(response.headers.get("x-sluice-error")).toBe(error.details[0]?.reason);
  return [response.status, error.status, error.details[0]?.reason ?? ""];
}

describe("keys", () => {
  const PATH = "/v1beta/models/via-nobody:generateContent";
  const passed = [404, "NOT_FOUND", "model_not_found"];

  test("in each of the places that this API has", async () => {
    expect(await refused(PATH)).toEqual(passed);
    expect(await refused(PATH, { headers: { authorization: `Bearer ${gateway.key}` } })).toEqual(passed);
    expect(await refused(`${PATH}?key=${gateway.key}`, { headers: {} })).toEqual(passed);
    expect(await refused(`${PATH}?alt=json&key=${gateway.key}&prettyPrint=false`, { headers: {} })).toEqual(passed);
  });

  test("none, a bad one, one in another API's place", async () => {
    const status = (code: string) => [401, "UNAUTHENTICATED", code];
    expect(await refused(PATH, { headers: {} })).toEqual(status("missing_api_key"));
    expect(await refused(PATH, { headers: { "x-goog-api-key": "AIza" } })).toEqual(status("invalid_api_key"));
    expect(await refused(PATH, { headers: { "x-api-key": gateway.key } })).toEqual(status("api_key_in_wrong_header"));
    expect(await refused(PATH, { headers: { "api-key": gateway.key } })).toEqual(status("api_key_in_wrong_header"));
  });
});

describe("what is wrong about a request", () => {
  const bad = (code: string) => [400, "INVALID_ARGUMENT", code];

  test.each([
    ["not JSON", "hello", "invalid_json"],
    ["truncated JSON", '{"contents":[{"parts":[{"text":"h', "invalid_json"],
    ["an array", "[1]", "invalid_json"],
    ["ill-formed UTF-8", Buffer.from('{"contents":"\xff"}', "latin1"), "invalid_json"],
    ["a member twice", '{"contents":[],"cont\\u0065nts":[]}', "duplicate_key"],
    ["nested too deeply", `{"contents":${"[".repeat(200)}${"]".repeat(200)}}`, "json_too_deep"],
    ["an empty body", "", "empty_body"],
  ])("%s", async (_name, body, code) => {
    expect(await refused(GENERATE, { body: body })).toEqual(bad(code));
    expect(await refused(STREAM, { body: body })).toEqual(bad(code));
  });

  test("a stream that is not asked for as events", async () => {
    expect(await refused("/v1beta/models/via-openai:streamGenerateContent")).toEqual(bad("stream_without_sse"));
    expect(await refused("/v1beta/models/via-openai:streamGenerateContent?alt=json")).toEqual(
      bad("stream_without_sse"),
    );
  });

  test("paths that are none", async () => {
    const unknown = [404, "NOT_FOUND", "unknown_operation"];
    for (const path of [
      "/v1beta/",
      "/v1beta/models/",
      "/v1beta/models/m:predict",
      "/v1beta/files",
      "/v1beta1/projects/p",
    ])
      expect(await refused(path), path).toEqual(unknown);
    expect(await refused(GENERATE, { method: "GET", body: null })).toEqual([
      405,
      "INVALID_ARGUMENT",
      "method_not_allowed",
    ]);
    expect(await refused("/v1beta/models/%zz:generateContent")).toEqual([404, "NOT_FOUND", "model_not_found"]);
    const long = `/v1beta/models/${"m".repeat(4000)}:generateContent`;
    expect(await refused(long)).toEqual([404, "NOT_FOUND", "model_not_found"]);
  });

  test("the model's name is decoded, and may hold slashes and colons", async () => {
    const denied = [403, "PERMISSION_DENIED", "model_not_allowed"];
    for (const path of [
      "/v1beta/models/secre%74:generateContent",
      "/v1/models/secret:generateContent",
      "/v1beta1/models/secret:countTokens",
      "/v1beta1/publishers/google/models/secret:generateContent",
      "/v1/projects/p/locations/l/publishers/google/models/secret:streamGenerateContent?alt=sse",
    ]) {
      expect(await refused(path), path).toEqual(denied);
    }
    for (const name of ["team/a:latest", "team%2Fa%3Alatest"]) {
      expect(await refused(`/v1beta/models/${name}:countTokens`), name).toEqual(bad("operation_not_supported"));
    }
  });

  test("operations that only Gemini has", async () => {
    const unsupported = bad("operation_not_supported");
    for (const verb of ["countTokens", "embedContent", "batchEmbedContents"]) {
      expect(await refused(`/v1beta/models/via-openai:${verb}`), verb).toEqual(unsupported);
    }
  });
});
