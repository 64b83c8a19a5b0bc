// A provider that answers every request with a seeded, more or less damaged reply. The seed is the request's
// idempotency-key, which the gateway passes on, so that one request can be repeated alone. It keeps what it sent.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as breathe } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Random } from "../filter/random.ts";
import { type Dialect, errorOf, eventsOf, replyOf, type SseEvent } from "./documents.ts";
import { mutateBytes, mutateJson, textOf } from "./mutate.ts";

export interface Sent {
  readonly status: number;
  readonly contentType: string;
  /** Undefined if what was sent was written by hand, and may be no HTTP at all. */
  readonly body: Buffer | undefined;
  /** The connection broke, or what was sent was not HTTP. */
  readonly broken: boolean;
  /** An interim reply (1xx) came first. */
  readonly interim: boolean;
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const CONTENT_TYPES = [
  "",
  "text/plain",
  "text/html; charset=utf-8",
  "application/json",
  "text/event-stream",
  "TEXT/EVENT-STREAM",
  "a",
];
const STATUSES = [
  200, 201, 202, 204, 206, 226, 299, 301, 304, 307, 400, 401, 403, 404, 408, 409, 413, 418, 422, 429, 451, 499, 500,
  501, 529, 599,
];
/** Rarer, because a few of them in a row take the endpoint out for some seconds. */
const GATEWAY_STATUSES = [502, 503, 504];
const LARGE_EVENT_CHARACTERS = 300_000;

const RAW_REPLIES: readonly string[] = [
  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}   ",
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n",
  "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{}",
  "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
  "HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\x81\x00",
  "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
  `HTTP/1.1 200 OK\r\nx-large: ${"a".repeat(100_000)}\r\n\r\n`,
  "hello\r\n\r\n",
  "",
];

export class FuzzProvider {
  readonly sent = new Map<string, Sent>();
  private attempts = 0;
  private readonly server: Server;

  private constructor(private readonly dialect: Dialect) {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.keepAliveTimeout = 120_000;
  }

