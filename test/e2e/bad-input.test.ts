// Every way in which a request can be wrong: the right status and code, in the client protocol's shape, no trap, and the
// next request works.

import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DemoProvider,
  startAnthropicProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { Gateway } from "./harness.ts";

const BODY_BYTES_MAX = 256 * 1024;

let openaiProvider: DemoProvider;
let anthropicProvider: DemoProvider;
let gateway: Gateway;

beforeAll(async () => {
  openaiProvider = await startOpenAiProvider();
  anthropicProvider = await startAnthropicProvider();
  const provider = (id: string, dialect: "openai" | "anthropic", baseUrl: string) => ({
    id,
    dialect,
    baseUrl,
    apiKey: "credential",
    allowPrivateAddress: true,
  });
  gateway = await Gateway.start(
    {
      providers: [
        provider("openai", "openai", openaiProvider.url),
        provider("anthropic", "anthropic", anthropicProvider.url),
      ],
      targets: [
        { id: "gpt", provider: "openai", model: "gpt-demo" },
        { id: "claude", provider: "anthropic", model: "claude-demo" },
      ],
      modelRoutes: [
        { id: "m", targets: [{ target: "gpt" }] },
        { id: "translated", targets: [{ target: "claude" }] },
      ],
      consumers: [
        { id: "team", models: ["*"] },
        { id: "off", models: ["*"], disabled: true },
      ],
    },
    { environment: { SLUICE_REQUEST_BODY_BYTES_MAX: String(BODY_BYTES_MAX) } },
  );
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await openaiProvider.close();
  await anthropicProvider.close();
});

const CHAT = "/v1/chat/completions";
const MESSAGES = "/v1/messages";
const content = [{ role: "user", content: "hi" }];

interface ErrorBody {
  readonly type?: string;
  readonly error: { readonly type: string; readonly code: string; readonly message: string; readonly param?: null };
}

/** Sends to one of the two APIs and checks the shape of its error. */
async function refused(path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await gateway.post(path, body, { headers });
  const answer = (await response.json()) as ErrorBody;
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(answer.error.message.length).toBeGreaterThan(10);
  if (path === MESSAGES) expect(answer.type).toBe("error");
  else expect(answer.error.param).toBe(null);
  expect(response.headers.get("x-sluice-error")).toBe(answer.error.code);
  return [response.status, answer.error.code];
}

async function works(): Promise<void> {
  const response = await gateway.post(CHAT, { model: "m", messages: content });
  expect(response.status).toBe(200);
  await response.text();
}

