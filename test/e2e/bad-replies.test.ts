// What providers do wrong, as each client API sees it through real Envoy, passed and translated: an error in the client's own
// shape with the provider's message, never a success, never a key. And that the SDKs raise.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { all, Gateway } from "./harness.ts";

const EVENTS = { "content-type": "text/event-stream" };
const JSON_TYPE = { "content-type": "application/json" };
const LIMIT = "Rate limit reached for provider-model, try again in 7 s";
/** In the forms of those who issue them; none is one. */
const KEYS = [
  "sk-proj-AbCdEfGh12345678_ijkl-MNOP",
  "sk-ant-api03-0123456789abcdefghij",
  "AIzaSyA0123456789abcdefghijklmnopqrstuv",
  "AKIAIOSFODNN7EXAMPLE",
  "9f86d081884c7d659a2feaa0c55ad015",
  "gsk_0123456789abcdefghijKLMNOP",
] as const;

type Dialect = "openai" | "anthropic";
type Answer = (response: ServerResponse, dialect: Dialect, streams: boolean) => void;

let provider: Server;
let gateway: Gateway;
let answer: Answer;
let requestCount = 0;

beforeAll(async () => {
  provider = createServer((request, response) => {
    requestCount++;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { stream } = JSON.parse(Buffer.concat(chunks).toString()) as { stream?: boolean };
      answer(response, request.url === "/v1/messages" ? "anthropic" : "openai", stream === true);
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const ids = ["openai", "anthropic"] as const;
  gateway = await Gateway.start({
    providers: ids.map((id) => ({ id, dialect: id, baseUrl, apiKey: KEYS[0], allowPrivateAddress: true })),
    targets: ids.map((id) => ({ id, provider: id, model: "provider-model" })),
    modelRoutes: [
      ...ids.map((id) => ({ id, targets: [{ target: id }] })),
      // Every fault is played many times: nobody is to be left for it.
      {
        id: "both",
        targets: [{ target: "openai" }, { target: "anthropic" }],
        failover: { outlierDetection: "off" },
      },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  provider.closeAllConnections();
  provider.close();
});

const errorBody = (dialect: Dialect, message: string) =>
  dialect === "openai"
    ? { error: { message, type: "some_error", param: null, code: "some_code" } }
    : { type: "error", error: { type: "some_error", message } };
const json = (status: number, body: unknown, headers = {}): Answer => {
  return (response) => response.writeHead(status, { ...JSON_TYPE, ...headers }).end(JSON.stringify(body));
};
const failure = (status: number, message: string, headers = {}): Answer => {
  return (response, dialect) => json(status, errorBody(dialect, message), headers)(response, dialect, false);
};

const TEXT = "Hello, 世界";
const chat = (content: string) => ({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "provider-model",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
});
const messages = (text: string) => ({
  id: "m1",
  type: "message",
  role: "assistant",
  model: "provider-model",
  content: [{ type: "text", text }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
});
const whole = (dialect: Dialect, text: string) => JSON.stringify(dialect === "openai" ? chat(text) : messages(text));

/** A stream as its events, the terminal one last. */
function events(dialect: Dialect, texts: readonly string[]): string[] {
  if (dialect === "openai") {
    const frame = { id: "c1", object: "chat.completion.chunk", created: 1, model: "provider-model" };
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ ...frame, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const contents = texts.map((content) => chunk({ content }));
    return [chunk({ role: "assistant", content: "" }), ...contents, chunk({}, "stop"), "data: [DONE]\n\n"];
  }
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const start = { ...messages(""), content: [], stop_reason: null };
  const block = { type: "text", text: "" };
  return [
    event("message_start", { message: start }),
    event("content_block_start", { index: 0, content_block: block }),
    ...texts.map((text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } })),
    event("content_block_stop", { index: 0 }),
    event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 2 } }),
    event("message_stop", {}),
  ];
}
const errorEvent = (dialect: Dialect, message: string) =>
  `${dialect === "anthropic" ? "event: error\n" : ""}data: ${JSON.stringify(errorBody(dialect, message))}\n\n`;

const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
const anthropic = () => new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
const turns = [{ role: "user" as const, content: "hi" }];

interface Api {
  readonly path: string;
  readonly body: object;
  readonly isError: (body: { type?: string; error: { message: string; type: string; param?: null } }) => boolean;
  /** What an SDK makes of it; resolves with the text. */
  readonly ask: (model: string) => Promise<string>;
  readonly stream: (model: string) => Promise<string>;
}

const isOpenAiError: Api["isError"] = ({ error }) => typeof error.type === "string" && error.param === null;
const APIS: Record<string, Api> = {
  chat: {
    path: "/v1/chat/completions",
    body: { messages: turns },
    isError: isOpenAiError,
    ask: async (model) => {
      const { choices } = await openai().chat.completions.create({ model, messages: turns });
      return choices[0]?.message.content ?? "";
    },
    stream: async (model) => {
      const chunks = await all(await openai().chat.completions.create({ model, messages: turns, stream: true }));
      return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    },
  },
  responses: {
    path: "/v1/responses",
    body: { input: "hi" },
    isError: isOpenAiError,
    ask: async (model) => (await openai().responses.create({ model, input: "hi" })).output_text,
    stream: async (model) => {
      const seen = await all(await openai().responses.create({ model, input: "hi", stream: true }));
      return seen.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
    },
  },
  messages: {
    path: "/v1/messages",
    body: { max_tokens: 10, messages: turns },
    isError: ({ type, error }) => type === "error" && typeof error.type === "string",
    ask: async (model) => {
      const { content } = await anthropic().messages.create({ model, max_tokens: 10, messages: turns });
      return content.map((block) => (block.type === "text" ? block.text : "")).join("");
    },
    stream: async (model) => {
      const body = { model, max_tokens: 10, messages: turns, stream: true as const };
      const seen = await all(await anthropic().messages.create(body));
      const texts = seen.map((event) => (event.type === "content_block_delta" ? event.delta : undefined));
      return texts.map((delta) => (delta?.type === "text_delta" ? delta.text : "")).join("");
    },
  },
};

interface Failure {
  readonly name: string;
  readonly answer: Answer;
  readonly status: number;
  /** What the client is told; none = the gateway's own words. */
  readonly message?: string;
  readonly code?: string;
}

const PAGE = "<!doctype html><html><title>502 Bad Gateway</title></html>";
const FAILURES: readonly Failure[] = [
  ...[400, 404, 408, 409, 413, 422, 500, 502, 503, 504, 529].map((status) => ({
    name: `status ${status}`,
    answer: failure(status, `it failed with ${status}`),
    status,
    message: `it failed with ${status}`,
  })),
  ...[401, 403].map((status) => ({
    name: `status ${status}`,
    answer: failure(status, `Incorrect API key provided: ${KEYS[0]}`),
    status: 502,
    code: "upstream_credential_rejected",
  })),
  {
    name: "an HTML error page",
    answer: (response) => response.writeHead(502, { "content-type": "text/html" }).end(PAGE),
    status: 502,
    code: "upstream_error",
  },
  {
    name: "an error that is no object",
    answer: json(500, "oops"),
    status: 500,
    code: "upstream_error",
  },
  {
    name: "an error without a body",
    answer: (response) => response.writeHead(500).end(),
    status: 500,
    code: "upstream_error",
  },
  {
    name: "an error, compressed",
    answer: (response, dialect) => {
      const headers = { ...JSON_TYPE, "content-encoding": "gzip" };
      response.writeHead(500, headers).end(gzipSync(JSON.stringify(errorBody(dialect, "compressed"))));
    },
    status: 500,
  },
  {
    name: "an empty reply",
    answer: (response) => response.writeHead(200, { ...JSON_TYPE, "content-length": "0" }).end(),
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "truncated JSON",
    answer: (response, dialect) => response.writeHead(200, JSON_TYPE).end(whole(dialect, TEXT).slice(0, -20)),
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "a page instead of a reply",
    answer: (response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE),
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "an array instead of an object",
    answer: json(200, []),
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "events instead of a reply",
    answer: (response, dialect) => response.writeHead(200, EVENTS).end(events(dialect, [TEXT]).join("")),
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "an error under status 200",
    answer: failure(200, "it failed all the same"),
    status: 502,
  },
];

describe.each(Object.entries(APIS))("%s", (_, api) => {
  describe.each(["openai", "anthropic"])("at %s", (model) => {
    const post = (extra: object = {}) => gateway.post(api.path, { model, ...api.body, ...extra });

    test.each(FAILURES)("$name", async (bad) => {
      answer = bad.answer;
      const response = await post();
      const body = (await response.json()) as Parameters<Api["isError"]>[0] & { error: { code?: string } };
      expect([response.status, api.isError(body)]).toEqual([bad.status, true]);
      expect(response.headers.get("content-type")).toContain("application/json");
      if (bad.message !== undefined) expect(body.error.message).toBe(bad.message);
      if (bad.code !== undefined) {
        expect([body.error.code, response.headers.get("x-sluice-error")]).toEqual([bad.code, bad.code]);
      }
      expect(JSON.stringify(body)).not.toContain(KEYS[0]);
      await expect(api.ask(model)).rejects.toMatchObject({ status: bad.status });
    });

    test("status 429: its message and retry-after stay", async () => {
      answer = failure(429, LIMIT, { "retry-after": "7" });
      const response = await post();
      const { error } = (await response.json()) as { error: { message: string } };
      expect([response.status, response.headers.get("retry-after"), error.message]).toEqual([429, "7", LIMIT]);
      await expect(api.ask(model)).rejects.toThrow(model === "" ? "" : LIMIT);
    });

    test("a compressed reply is read, or refused, but never passed off as text", async () => {
      answer = (response, dialect) => {
        response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(gzipSync(whole(dialect, TEXT)));
      };
      const outcome = await api.ask(model).catch((error: { status: number }) => error.status);
      expect([TEXT, 502]).toContain(outcome);
    });

    test.each(KEYS)("a key that is quoted is removed: %s", async (key) => {
      const message = `Bad request for model gpt-4o-2024-11-20 (req_011CSHoEeqs5C35K2UUqR7Fy): your API key '${key}' or ${gateway.key}, sent as "Bearer ${key}", is unfit. See https://provider.example/account/api-keys.`;
      answer = failure(400, message);
      const text = await (await post()).text();
      for (const secret of [key, gateway.key]) expect(text).not.toContain(secret.slice(8));
      expect(text).toContain("gpt-4o-2024-11-20 (req_011CSHoEeqs5C35K2UUqR7Fy)");
      expect(text).toContain("is unfit. See https://provider.example/account/api-keys.");
      JSON.parse(text);
    });

    describe("streams", () => {
      const served = (pieces: (dialect: Dialect) => readonly string[], end: "end" | "reset" = "end"): Answer => {
        return async (response, dialect) => {
          response.writeHead(200, EVENTS);
          for (const piece of pieces(dialect)) {
            response.write(piece);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          if (end === "end") response.end();
          else response.socket?.resetAndDestroy();
        };
      };

      test("a whole one arrives", async () => {
        answer = served((dialect) => events(dialect, [TEXT, "!"]));
        expect(await api.stream(model)).toBe(`${TEXT}!`);
      });

      test("an event of a megabyte passes", async () => {
        const long = "世".repeat(350_000);
        answer = served((dialect) => events(dialect, [long, "!"]));
        expect(await api.stream(model)).toBe(`${long}!`);
      });

      test.each<[string, (dialect: Dialect) => string[]]>([
        ["ends without its terminal event", (dialect) => events(dialect, [TEXT, "!"]).slice(0, -3)],
        [
          "ends within an event",
          (dialect) => [events(dialect, [TEXT]).slice(0, -3).join(""), events(dialect, ["more"])[2]!.slice(0, 30)],
        ],
      ])("one that %s ends in an error event, and SDKs raise", async (_name, pieces) => {
        answer = served(pieces);
        const text = await (await post({ stream: true })).text();
        expect(text).toMatch(/upstream_(stream_cut|invalid_reply)/);
        expect(text.endsWith("\n\n")).toBe(true);
        await expect(api.stream(model)).rejects.toThrow();
      });

      test("one that is reset is a transport error, never a clean end", async () => {
        answer = served((dialect) => events(dialect, [TEXT, "!"]).slice(0, -3), "reset");
        await expect(post({ stream: true }).then((response) => response.text())).rejects.toThrow();
        await expect(api.stream(model)).rejects.toThrow();
      });

      test.each([0, 3])("an error event behind %i others keeps its message and loses its key", async (count) => {
        answer = served((dialect) => {
          const before = events(dialect, [TEXT, "!"]).slice(0, count);
          return [...before, errorEvent(dialect, `overloaded, your key ${KEYS[0]} waits`)];
        });
        const text = await (await post({ stream: true })).text();
        expect(text).not.toContain(KEYS[0].slice(8));
        expect(text).toContain(count === 0 ? "error" : "overloaded, your key sk-****");
        await expect(api.stream(model)).rejects.toThrow();
      });

      test.each<[string, Answer]>([
        ["a whole reply", (response, dialect) => response.writeHead(200, JSON_TYPE).end(whole(dialect, TEXT))],
        ["a page", (response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE)],
        ["nothing", (response) => response.writeHead(200, EVENTS).end()],
      ])("%s instead of events is an error with a status", async (_name, instead) => {
        answer = instead;
        const response = await post({ stream: true });
        expect([response.status, api.isError((await response.json()) as never)]).toEqual([502, true]);
        await expect(api.stream(model)).rejects.toMatchObject({ status: 502 });
      });
    });
  });

  test.each<[string, Answer]>([
    [
      "truncated JSON",
      (response, dialect) => response.writeHead(200, JSON_TYPE).end(whole(dialect, TEXT).slice(0, -20)),
    ],
    ["an error under status 200", failure(200, "no")],
    ["a page", (response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE)],
  ])("%s: the next target answers", async (_name, bad) => {
    requestCount = 0;
    answer = (response, dialect, streams) => {
      if (dialect === "openai") bad(response, dialect, streams);
      else response.writeHead(200, JSON_TYPE).end(whole(dialect, TEXT));
    };
    expect(await api.ask("both")).toBe(TEXT);
    expect(requestCount).toBe(2);
  });
});
