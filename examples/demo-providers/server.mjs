// One demo provider as an HTTP server: log, credential, faults, and the writing of replies. A dialect says what is answered.
// It serves no one but tests and demonstrations: loopback by default, nothing stored.
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { FaultSwitch, NO_FAULT, parseFault } from "./faults.mjs";
import { Refusal } from "./rules.mjs";

/** Anthropic's documented limit of a Messages request. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** So that a demo that runs for days stays small. */
const REQUESTS_KEPT = 1000;
const FAULT_PATH = "/__fault";

/** Headers that a gateway must not let through, whatever the dialect. */
const FORBIDDEN = /^(x-envoy-.*|x-sluice-.*|cookie|forwarded|x-forwarded-for|accept-encoding|proxy-.*)$/;
/** Headers that hold credentials: a provider must see its own only, or it holds another's. */
const CREDENTIALS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
/** What an AWS signature adds to a request. */
const SIGNATURE = /^x-amz-/;

/**
 * Starts a provider that speaks `dialect`.
 * @returns {Promise<import("./index.d.mts").DemoProvider>}
 */
export async function startProvider(dialect, options) {
  const provider = new Provider(dialect, options);
  await provider.listen(options.port ?? 0);
  return provider;
}

class Provider {
  requests = [];
  requestCount = 0;
  #dialect;
  #options;
  #faults = new FaultSwitch();
  #server;
  #comeback;
  #port = 0;

  constructor(dialect, options) {
    this.#dialect = dialect;
    this.#options = options;
    const answer = (request, response) => this.#serve(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
    this.#server.keepAliveTimeout = 60_000;
  }

  get port() {
    return this.#port;
  }

  /** Base URL as a provider resource wants it, version included. */
  get url() {
    const origin = `${this.#options.tls ? "https" : "http"}://${this.#options.host ?? "127.0.0.1"}:${this.#port}`;
    return `${origin}${this.#dialect.basePath ?? "/v1"}`;
  }