const nested = (depth: number) => `{"model":"m","messages":[],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;

const BODIES: [string, string | Uint8Array, number, string][] = [
  ["not JSON", "hello", 400, "invalid_json"],
  ["truncated JSON", '{"model":"m","messages":[{"role":"user","content":"h', 400, "invalid_json"],
  ["something behind the JSON", '{"model":"m","messages":[]} x', 400, "invalid_json"],
  ["an array", "[1]", 400, "invalid_json"],
  ["a string", '"m"', 400, "invalid_json"],
  ["ill-formed UTF-8", Buffer.from('{"model":"m","messages":"\xff\xfe"}', "latin1"), 400, "invalid_json"],
  ["a byte order mark", Buffer.from('\ufeff{"model":"m"}', "utf8"), 400, "invalid_json"],
  ["model twice", '{"model":"m","messages":[],"model":"n"}', 400, "duplicate_key"],
  ["model twice, once escaped", '{"model":"m","messages":[],"mod\\u0065l":"n"}', 400, "duplicate_key"],
  ["stream twice", '{"model":"m","stream":true,"stream":false,"messages":[]}', 400, "duplicate_key"],
  ["another key twice", '{"model":"m","temperature":1,"temperature":0,"messages":[]}', 400, "duplicate_key"],
  ["nested too deeply", nested(128), 400, "json_too_deep"],
  ["nested far too deeply", nested(60_000), 400, "json_too_deep"],
  ["model is a number", '{"model":7,"messages":[]}', 400, "invalid_type"],
  ["model is null", '{"model":null,"messages":[]}', 400, "invalid_type"],
  ["stream is a string", '{"model":"m","stream":"yes","messages":[]}', 400, "invalid_type"],
  ["messages is an object", '{"model":"m","messages":{}}', 400, "invalid_type"],
  ["no model", '{"messages":[]}', 400, "missing_model"],
  ["an empty model", '{"model":"","messages":[]}', 400, "missing_model"],
  ["an unknown model", '{"model":"nobody","messages":[]}', 404, "model_not_found"],
  ["a model of lone surrogates", '{"model":"\\ud800","messages":[]}', 404, "model_not_found"],
  ["a model of 70,000 letters", `{"model":"${"m".repeat(70_000)}","messages":[]}`, 404, "model_not_found"],
  ["an empty body", "", 400, "empty_body"],
  ["only blanks", "  \n ", 400, "invalid_json"],
  ["a body over the limit", `{"model":"m","messages":"${"x".repeat(BODY_BYTES_MAX)}"}`, 413, "body_too_large"],
];

describe.each([CHAT, MESSAGES])("POST %s", (path) => {
  test.each(BODIES)("%s", async (_name, body, status, code) => {
    expect(await refused(path, body)).toEqual([status, code]);
    await works();
  });
});

describe("what is odd but allowed reaches the provider as it is", () => {
  test.each([
    ["huge numbers", `{"model":"m","messages":${JSON.stringify(content)},"seed":${"9".repeat(400)},"x":1e999}`],
    ["lone surrogates", `{"model":"m","messages":[{"role":"user","content":"\\ud83d and \\udc00"}]}`],
    [
      "nesting at the limit",
      `{"model":"m","messages":${JSON.stringify(content)},"x":${"[".repeat(127)}${"]".repeat(127)}}`,
    ],
  ])("%s", async (_name, body) => {
    const response = await gateway.post(CHAT, body);
    await response.text();
    expect(openaiProvider.requests.at(-1)?.body).toBe(body.replace('"m"', '"gpt-demo"'));
  });
});

describe("the same for a translated target", () => {
  test.each([
    ["messages missing", '{"model":"translated"}'],
    ["a message that is no object", '{"model":"translated","messages":[7]}'],
    ["content of a wrong type", '{"model":"translated","messages":[{"role":"user","content":7}]}'],
    [
      "tool arguments that are no JSON",
      '{"model":"translated","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]}]}',
    ],
  ])("%s", async (_name, body) => {
    const [status, code] = await refused(CHAT, body);
    expect(status).toBe(400);
    expect(["invalid_type", "unsupported_content", "invalid_json"]).toContain(code);
    await works();
  });

  test("huge numbers and lone surrogates trap nothing", async () => {
    for (const value of [`"max_tokens":${"9".repeat(400)}`, '"stop":"\\ud800"', '"temperature":1e999']) {
      const response = await gateway.post(
        CHAT,
        `{"model":"translated","messages":${JSON.stringify(content)},${value}}`,
      );
      expect([200, 400]).toContain(response.status);
      await response.text();
      await works();
    }
  });
});

describe("keys", () => {
  const body = JSON.stringify({ model: "m", messages: content });
  const send = async (path: string, headers: Record<string, string>, query = "") => {
    const response = await fetch(`${gateway.url}${path}${query}`, { method: "POST", headers, body });
    return [response.status, ((await response.json()) as ErrorBody).error.code];
  };

  test.each([CHAT, MESSAGES])("%s: no key, a bad one, one that nobody has", async (path) => {
    expect(await send(path, {})).toEqual([401, "missing_api_key"]);
    expect(await send(path, { authorization: "Basic abc" })).toEqual([401, "missing_api_key"]);
    expect(await send(path, { authorization: "Bearer sk-nothing" })).toEqual([401, "invalid_api_key"]);
    const wrongChecksum = `${gateway.key.slice(0, -1)}${gateway.key.endsWith("0") ? "1" : "0"}`;
    expect(await send(path, { authorization: `Bearer ${wrongChecksum}` })).toEqual([401, "invalid_api_key"]);
    await works();
  });

  test("a key in the wrong place", async () => {
    expect(await send(CHAT, { "x-api-key": gateway.key })).toEqual([401, "api_key_in_wrong_header"]);
    expect(await send(CHAT, { "api-key": gateway.key })).toEqual([401, "api_key_in_wrong_header"]);
    expect(await send(CHAT, { "x-goog-api-key": gateway.key })).toEqual([401, "api_key_in_wrong_header"]);
    expect(await send(CHAT, {}, `?key=${gateway.key}`)).toEqual([401, "api_key_in_wrong_header"]);
    expect(await send(MESSAGES, { "api-key": gateway.key })).toEqual([401, "api_key_in_wrong_header"]);
  });

  test("a key that is well-formed but unknown, one that was revoked, one whose owner is disabled", async () => {
    const off = await gateway.addKey("off");
    expect(await send(CHAT, { authorization: `Bearer ${off}` })).toEqual([403, "consumer_disabled"]);
    const doomed = await gateway.addKey("team");
    const ok = await fetch(`${gateway.url}${CHAT}`, {
      method: "POST",
      headers: { authorization: `Bearer ${doomed}` },
      body,
    });
    expect(ok.status).toBe(200);
    const { items } = await gateway.operator<{ items: { id: string; createdAt: string }[] }>(
      "GET",
      "/consumers/team/keys",
    );
    const newest = items.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1)!;
    await gateway.operator("DELETE", `/consumers/team/keys/${newest.id}`);
    const deadline = Date.now() + 5_000;
    let last: unknown[] = [];
    while (Date.now() < deadline) {
      const response = await fetch(`${gateway.url}${CHAT}`, {
        method: "POST",
        headers: { authorization: `Bearer ${doomed}` },
        body,
      });
      const answer = (await response.json()) as ErrorBody;
      last = [response.status, answer.error?.code];
      if (response.status === 401) break;
    }
    expect(last).toEqual([401, "invalid_api_key"]);
    await works();
  });
});

describe("operations", () => {
  const call = async (method: string, path: string) => {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    return [response.status, ((await response.json()) as ErrorBody).error.code];
  };

  test("an unknown path and a wrong method", async () => {
    expect(await call("POST", "/v1/nothing")).toEqual([404, "unknown_operation"]);
    expect(await call("GET", "/")).toEqual([404, "unknown_operation"]);
    expect(await call("GET", CHAT)).toEqual([405, "method_not_allowed"]);
    expect(await call("DELETE", "/v1/models")).toEqual([405, "method_not_allowed"]);
    await works();
  });
});

/** Writes raw bytes to the gateway; answers what came back until the connection closed or `quietMs` passed. */
function raw(bytes: string, quietMs = 1_500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    let answer = "";
    const timer = setTimeout(() => socket.destroy(), quietMs);
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(bytes);
  });
}

describe("HTTP", () => {
  const head = (extra: string) =>
    `POST ${CHAT} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${gateway.key}\r\nconnection: close\r\n${extra}\r\n`;
  const body = JSON.stringify({ model: "m", messages: content });

  test("chunked, without a length", async () => {
    const half = body.length >> 1;
    const chunks = [body.slice(0, half), body.slice(half)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    const answer = await raw(`${head("transfer-encoding: chunked\r\n")}${chunks.join("")}0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 200/);
    expect(openaiProvider.requests.at(-1)?.headers["content-length"]).toBe(String(body.length + "gpt-demo".length - 1));
  });

  test("a body over the limit, chunked", async () => {
    const big = "x".repeat(BODY_BYTES_MAX + 10);
    const answer = await raw(
      `${head("transfer-encoding: chunked\r\n")}${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toContain('"body_too_large"');
    await works();
  });

  test("content-length says more than comes: nothing is sent on", async () => {
    const before = openaiProvider.requestCount;
    await raw(`${head(`content-length: ${body.length + 100}\r\n`)}${body}`, 300);
    expect(openaiProvider.requestCount).toBe(before);
    await works();
  });

  test("content-length says less than comes", async () => {
    const answer = await raw(`${head("content-length: 10\r\n")}${body}`);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('"invalid_json"');
    await works();
  });

  test.each([
    ["content-length twice", "content-length: 10\r\ncontent-length: 20\r\n"],
    ["content-length and chunked", "content-length: 10\r\ntransfer-encoding: chunked\r\n"],
    ["content-length is no number", "content-length: ten\r\n"],
  ])("%s", async (_name, extra) => {
    const answer = await raw(`${head(extra)}${body}`);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('"bad_request"');
    await works();
  });

  test("headers that are too large", async () => {
    const answer = await raw(head(`x-large: ${"a".repeat(100_000)}\r\n`));
    expect(answer).toMatch(/^HTTP\/1.1 431/);
    expect(answer).toContain('"bad_request"');
    await works();
  });

  test.each(["m", "translated"])("HTTP/2 with request trailers (%s)", async (model) => {
    const client = connectHttp2(gateway.url);
    const stream = client.request({ ":method": "POST", ":path": CHAT, authorization: `Bearer ${gateway.key}` }, {
      waitForTrailers: true,
    } as never);
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-api-key": "smuggled", "x-other": "1" }));
    const status = new Promise<number>((resolve) =>
      stream.on("response", (headers) => resolve(Number(headers[":status"]))),
    );
    stream.end(JSON.stringify({ model, messages: content }));
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    client.close();
    expect(await status).toBe(200);
    expect(text).toContain("demo provider");
    await works();
  });

  test("HTTP/2 whose content-length lies", async () => {
    const client = connectHttp2(gateway.url);
    const before = openaiProvider.requestCount;
    const stream = client.request({
      ":method": "POST",
      ":path": CHAT,
      authorization: `Bearer ${gateway.key}`,
      "content-length": "5",
    });
    const ended = new Promise<string>((resolve) => {
      stream.on("error", () => resolve("reset"));
      stream.on("response", (headers) => resolve(String(headers[":status"])));
    });
    stream.end(body);
    expect(["reset", "400"]).toContain(await ended);
    client.destroy();
    expect(openaiProvider.requestCount).toBe(before);
    await works();
  });
});
