// Operations that the filter does not know: refused, unless the model's route says that they pass; then one target gets
// them as they are, once, and it is counted. What a provider keeps for all of its callers never passes, nor does a WebSocket.
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, Gateway } from "./harness.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let provider: Server;
let gateway: Gateway;
let status = 200;
const seen: Seen[] = [];
/** Requests that reached the provider since the start. */
let passed = 0;

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      passed++;
      const { method = "", url = "", headers } = request;
      seen.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const isStream = url.startsWith("/v1/stream");
      response.writeHead(status, { "content-type": isStream ? "text/event-stream" : "application/json" });
      response.end(isStream ? "event: x\ndata: 1\n\n" : '{"id":"batch_1","object":"batch"}');
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", () => resolve()));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  gateway = await Gateway.start({
    providers: [
      { id: "claude", dialect: "anthropic", baseUrl, apiKey: "credential-claude", allowPrivateAddress: true },
      { id: "gemini", dialect: "gemini", baseUrl, apiKey: "credential-gemini", allowPrivateAddress: true },
      { id: "one", dialect: "openai", baseUrl, apiKey: "credential-one", allowPrivateAddress: true },
      { id: "two", dialect: "openai", baseUrl, apiKey: "credential-two", allowPrivateAddress: true },
    ],
    targets: [
      { id: "claude", provider: "claude", model: "claude" },
      { id: "gemini", provider: "gemini", model: "gemini" },
      { id: "one", provider: "one", model: "upstream-one" },
      { id: "two", provider: "two", model: "upstream-two" },
    ],
    modelRoutes: [
      {
        id: "open",
        unknownOperations: "pass",
        targets: ["claude", "one", "gemini", "two"].map((target) => ({ target })),
      },
      { id: "closed", targets: [{ target: "one" }] },
      { id: "claude-only", unknownOperations: "pass", targets: [{ target: "claude" }] },
      { id: "others", unknownOperations: "pass", targets: [{ target: "one" }] },
    ],
    consumers: [{ id: "team", models: ["open", "closed", "claude-only"] }],
  });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  provider.close();
});

beforeEach(() => {
  seen.length = 0;
  status = 200;
});