  get fault() {
    return this.#faults.current;
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#options.host ?? "127.0.0.1", () => {
        this.#server.off("error", reject);
        this.#port = this.#server.address().port;
        resolve();
      });
    });
  }

  async setFault(value) {
    const fault = parseFault(value ?? NO_FAULT);
    clearTimeout(this.#comeback);
    this.#faults.set(fault);
    if (fault.kind === "refuse") await this.#shut(fault.forMs);
    else if (!this.#server.listening) await this.listen(this.#port);
  }

  clearFault() {
    return this.setFault(NO_FAULT);
  }

  async close() {
    clearTimeout(this.#comeback);
    await this.#shut();
  }

  #shut(forMs) {
    if (forMs !== undefined) this.#comeback = setTimeout(() => void this.clearFault().catch(() => {}), forMs);
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request, response) {
    response.on("error", () => {});
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return request.destroy();
    if (request.url === FAULT_PATH) return this.#serveFault(request, response, body);
    const entry = this.#record(request, body);
    response.on("close", () => {
      entry.aborted = !response.writableFinished;
      entry.ended = true;
    });
    const fault = this.#faults.take();
    entry.fault = fault.kind;
    if (fault.kind === "body") return writeBody(response, fault);
    const reply = this.#replyTo(entry, fault);
    if (reply !== undefined) {
      entry.status = reply.status;
      await this.#write(response, reply, fault).catch(() => response.destroy());
    } else if (fault.kind === "reset") resetConnection(response);
  }

  /** What to answer; undefined = nothing at all. */
  #replyTo(entry, fault) {
    if (fault.kind === "hang" || (fault.kind === "reset" && !fault.afterHeaders)) return undefined;
    if (fault.kind === "status" || fault.status !== undefined) return this.#dialect.statusReply(fault);
    try {
      if (entry.bodyBytes > BODY_BYTES_MAX) throw new Refusal(413, "Request exceeds the maximum size");
      return this.#dialect.answer(entry, this.#options);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      entry.refusal = error.message;
      return this.#dialect.refusalReply(error);
    }
  }

  async #write(response, reply, fault) {
    response.writeHead(reply.status, {
      ...this.#dialect.headers(),
      ...reply.headers,
      "content-type": reply.events
        ? (this.#dialect.eventType ?? "text/event-stream; charset=utf-8")
        : "application/json",
      ...(fault.kind === "gzip" ? { "content-encoding": "gzip" } : {}),
    });
    if (fault.kind === "reset") return this.#resetAfterHeaders(response, reply);
    if (fault.kind === "gzip")
      return response.end(gzipSync(reply.events ? this.#wires(reply.events) : JSON.stringify(reply.json)));
    if (reply.events) return this.#writeEvents(response, reply.events, fault);
    if (fault.kind === "slow") await sleep(fault.firstEventDelayMs ?? 0);
    response.end(this.#bodyOf(reply, fault));
  }

  #bodyOf(reply, fault) {
    if (reply.status === 200 && fault.kind === "sse-error")
      return JSON.stringify(this.#dialect.errorEvent(fault.message).data);
    const text = JSON.stringify(reply.json);
    return reply.status === 200 && fault.kind === "invalid-json" ? text.slice(0, text.length / 2) : text;
  }

  /** Headers and whatever precedes the first content, then RST. */
  async #resetAfterHeaders(response, reply) {
    response.flushHeaders();
    const content = reply.events?.findIndex((event) => event.content) ?? 0;
    for (const event of reply.events?.slice(0, Math.max(0, content)) ?? []) response.write(this.#wires([event]));
    await sleep(20); // a reset may overtake bytes that the peer has not read yet
    resetConnection(response);
  }

  async #writeEvents(response, events, fault) {
    const delayMs = fault.eventDelayMs ?? this.#options.eventDelayMs ?? 0;
    if (fault.kind === "sse-error") return response.end(this.#wires([this.#dialect.errorEvent(fault.message)]));
    if (fault.kind === "chop") return writeChopped(response, this.#wires(events), Math.max(1, fault.chunkBytes ?? 1));
    if (fault.firstEventDelayMs) await sleep(fault.firstEventDelayMs);
    const last = fault.kind === "cut" ? (fault.afterEvents ?? 0) : events.length;
    for (const event of events.slice(0, last)) {
      if (response.destroyed) return;
      const bytes = this.#wires([event]);
      response.write(fault.kind === "invalid-json" && event.content ? broken(bytes) : bytes);
      if (delayMs > 0) await sleep(delayMs);
    }
    if (fault.kind === "cut" && fault.withinEvent) {
      const bytes = this.#wires(events.slice(last, last + 1));
      response.write(bytes.subarray(0, bytes.length / 2));
    }
    if (fault.kind === "cut" && fault.reset) {
      response.flushHeaders();
      await sleep(20);
      return resetConnection(response);
    }
    response.end();
  }

  /** Events as the dialect frames them. */
  #wires(events) {
    return Buffer.concat(events.map((event) => Buffer.from((this.#dialect.wire ?? wire)(event))));
  }

  #record(request, body) {
    const [path, query = ""] = request.url.split(/\?(.*)/s);
    const credential = this.#options.credentialHeader ?? this.#dialect.credentialHeader;
    const forbiddenHeaders = Object.keys(request.headers).filter(
      (name) =>
        FORBIDDEN.test(name) ||
        (this.#options.aws === undefined && SIGNATURE.test(name)) ||
        (CREDENTIALS.includes(name) && name !== credential) ||
        this.#dialect.foreignHeaders.includes(name),
    );
    if (new URLSearchParams(query).has("key")) forbiddenHeaders.push("?key=");
    const entry = {
      method: request.method,
      path,
      query,
      headers: request.headers,
      forbiddenHeaders,
      body: body.toString("utf8"),
      bodyBytes: body.length,
      json: parseJson(body),
      aborted: false,
      ended: false,
    };
    this.requestCount += 1;
    this.requests.push(entry);
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift();
    return entry;
  }

  async #serveFault(request, response, body) {
    const reply = (status, json) =>
      new Promise((resolve) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(`${JSON.stringify(json)}\n`, resolve);
      });
    if (request.method === "GET") return reply(200, this.fault);
    if (request.method !== "PUT") return reply(405, { error: "use GET or PUT" });
    try {
      const fault = parseFault(parseJson(body));
      if (fault.kind === "refuse" && fault.forMs === undefined) {
        throw new Error("refuse closes this door too: say with forMs for how long");
      }
      if (fault.kind !== "refuse") await this.setFault(fault);
      await reply(200, fault);
      if (fault.kind === "refuse") await this.setFault(fault); // takes this connection too
    } catch (error) {
      await reply(400, { error: error.message });
    }
  }
}

/** What no dialect has written: a proxy's page, nothing at all, another kind of JSON. */
function writeBody(response, { status = 200, contentType = "text/html", text = "" }) {
  const length = Buffer.byteLength(text);
  response.writeHead(status, { ...(text === "" ? {} : { "content-type": contentType }), "content-length": length });
  response.end(text);
}

/** The event with a byte amiss: its last brace, or what is at that place in another framing. */
function broken(bytes) {
  const at = bytes.lastIndexOf("}");
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(" "), bytes.subarray(at + 1)]);
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Undefined for anything that is not JSON in UTF-8. */
function parseJson(body) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

function wire({ event, data }) {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event ? `event: ${event}\n` : ""}data: ${text}\n\n`;
}

async function writeChopped(response, text, chunkBytes) {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length && !response.destroyed; at += chunkBytes) {
    response.write(bytes.subarray(at, at + chunkBytes));
    await sleep(0);
  }
  response.end();
}

/** RST instead of an orderly end; a TLS socket has only the orderly one. */
function resetConnection(response) {
  const socket = response.socket;
  if (typeof socket?.resetAndDestroy === "function" && !socket.encrypted) socket.resetAndDestroy();
  else socket?.destroy();
}
