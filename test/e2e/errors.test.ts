// Errors of the table that other files have no reason to provoke: what providers do wrong where nobody is left to ask, keys
// that expire, a control plane that is gone. In both protocols' shapes, and never as a trap.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FILTER_ERRORS, TRANSLATED_REPLY_BYTES_MAX } from "../../control-plane/contract.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { eventually, Gateway } from "./harness.ts";

const CHAT = "/v1/chat/completions";
const MESSAGES = "/v1/messages";
const SHAPES = [
  { path: CHAT, type: "openaiType" },
  { path: MESSAGES, type: "anthropicType" },
] as const;
const KEY_LIFE_MS = 1_500;

let provider: Server;
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let requestCount = 0;
let gateway: Gateway;

beforeAll(async () => {
  provider = createServer((request, response) => {
    requestCount++;
    request.resume().on("end", () => answer(response, request));
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const common = { baseUrl, apiKey: "credential", allowPrivateAddress: true };
  const route = (id: string, ...targets: string[]) => ({ id, targets: targets.map((target) => ({ target })) });
  gateway = await Gateway.start({
    providers: [
      { id: "openai", dialect: "openai", ...common },
      { id: "anthropic", dialect: "anthropic", ...common },
    ],
    targets: [
      { id: "gpt", provider: "openai", model: "gpt" },
      { id: "claude", provider: "anthropic", model: "claude" },
    ],
    modelRoutes: [route("chat", "gpt"), route("messages", "claude"), route("both", "gpt", "claude")],
    consumers: [{ id: "team", models: ["*"] }],
  });
});

beforeEach(() => {
  requestCount = 0;
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  provider.closeAllConnections();
  provider.close();
});

function post(path: string, model: string, options: { key?: string; stream?: boolean; version?: string } = {}) {
  const body = { model, max_tokens: 10, stream: options.stream === true, messages: [{ role: "user", content: "hi" }] };
  const headers = {
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
    ...(options.version === undefined ? {} : { "anthropic-version": options.version }),
  };
  return gateway.post(path, body, { headers });
}

/** An error of the table: header, body and status say the same. */
async function expectError(response: Response, code: string, type: "openaiType" | "anthropicType", status?: number) {
  const row = FILTER_ERRORS.find((error) => error.code === code);
  const { error } = (await response.json()) as { error: { code: string; type: string } };
  expect([response.status, response.headers.get("x-sluice-error"), error.code, error.type]).toEqual([
    status ?? row?.status,
    code,
    code,
    row?.[type],
  ]);
}

describe.each(SHAPES)("$path", ({ path, type }) => {
  const translated = path === CHAT ? "messages" : "chat";
  const same = path === CHAT ? "chat" : "messages";

  test.each([same, translated])("an error that is no JSON keeps its status: upstream_error (%s)", async (model) => {
    answer = (response) => response.writeHead(418, { "content-type": "text/plain" }).end("teapot");
    await expectError(await post(path, model), "upstream_error", type, 418);
  });

  test.each([101, 304, 999])("status %i is no answer: upstream_invalid_reply", async (status) => {
    const lines = [`HTTP/1.1 ${status} Odd`, "content-type: application/json", "connection: close"];
    answer = (response) => response.socket?.end(`${lines.join("\r\n")}\r\n\r\n`);
    await expectError(await post(path, translated), "upstream_invalid_reply", type);
  });

  test("a reply that is too large to be translated: reply_too_large", async () => {
    const text = "x".repeat(TRANSLATED_REPLY_BYTES_MAX);
    answer = (response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ text }));
    await expectError(await post(path, translated), "reply_too_large", type);
  });

  test.each([same, translated])("a stream without content: upstream_stream_cut (%s)", async (model) => {
    answer = (response) => response.writeHead(200, { "content-type": "text/event-stream" }).end(": nothing\n\n");
    await expectError(await post(path, model, { stream: true }), "upstream_stream_cut", type);
  });

  test("a key that has expired: expired_api_key", async () => {
    answer = (response) => response.writeHead(200, { "content-type": "application/json" }).end("{}");
    const expiresAt = new Date(Date.now() + KEY_LIFE_MS).toISOString();
    const { key } = await gateway.operator<{ key: string }>("POST", "/consumers/team/keys", { expiresAt });
    expect((await post(path, same, { key })).status).toBe(200);
    const response = await eventually("the key expires", async () => {
      const answered = await post(path, same, { key });
      return answered.status === 200 ? answered.text().then(() => undefined) : answered;
    });
    await expectError(response, "expired_api_key", type);
  });

  test("headers of the dialect that are too long are refused, and spoil no other request", async () => {
    const versions: (string | undefined)[] = [];
    answer = (response, request) => {
      versions.push(request.headers["anthropic-version"] as string | undefined);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    };
    for (let i = 0; i < 5; i++) {
      await expectError(await post(path, "messages", { version: "v".repeat(9_000) }), "bad_request", type);
    }
    for (let i = 0; i < 5; i++) await (await post(MESSAGES, "messages", { version: "2023-06-01" })).text();
    expect(versions).toEqual(Array.from({ length: 5 }, () => "2023-06-01"));
  });
});

describe("after an interim reply Envoy makes no further attempt", () => {
  test.each([
    ["an error", 503, "application/json", '{"error":{"message":"broken"}}'],
    ["a page", 200, "text/html", "<html>"],
    ["an error event", 200, "text/event-stream", 'data: {"error":{"message":"broken"}}\n\ndata: more\n\n'],
  ])("%s comes down in the client's shape", async (_name, status, contentType, body) => {
    answer = (response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeHead(status, { "content-type": contentType });
      response.write(body);
      setImmediate(() => response.end("more"));
    };
    const response = await post(MESSAGES, "both");
    expect(response.headers.get("x-sluice-retry")).toBe(null);
    await expectError(response, "upstream_error", "anthropicType", status === 200 ? 500 : status);
    expect(requestCount).toBe(1);
  });
});

test("an OpenAI client that sends Anthropic's version is an OpenAI client", async () => {
  answer = (response) => response.writeHead(200, { "content-type": "application/json" }).end('{"kept":true}');
  const response = await post(CHAT, "chat", { version: "2023-06-01" });
  expect(await response.json()).toEqual({ kept: true });
});

test("without a control plane: known keys work, others get control_plane_unreachable", async () => {
  answer = (response) => response.writeHead(200, { "content-type": "application/json" }).end("{}");
  expect((await post(CHAT, "chat")).status).toBe(200);
  await gateway.killControlPlane();
  expect((await post(CHAT, "chat")).status).toBe(200);
  for (const { path, type } of SHAPES) {
    await expectError(await post(path, "chat", { key: generateApiKey() }), "control_plane_unreachable", type);
  }
});
