// What a filter extends: a root context per plugin and configuration, and a stream context per HTTP request.
// Stream contexts are meant to be pooled: `createStream` may hand out a used one, `onDelete` is where to take it back.

import { Action } from "./types";

export abstract class StreamContext {
  /** The host's number for this stream; changes every time a pooled context is used again. */
  id: u32 = 0;

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    return Action.CONTINUE;
  }

  /** `size` is what is in the buffer now, earlier buffered bytes included. */
  onRequestBody(size: i32, endOfStream: bool): Action {
    return Action.CONTINUE;
  }

  /** Trailers end a body just as `endOfStream` does. */
  onRequestTrailers(count: i32): Action {
    return Action.CONTINUE;
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    return Action.CONTINUE;
  }

  onResponseBody(size: i32, endOfStream: bool): Action {
    return Action.CONTINUE;
  }

  onResponseTrailers(count: i32): Action {
    return Action.CONTINUE;
  }

  /** The last callback. Host calls on the stream are no longer allowed. */
  onDelete(): void {}
}

export abstract class RootContext {
  constructor(readonly id: u32) {}

  /** The VM or this plugin starts; the host may call it again on a live root. */
  onStart(): bool {
    return true;
  }

  /** `size` bytes of configuration are in `BufferKind.PLUGIN_CONFIGURATION`. False refuses them: the old ones stay. */
  onConfigure(size: i32): bool {
    return true;
  }

  onTick(): void {}

  /** `headerCount` 0 means the callout failed (time-out, reset, no endpoint). */
  onCalloutResponse(token: u32, headerCount: i32, bodySize: i32): void {}

  abstract createStream(id: u32): StreamContext;

  onDelete(): void {}
}
