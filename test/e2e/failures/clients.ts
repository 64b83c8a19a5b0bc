// The client APIs whose errors are checked: how each is asked over plain HTTP, what its error looks like, and what its SDK
// makes of the same. Nothing here knows which provider answers.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { expect } from "vitest";
import { all, type Gateway } from "../harness.ts";

/** What an error says in every API. */
export interface Told {
  readonly message: string;
  /** The gateway's own code; absent where the provider's error came through. */
  readonly code?: string | undefined;
}

export interface ClientApi {
  readonly name: string;
  request(model: string, question: string, stream: boolean): { path: string; body: object };
  /** Checks that `body` is this API's error to the last member that an SDK reads. */
  told(body: unknown, status: number): Told;
  /** The text of an answer; throws what the SDK throws. */
  ask(gateway: Gateway, model: string, question: string): Promise<unknown>;
}

export interface StreamingApi extends ClientApi {
  stream(gateway: Gateway, model: string, question: string): Promise<string>;
}

const MAX_TOKENS = 4096;
const openai = ({ url, key }: Gateway) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = ({ url, key }: Gateway) => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const google = ({ url, key }: Gateway) =>
  new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url, apiVersion: "v1beta" } });
const turns = (content: string) => [{ role: "user" as const, content }];

/** Azure leaves `type` and `param` out, or null; what it has beside them (`innererror`) passes. */
function openAiTold(body: unknown): Told {
  const { error } = body as { error: { message: string; type?: unknown; code?: string | null; param?: unknown } };
  expect(body).toMatchObject({ error: { message: expect.any(String) } });
  for (const text of [error.type, error.code, error.param]) {
    expect(["string", "undefined"]).toContain(typeof (text ?? undefined));
  }
  return { message: error.message, code: error.code ?? undefined };
}

const chat: StreamingApi = {
  name: "chat",
  request: (model, question, stream) => ({
    path: "/v1/chat/completions",
    body: { model, messages: turns(question), stream },
  }),
  told: openAiTold,
  ask: async (gateway, model, question) => {
    const { choices } = await openai(gateway).chat.completions.create({ model, messages: turns(question) });
    return choices[0]?.message.content ?? "";
  },
  stream: async (gateway, model, question) => {
    const body = { model, messages: turns(question), stream: true as const };
    const chunks = await all(await openai(gateway).chat.completions.create(body));
    return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  },
};

const responses: StreamingApi = {
  name: "responses",
  request: (model, input, stream) => ({ path: "/v1/responses", body: { model, input, stream, store: false } }),
  told: openAiTold,
  ask: async (gateway, model, input) =>
    (await openai(gateway).responses.create({ model, input, store: false })).output_text,
  stream: async (gateway, model, input) => {
    const seen = await all(await openai(gateway).responses.create({ model, input, stream: true, store: false }));
    return seen.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
  },
};

const messages: StreamingApi = {
  name: "messages",
  request: (model, question, stream) => ({
    path: "/v1/messages",
    body: { model, max_tokens: MAX_TOKENS, messages: turns(question), stream },
  }),
  told: (body) => {
    const { error } = body as { error: { type: string; message: string; code?: string } };
    expect(body).toMatchObject({ type: "error", error: { type: expect.any(String), message: expect.any(String) } });
    return { message: error.message, code: error.code };
  },
  ask: async (gateway, model, question) => {
    const body = { model, max_tokens: MAX_TOKENS, messages: turns(question) };
    const { content } = await anthropic(gateway).messages.create(body);
    return content.map((block) => (block.type === "text" ? block.text : "")).join("");
  },
  stream: async (gateway, model, question) => {
    const body = { model, max_tokens: MAX_TOKENS, messages: turns(question), stream: true as const };
    const seen = await all(await anthropic(gateway).messages.create(body));
    const deltas = seen.map((event) => (event.type === "content_block_delta" ? event.delta : undefined));
    return deltas.map((delta) => (delta?.type === "text_delta" ? delta.text : "")).join("");
  },
};

const generateContent: StreamingApi = {
  name: "generateContent",
  request: (model, text, stream) => ({
    path: `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: { contents: [{ role: "user", parts: [{ text }] }] },
  }),
  told: (body, status) => {
    const { error } = body as { error: { message: string; details?: { reason?: string }[] } };
    expect(body).toMatchObject({
      error: { code: status, message: expect.any(String), status: expect.stringMatching(/^[A-Z_]+$/) },
    });
    return { message: error.message, code: error.details?.find(({ reason }) => reason !== undefined)?.reason };
  },
  ask: async (gateway, model, contents) =>
    (await google(gateway).models.generateContent({ model, contents })).text ?? "",
  stream: async (gateway, model, contents) => {
    const chunks = await all(await google(gateway).models.generateContentStream({ model, contents }));
    return chunks.map(({ text }) => text ?? "").join("");
  },
};

/** Answered by providers that have vectors, and never streamed. */
export const embeddings: ClientApi = {
  name: "embeddings",
  request: (model, input) => ({ path: "/v1/embeddings", body: { model, input } }),
  told: openAiTold,
  ask: (gateway, model, input) => openai(gateway).embeddings.create({ model, input }),
};

export const CONVERSATIONS: readonly StreamingApi[] = [chat, responses, messages, generateContent];