const only = () => {
  expect(seen.length).toBe(1);
  return seen[0] ?? expect.fail("the provider was not asked");
};
const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(`${gateway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.key}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
const codeOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
};
const OPEN = { "x-sluice-model": "open" };

describe("pass to the first target of the client's dialect", () => {
  test.each(["GET", "DELETE"])("%s, with the model in a header", async (method) => {
    const response = await call(method, "/v1/batches/batch_1?limit=2&after=a%20b", OPEN);
    expect([response.status, await response.json()]).toEqual([200, { id: "batch_1", object: "batch" }]);
    expect(only()).toMatchObject({ method, path: "/v1/batches/batch_1?limit=2&after=a%20b", body: "" });
    expect(only().headers.authorization).toBe("Bearer credential-one");
    expect(only().headers).not.toHaveProperty("x-sluice-model");
  });

  test("POST, with the model in a JSON body, which gets the target's name for it", async () => {
    const body = '{"training_file": "f",\n "model": "open", "n": 1.0}';
    const response = await call("POST", "/v1/fine_tuning/jobs", { "content-type": "application/json" }, body);
    expect(response.status).toBe(200);
    expect(only()).toMatchObject({ path: "/v1/fine_tuning/jobs", body: body.replace("open", "upstream-one") });
  });

  test("any other body, byte for byte", async () => {
    const body = "a,b\n".repeat(100_000);
    const response = await call("POST", "/v1/uploads/u_1/parts", { ...OPEN, "content-type": "text/csv" }, body);
    expect(response.status).toBe(200);
    expect(only().body === body).toBe(true);
    expect(only().headers["content-type"]).toBe("text/csv");
  });

  test("OpenAI's SDK, whose default headers name the model", async () => {
    const options = { baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0, defaultHeaders: OPEN };
    expect((await new OpenAI(options).batches.retrieve("batch_1")).id).toBe("batch_1");
  });

  test("events come back untouched, and so does an error", async () => {
    expect(await (await call("GET", "/v1/stream", OPEN)).text()).toBe("event: x\ndata: 1\n\n");
    status = 404;
    expect((await call("GET", "/v1/batches/none", OPEN)).status).toBe(404);
  });

  test("once: a provider that is busy is not left for another", async () => {
    status = 429;
    expect((await call("GET", "/v1/batches", OPEN)).status).toBe(429);
    expect(only().headers.authorization).toBe("Bearer credential-one");
  });

  test("without the client's key, which Google's clients put in the query", async () => {
    const path = `/v1beta/tunedModels?pageSize=2&key=${gateway.key}&pageToken=a`;
    expect((await fetch(`${gateway.url}${path}`, { headers: OPEN })).status).toBe(200);
    expect(only().path).toBe("/v1/tunedModels?pageSize=2&pageToken=a");
    expect(only().headers["x-goog-api-key"]).toBe("credential-gemini");
  });

  test("counted", async () => {
    const name = "wasmcustom.sluice.passed_operations_total";
    await (await call("GET", "/v1/batches", OPEN)).text();
    await eventually("the count", async () => ((await gateway.stat(name)) === passed ? true : undefined));
  });
});

describe("are refused", () => {
  test.each<[string, string, string, Record<string, string>, string | undefined, [number, string]]>([
    [
      "the route does not say that they pass",
      "GET",
      "/v1/batches",
      { "x-sluice-model": "closed" },
      undefined,
      [404, "unknown_operation"],
    ],
    ["the same, by the body", "POST", "/v1/batches", {}, '{"model":"closed"}', [404, "unknown_operation"]],
    ["nothing names the model", "GET", "/v1/batches", {}, undefined, [404, "unknown_operation"]],
    ["the body does not", "POST", "/v1/batches", {}, '{"input":"x"}', [400, "missing_model"]],
    [
      "the body is no JSON, and no header names it",
      "POST",
      "/v1/files",
      { "content-type": "text/csv" },
      "a,b",
      [404, "unknown_operation"],
    ],
    [
      "the key may not call the model",
      "GET",
      "/v1/batches",
      { "x-sluice-model": "others" },
      undefined,
      [403, "model_not_allowed"],
    ],
    [
      "no target speaks the client's dialect",
      "GET",
      "/v1/batches",
      { "x-sluice-model": "claude-only" },
      undefined,
      [400, "operation_not_supported"],
    ],
  ])("%s", async (_why, method, path, headers, body, expected) => {
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    expect(await codeOf(await call(method, path, { ...type, ...headers }, body))).toEqual(expected);
    expect(seen).toEqual([]);
  });

  /** Written as it stands: other clients would resolve it first. */
  test.each([
    ["other consumers' responses", "/v1/responses/resp_1"],
    ["other consumers' items", "/v1/responses/resp_1/input_items"],
    ["other consumers' conversations", "/v1/conversations/c_1"],
    ["the same, spelled otherwise", "/v1/%72esponses/resp_1"],
    ["the same, by a detour", "/v1/batches/../responses/resp_1"],
    ["a path that leads out of the provider's", "/v1/batches/%2e%2e/%2e%2e/admin"],
    ["an encoded slash", "/v1/batches%2f..%2fresponses"],
    ["an escape within an escape", "/v1/batches/%252e%252e/admin"],
    ["two slashes", "/v1//admin"],
    ["a path of no API", "/admin"],
  ])("%s", async (_what, path) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${gateway.key}`, ...OPEN };
      const { hostname, port } = new URL(gateway.url);
      httpRequest({ hostname, port, path, headers }, resolve).on("error", reject).end();
    });
    answer.resume();
    expect(answer.statusCode).toBe(404);
    expect(seen).toEqual([]);
  });
});

describe("realtime", () => {
  /** As a WebSocket client asks; resolves with what it is told instead. */
  const upgrade = (path: string, headers: Record<string, string>) =>
    new Promise<[number, string]>((resolve, reject) => {
      const request = httpRequest(new URL(path, gateway.url), {
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
          ...headers,
        },
      });
      request.on("error", reject);
      request.on("upgrade", (_response, socket) => {
        socket.destroy();
        reject(new Error("it was upgraded"));
      });
      request.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve([response.statusCode ?? 0, text]));
      });
      request.end();
    });

  test("OpenAI's WebSocket is refused in its shape", async () => {
    const [code, text] = await upgrade("/v1/realtime?model=open", { authorization: `Bearer ${gateway.key}` });
    expect([code, JSON.parse(text).error]).toMatchObject([
      400,
      {
        code: "realtime_not_supported",
        type: "invalid_request_error",
        message: expect.stringContaining("stream: true"),
      },
    ]);
  });

  test("so are the requests that prepare one, by whatever method", async () => {
    for (const path of ["/v1/realtime", "/v1/realtime/sessions", "/v1/realtime/client_secrets"]) {
      const body = '{"model":"open"}';
      const response = await call("POST", path, { ...OPEN, "content-type": "application/json" }, body);
      expect(await codeOf(response)).toEqual([400, "realtime_not_supported"]);
    }
  });

  test("Gemini Live is refused in its shape", async () => {
    const path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
    const [code, text] = await upgrade(`${path}?key=${gateway.key}`, {});
    expect([code, JSON.parse(text).error]).toMatchObject([400, { code: 400, status: "INVALID_ARGUMENT" }]);
    expect(text).not.toContain(gateway.key);
  });

  test("a WebSocket anywhere else too, and nothing reaches a provider", async () => {
    const [code] = await upgrade("/v1/chat/completions", { authorization: `Bearer ${gateway.key}`, ...OPEN });
    expect(code).toBe(400);
    expect(seen).toEqual([]);
  });
});
