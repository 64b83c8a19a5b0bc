// What the host's context numbers stand for: a root per plugin, a stream per request. A test drives a stream as a client and
// a provider would: `host.openStream(root).requestHeaders([[":path", "/"]], true)`.

import { type Action, Half } from "./half.js";
import { HeaderMap, type HeaderPairs } from "./header-map.js";
import type { Host } from "./host.js";

function asBytes(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

export class Root {
  configuration = Buffer.alloc(0);
  /** 0: no ticks. */
  tickPeriodMs = 0;
  /** The answer that `proxy_on_http_call_response` is about, while that runs. */
  answer: { headers: HeaderMap; body: Buffer } | undefined;

  constructor(
    readonly id: number,
    readonly name: string,
  ) {}
}

export class Stream {
  readonly request: Half;
  readonly response: Half;
  /** Filter state as the filter wrote it, without Envoy's prefix `wasm.`. */
  readonly filterState = new Map<string, Buffer>();
  /** What else `proxy_get_property` knows; the parts of a path are joined by NUL, as on the wire. */
  readonly properties = new Map<string, string>();
  routeCacheClears = 0;
  /** What the filter answered by itself, before its own response callbacks saw it. */
  localReply: { status: number; headers: HeaderMap; body: Buffer } | undefined;
  /** Whether the filter reset the stream. */
  reset = false;

  constructor(
    private readonly host: Host,
    readonly id: number,
    readonly root: Root,
  ) {
    const half = (side: "request" | "response") =>
      new Half({
        headers: (count, end) => host.call(id, `proxy_on_${side}_headers`, id, count, end),
        body: (size, end) => host.call(id, `proxy_on_${side}_body`, id, size, end),
        trailers: (count) => host.call(id, `proxy_on_${side}_trailers`, id, count),
      });
    this.request = half("request");
    this.response = half("response");
  }

  requestHeaders(pairs: HeaderPairs, end = false): Action {
    return this.request.takeHeaders(pairs, end);
  }

  requestBody(chunk: string | Uint8Array, end = false): Action {
    return this.request.takeBody(asBytes(chunk), end);
  }

  requestTrailers(pairs: HeaderPairs): Action {
    return this.request.takeTrailers(pairs);
  }

  responseHeaders(pairs: HeaderPairs, end = false): Action {
    return this.response.takeHeaders(pairs, end);
  }

  responseBody(chunk: string | Uint8Array, end = false): Action {
    return this.response.takeBody(asBytes(chunk), end);
  }

  responseTrailers(pairs: HeaderPairs): Action {
    return this.response.takeTrailers(pairs);
  }

  /** The stream is over, or its client has gone. */
  close(): void {
    this.host.closeStream(this);
  }

  property(path: string): Buffer | undefined {
    if (path === "plugin_root_id") return Buffer.from(this.root.name);
    if (path.startsWith("filter_state\0wasm.")) return this.filterState.get(path.slice("filter_state\0wasm.".length));
    const text = path === "request\0path" ? this.request.headers?.get(":path") : this.properties.get(path);
    return text === undefined ? this.filterState.get(path) : Buffer.from(text);
  }

  /**
   * Ends the request. A reply passes the filter's own response callbacks, as in Envoy, unless it takes the place of a
   * response that has begun.
   */
  sendLocalReply(status: number, headers: HeaderMap, body: Buffer): void {
    this.request.aborted = true;
    this.localReply = { status, headers, body };
    const reply = new HeaderMap([[":status", String(status)], ...headers.pairs]);
    reply.replace("content-length", String(body.length));
    if (body.length > 0 && reply.get("content-type") === undefined) reply.add("content-type", "text/plain");
    if (this.response.headers === undefined) {
      this.response.takeHeaders(reply.pairs, body.length === 0);
      if (body.length > 0) this.response.takeBody(body, true);
      return;
    }
    this.response.aborted = true;
    this.response.forwarded.headers = reply;
    this.response.forwarded.chunks.push(body);
    this.response.forwarded.ended = true;
  }

  abort(): void {
    this.reset = true;
    this.request.aborted = true;
    this.response.aborted = true;
  }
}

/** What Envoy asks of a callout's headers before it sends one. */
export function isCalloutSendable(headers: HeaderMap): boolean {
  return [":method", ":path", ":authority"].every((name) => headers.get(name) !== undefined);
}
