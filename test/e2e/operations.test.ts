// Operations that are not translated: they go to targets of the client's own dialect, byte for byte but for the model,
// and a model without such a target says so. The fake answers in the shapes of the providers' public references.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { all, Gateway } from "./harness.ts";

const SPEECH = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 37) % 256));
const EMBEDDING = [0.25, -0.5, 1];

interface Seen {
  readonly path: string;
  readonly body: { model: string; [field: string]: unknown };
}

const seen: Seen[] = [];
let provider: Server;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const ANSWERS: Record<string, (body: Seen["body"]) => unknown> = {
  "/v1/embeddings": ({ model }) => ({
    object: "list",
    model,
    data: [{ object: "embedding", index: 0, embedding: EMBEDDING }],
    usage: { prompt_tokens: 2, total_tokens: 2 },
  }),
  "/v1/moderations": ({ model }) => ({
    id: "modr-1",
    model,
    results: [{ flagged: false, categories: {}, category_scores: {} }],
  }),
  "/v1/images/generations": () => ({ created: 1, data: [{ b64_json: SPEECH.toString("base64") }] }),
  "/v1/rerank": () => ({ results: [{ index: 1, relevance_score: 0.9 }] }),
  "/v1/completions": ({ model }) => ({
    id: "cmpl-1",
    object: "text_completion",
    created: 1,
    model,
    choices: [{ index: 0, text: "once", logprobs: null, finish_reason: "stop" }],
  }),
  "/v1/messages/count_tokens": () => ({ input_tokens: 14 }),
};

const COMPLETION_STREAM = ["on", "ce"]
  .map((text) => `data: ${JSON.stringify({ id: "cmpl-1", choices: [{ index: 0, text, finish_reason: null }] })}\n\n`)
  .join("");

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Seen["body"];
      seen.push({ path, body });
      if (path === "/v1/audio/speech") {
        response.writeHead(200, { "content-type": "audio/mpeg" }).end(SPEECH);
      } else if (path === "/v1/completions" && body.stream === true) {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(`${COMPLETION_STREAM}data: [DONE]\n\n`);
      } else {
        const answer = ANSWERS[path];
        response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
        response.end(JSON.stringify(answer?.(body) ?? { error: { message: "no such path", type: "x", param: null } }));
      }
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", () => resolve()));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  gateway = await Gateway.start({
    providers: [
      { id: "openai", dialect: "openai", baseUrl, apiKey: "credential", allowPrivateAddress: true },
      { id: "anthropic", dialect: "anthropic", baseUrl, apiKey: "credential", allowPrivateAddress: true },
    ],
    targets: [
      { id: "openai", provider: "openai", model: "upstream-model" },
      { id: "anthropic", provider: "anthropic", model: "claude-model" },
    ],
    modelRoutes: [
      { id: "one", targets: [{ target: "openai" }] },
      { id: "mixed", targets: [{ target: "anthropic" }, { target: "openai" }] },
      { id: "claude", targets: [{ target: "anthropic" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  provider.close();
});

test.each(["one", "mixed"])("embeddings, by a target of the same dialect (%s)", async (model) => {
  const reply = await openai.embeddings.create({ model, input: ["你好", "hello"], encoding_format: "float" });
  expect(reply.data[0]?.embedding).toEqual(EMBEDDING);
  expect(seen.at(-1)).toMatchObject({
    path: "/v1/embeddings",
    body: { model: "upstream-model", input: ["你好", "hello"] },
  });
});

test("completions, whole and streamed", async () => {
  const reply = await openai.completions.create({ model: "one", prompt: "Tell me a story" });
  expect(reply.choices[0]?.text).toBe("once");
  const stream = await openai.completions.create({ model: "one", prompt: "Tell me a story", stream: true });
  expect((await all(stream)).map((chunk) => chunk.choices[0]?.text).join("")).toBe("once");
});

test("moderations, images and rerank", async () => {
  expect((await openai.moderations.create({ model: "one", input: "hi" })).results[0]?.flagged).toBe(false);
  const image = await openai.images.generate({ model: "one", prompt: "a cat" });
  expect(image.data?.[0]?.b64_json).toBe(SPEECH.toString("base64"));
  const response = await gateway.post("/v1/rerank", { model: "one", query: "q", documents: ["a", "b"] });
  expect(await response.json()).toEqual({ results: [{ index: 1, relevance_score: 0.9 }] });
});

test("speech comes back byte for byte", async () => {
  const response = await openai.audio.speech.create({ model: "one", voice: "alloy", input: "hello" });
  expect(Buffer.from(await response.arrayBuffer()).equals(SPEECH)).toBe(true);
  expect(response.headers.get("content-type")).toBe("audio/mpeg");
});

test("Anthropic's token count", async () => {
  const messages = [{ role: "user" as const, content: "hi" }];
  expect((await anthropic.messages.countTokens({ model: "claude", messages })).input_tokens).toBe(14);
  expect(seen.at(-1)).toMatchObject({ path: "/v1/messages/count_tokens", body: { model: "claude-model" } });
});

test("a model none of whose targets can do it", async () => {
  const embeddings = await openai.embeddings.create({ model: "claude", input: "hi" }).catch((thrown) => thrown);
  expect([embeddings.status, embeddings.code]).toEqual([400, "operation_not_supported"]);
  const count = await gateway.post("/v1/messages/count_tokens", { model: "one", messages: [] });
  expect([count.status, ((await count.json()) as { error: { code: string } }).error.code]).toEqual([
    400,
    "operation_not_supported",
  ]);
});

test("operations that are not in the table are refused, and a wrong method too", async () => {
  for (const path of ["/v1/responses/resp_1", "/v1/files", "/v1/embeddings/x", "/v1/audio", "/v2/chat/completions"]) {
    const response = await gateway.post(path, { model: "one" });
    expect(response.status).toBe(404);
    await response.text();
  }
  const response = await fetch(`${gateway.url}/v1/embeddings`, { headers: { authorization: `Bearer ${gateway.key}` } });
  expect(response.status).toBe(405);
});

test("a wrong method is told in the words of the API that has the path, whatever keys and versions come with it", async () => {
  const errorAt = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`${gateway.url}${path}`, { method: "DELETE", headers });
    expect([response.status, response.headers.get("x-sluice-error")]).toEqual([405, "method_not_allowed"]);
    return (await response.json()) as { type?: string; error: { code: unknown } };
  };
  for (const [name, value] of [
    ["x-goog-api-key", "AIza"],
    ["anthropic-version", "2023-06-01"],
  ] as const) {
    expect((await errorAt("/v1/chat/completions", { [name]: value })).error.code).toBe("method_not_allowed");
  }
  expect((await errorAt("/v1/chat/completions?key=AIza", {})).error.code).toBe("method_not_allowed");
  expect((await errorAt("/v1/models/one?key=AIza", {})).error.code).toBe(405);
  expect(await errorAt("/v1/models/one", { "anthropic-version": "2023-06-01" })).toMatchObject({ type: "error" });
});