  static async start(dialect: Dialect): Promise<FuzzProvider> {
    const provider = new FuzzProvider(dialect);
    await new Promise<void>((resolve) => provider.server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }
  get requestCount(): number {
    return this.attempts;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.attempts++;
    request.on("error", () => {});
    response.on("error", () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const key = String(request.headers["idempotency-key"]);
    // Each dialect answers its own way, or both targets of a plan would always fail alike.
    const random = new Random(Number(key) + (this.dialect === "openai" ? 1_000_003 : 2_000_003));
    const streaming = /"stream":\s*true/.test(Buffer.concat(chunks).toString("latin1"));
    if (random.chance(25)) return this.answerRaw(key, random, response);
    const reply = this.reply(random, streaming);
    const breaksAt = random.chance(20) ? random.below(reply.body.length + 1) : -1;
    const interim = random.chance(20);
    const { status, body, headers } = reply;
    const contentType = headers["content-type"] ?? "";
    this.sent.set(key, { status, body, contentType, interim, broken: breaksAt >= 0 });
    if (interim) response.writeEarlyHints({ link: "</a>; rel=preload" });
    await send(random, response, reply, breaksAt);
  }

  private answerRaw(key: string, random: Random, response: ServerResponse): void {
    const text = random.pick(RAW_REPLIES);
    this.sent.set(key, { status: 0, contentType: "", body: undefined, broken: true, interim: text.includes(" 103 ") });
    response.socket?.end(text, "latin1");
  }

  private reply(random: Random, streaming: boolean): Reply {
    const status = random.chance(5) ? random.pick(random.chance(8) ? GATEWAY_STATUSES : STATUSES) : 200;
    const asStream = (status < 300 && streaming) !== random.chance(30);
    const headers: Record<string, string> = { "content-type": asStream ? "text/event-stream" : "application/json" };
    if (random.chance(15)) headers["content-type"] = random.pick(CONTENT_TYPES);
    if (random.chance(5)) Object.assign(headers, oddHeaders(random));
    let body = asStream ? streamBody(random, this.dialect) : this.wholeBody(random, status);
    if (random.chance(6)) body = mutateBytes(random, body);
    if (random.chance(25)) body = Buffer.alloc(0);
    if (random.chance(30)) {
      headers["content-encoding"] = "gzip";
      body = gzipSync(body);
    }
    return { status, headers, body };
  }

  private wholeBody(random: Random, status: number): Buffer {
    const document = status < 300 ? replyOf(random, this.dialect) : errorOf(this.dialect, "odd");
    return Buffer.from(textOf(random.chance(3) ? mutateJson(random, document) : document));
  }
}

function oddHeaders(random: Random): Record<string, string> {
  return random.pick<Record<string, string>>([
    { "x-sluice-retry": "1" },
    { "x-sluice-error": "invalid_json", "x-sluice-target": "nobody" },
    { "set-cookie": "a=b", "x-ratelimit-remaining": "1" },
    { "retry-after": "-1", date: "yesterday" },
    { "x-long": "v".repeat(20_000) },
    { ["n".repeat(5_000)]: "v" },
    { "content-encoding": "identity" },
    { "x-envoy-ratelimited": "true", "x-envoy-overloaded": "true", "x-envoy-upstream-service-time": "x" },
    { server: "\xff\xfe", connection: "close" },
  ]);
}

function streamBody(random: Random, dialect: Dialect): Buffer {
  const events = eventsOf(random, dialect).map((event) => mutateEvent(random, event));
  if (random.chance(10)) events.splice(random.below(events.length), 1 + random.below(3));
  if (random.chance(10))
    events.splice(random.below(events.length), 0, { data: errorOf(dialect, "in the stream"), type: "error" });
  if (random.chance(60)) events.splice(1, 0, { data: "x".repeat(LARGE_EVENT_CHARACTERS) });
  const lineEnd = random.pick(["\n", "\n", "\n", "\r\n", "\r"]);
  const text = events.map((event) => eventText(random, event, lineEnd)).join("");
  return Buffer.from(random.chance(20) ? `\ufeff${text}` : text);
}

function mutateEvent(random: Random, event: SseEvent): SseEvent {
  return random.chance(15) ? { ...event, data: mutateJson(random, event.data) } : event;
}

function eventText(random: Random, { type, data }: SseEvent, lineEnd: string): string {
  const lines: string[] = [];
  if (random.chance(20)) lines.push(random.pick([": comment", "id: 7", "retry: 1", "unknown", "data", "event:", ":"]));
  if (type !== undefined) lines.push(`event:${random.chance(5) ? "" : " "}${type}`);
  lines.push(`data:${random.chance(5) ? "" : " "}${data === "[DONE]" ? data : textOf(data)}`);
  return `${lines.join(lineEnd)}${lineEnd}${lineEnd}`;
}

async function send(random: Random, response: ServerResponse, reply: Reply, breaksAt: number): Promise<void> {
  const { status, body, headers } = reply;
  const bodiless = status === 204 || status === 304;
  if (!bodiless && random.chance(2)) headers["content-length"] = String(body.length);
  response.writeHead(status, headers);
  const end = breaksAt < 0 ? body.length : breaksAt;
  const sizeMax = random.chance(3) ? 30 : 4_000;
  for (let at = 0; at < end; ) {
    const size = Math.min(end - at, 1 + random.below(sizeMax + (body.length >> 5)));
    response.write(body.subarray(at, at + size));
    at += size;
    if (random.chance(4)) await breathe();
  }
  if (breaksAt >= 0) {
    await breathe();
    if (random.chance(2)) response.socket?.resetAndDestroy();
    else response.destroy();
    return;
  }
  // Node leaves them out of what is not chunked.
  if (random.chance(10)) response.addTrailers({ "x-trailer": "1", "set-cookie": "smuggled=1" });
  response.end();
}
