// One seeded request to the gateway, more or less damaged, and the answer as it came. It judges nothing.
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { Random } from "../filter/random.ts";
import { type Dialect, requestOf } from "./documents.ts";
import { mutateBytes, mutateJson, textOf } from "./mutate.ts";

export interface FuzzRequest {
  readonly seed: number;
  readonly dialect: Dialect;
  readonly model: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** The client hangs up after so many milliseconds. */
  readonly hangUpMs: number | undefined;
}

export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The reply ended as HTTP says that it must. */
  readonly complete: boolean;
  readonly error: string | undefined;
}

const PATHS = { openai: "/v1/chat/completions", anthropic: "/v1/messages" } as const;
const ANSWER_MS_MAX = 15_000;

const ODD_PATHS = [
  "/v1/models",
  "/v1/models/chat",
  "/v1/models/%zz",
  `/v1/models/${"m".repeat(9_000)}`,
  "/v1/chat/completions/",
  "/v1/messages/count_tokens",
  "/v1/chat/completions?key=AIza&x=%ff",
  "/v1/chat/completions?",
  "/v1/messages?beta=true",
  "//v1/chat/completions",
  "/v1/../v1/messages",
  "/",
];

/** Legal in HTTP, odd for us. */
const ODD_HEADERS: readonly Record<string, string>[] = [
  { authorization: "Bearer" },
  { authorization: "bearer   " },
  { authorization: `Bearer sk-slc-${"0".repeat(38)}` },
  { authorization: `Bearer ${"k".repeat(20_000)}` },
  { "x-api-key": "" },
  { "x-goog-api-key": "AIza" },
  { "content-type": "" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "accept-encoding": "gzip, br" },
  { "content-encoding": "gzip" },
  { "anthropic-version": "\xff\xfe" },
  { "anthropic-version": "v".repeat(7_000), "anthropic-beta": "b".repeat(7_000) },
  { "anthropic-beta": "b".repeat(40_000) },
  { "openai-beta": "assistants=v2" },
  { "x-sluice-target": "x", "x-sluice-retry": "1", "x-sluice-error": "overloaded" },
  { "x-envoy-upstream-rq-timeout-ms": "1", "x-envoy-max-retries": "99", "x-envoy-retry-on": "5xx" },
  { "x-envoy-original-path": "/v1/messages", "x-forwarded-proto": "https" },
  { cookie: "a=b; c=d", te: "trailers", expect: "100-continue" },
  { ["h".repeat(10_000)]: "v" },
  { traceparent: "00-zz", "user-agent": "\t" },
  { host: "a.example:99999" },
];

export function makeRequest(random: Random, seed: number, key: string, models: readonly string[]): FuzzRequest {
  const dialect = random.pick<Dialect>(["openai", "anthropic"]);
  const model = random.pick(models);
  const headers: Record<string, string> = { "content-type": "application/json", "idempotency-key": String(seed) };
  if (dialect === "anthropic" && random.chance(2)) headers["x-api-key"] = key;
  else headers.authorization = `Bearer ${key}`;
  if (dialect === "anthropic" && random.chance(2)) headers["anthropic-version"] = "2023-06-01";
  if (random.chance(8)) Object.assign(headers, random.pick(ODD_HEADERS));
  const odd = random.chance(25);
  return {
    seed,
    dialect,
    model,
    headers,
    method: odd && random.chance(2) ? random.pick(["GET", "PUT", "DELETE", "OPTIONS", "HEAD"]) : "POST",
    path: odd ? random.pick(ODD_PATHS) : PATHS[dialect],
    body: makeBody(random, dialect, model),
    hangUpMs: random.chance(50) ? random.below(20) : undefined,
  };
}

function makeBody(random: Random, dialect: Dialect, model: string): Buffer {
  const document = requestOf(random, dialect, model);
  if (random.chance(80)) return Buffer.alloc(0);
  if (random.chance(5)) return mutateBytes(random, Buffer.from(textOf(document)));
  if (!random.chance(3)) return Buffer.from(textOf(document));
  // What is damaged must still name a model that is configured, or nothing behind the gateway is reached.
  const mutated = mutateJson(random, document);
  const isObject = typeof mutated === "object" && mutated !== null && !Array.isArray(mutated);
  return Buffer.from(textOf(isObject && !random.chance(10) ? { ...mutated, model } : mutated));
}

/** Sends the body in one to four pieces. */
export function send(url: string, agent: Agent, random: Random, request: FuzzRequest): Promise<Answer> {
  const { method, body, hangUpMs } = request;
  const headers = { ...request.headers };
  if (random.chance(2)) headers["content-length"] = String(body.length);
  else headers["transfer-encoding"] = "chunked";
  return new Promise((resolve) => {
    const timeout = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = hangUpMs === undefined ? timeout : AbortSignal.any([timeout, AbortSignal.timeout(hangUpMs)]);
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, path: request.path, method, headers, agent, signal });
    const failed = (error: NodeJS.ErrnoException) => {
      // The gateway may close a kept connection at any time; HTTP clients then ask again.
      if (outgoing.reusedSocket && error.code === "ECONNRESET") return resolve(send(url, agent, random, request));
      const nothing = { status: 0, headers: {}, body: Buffer.alloc(0), complete: false };
      resolve({ ...nothing, error: `${error.name} ${error.message}` });
    };
    outgoing.on("error", failed);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      let error: string | undefined;
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", (cause) => {
        error = `${cause.name} ${cause.message}`;
      });
      incoming.on("close", () => {
        const { statusCode: status = 0, headers, complete } = incoming;
        resolve({ status, headers, body: Buffer.concat(chunks), complete, error });
      });
    });
    const pieces = 1 + random.below(4);
    for (let piece = 0; piece < pieces; piece++) {
      const [from, to] = [piece, piece + 1].map((part) => Math.floor((body.length * part) / pieces));
      if (to !== from) outgoing.write(body.subarray(from, to));
    }
    outgoing.end();
  });
}
