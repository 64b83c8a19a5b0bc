// One direction of a stream: what came in, what is held back because the filter paused, and what went on. Envoy's rules:
// a pause in the headers holds them while the body callbacks run; a body that is paused is buffered and shown whole at the
// next callback; CONTINUE from any callback lets everything go that is held.

import { HeaderMap, type HeaderPairs } from "./header-map.js";

export type Action = "continue" | "pause";

/** What went past the filter: to the provider for requests, to the client for replies. */
export class Forwarded {
  headers: HeaderMap | undefined;
  trailers: HeaderMap | undefined;
  ended = false;
  /** One entry for every piece that went on, as the next filter would see them. */
  readonly chunks: Uint8Array[] = [];

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.body.toString("utf8");
  }
}

export interface Callbacks {
  headers: (count: number, end: number) => number;
  body: (size: number, end: number) => number;
  trailers: (count: number) => number;
}

/** Without a copy, so that a test can afford a body as large as the VM's memory; nobody writes into bodies. */
function view(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

export class Half {
  headers: HeaderMap | undefined;
  trailers: HeaderMap | undefined;
  /** What the filter may read and write now; buffered bytes included. */
  body: Buffer = Buffer.alloc(0);
  readonly forwarded = new Forwarded();
  paused = false;
  /** A local reply or a reset ended this direction: nothing goes on any more. */
  aborted = false;
  private ended = false;
  private buffering = false;

  constructor(private readonly callbacks: Callbacks) {}

  takeHeaders(pairs: HeaderPairs, end: boolean): Action {
    this.expectOpen();
    if (this.headers !== undefined) throw new Error("headers were sent already");
    this.headers = new HeaderMap(pairs);
    this.ended = end;
    return this.settle(this.callbacks.headers(this.headers.size, end ? 1 : 0));
  }

  takeBody(chunk: Uint8Array, end: boolean): Action {
    this.expectOpen();
    if (this.headers === undefined) throw new Error("send headers before the body");
    this.body = this.buffering ? Buffer.concat([this.body, chunk]) : view(chunk);
    this.ended = end;
    const action = this.settle(this.callbacks.body(this.body.length, end ? 1 : 0));
    this.buffering = action === "pause";
    return action;
  }

  takeTrailers(pairs: HeaderPairs): Action {
    this.expectOpen();
    this.trailers = new HeaderMap(pairs);
    this.ended = true;
    return this.settle(this.callbacks.trailers(this.trailers.size));
  }

  /** What `proxy_continue_stream` does. */
  resume(): void {
    if (this.paused) this.release();
  }

  private settle(action: number): Action {
    if (action === 0) this.release();
    else this.paused = true;
    return action === 0 ? "continue" : "pause";
  }

  private release(): void {
    this.paused = false;
    this.buffering = false;
    if (this.aborted) return;
    this.forwarded.headers ??= this.headers?.copy();
    if (this.body.length > 0) this.forwarded.chunks.push(this.body);
    this.body = Buffer.alloc(0);
    this.forwarded.trailers ??= this.trailers?.copy();
    this.forwarded.ended = this.ended;
  }

  private expectOpen(): void {
    if (this.ended) throw new Error("this direction of the stream has ended");
  }
}
