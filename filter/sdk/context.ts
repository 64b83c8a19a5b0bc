// What a filter extends: a root context per plugin and configuration, and a stream context per HTTP request.
// Stream contexts may be pooled: `createStream` hands out a used one, `onDelete` is where to take it back.

import { noteGarbage } from "./collector";
import { Action } from "./types";

/** What a stream context and the objects that it holds are taken for when nobody says better. */
const CONTEXT_BYTES: usize = 256;

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

  /**
   * The exchange is over, however it ended, and the host is about to write its access logs: filter state set here is in
   * them. The downstream context comes before those of the attempts when a client goes away.
   */
  onLog(): void {}

  /** The last callback. Host calls on the stream are no longer allowed. A pooled context overrides this and is no garbage. */
  onDelete(): void {
    noteGarbage(CONTEXT_BYTES);
  }
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

  /**
   * Envoy answers a failed callout by itself with 503 (refused, reset) or 504 (time-out) and a text of its own;
   * `headerCount` 0 is a failure too. So check `:status` before the body is believed.
   */
  onCalloutResponse(token: u32, headerCount: i32, bodySize: i32): void {}

  abstract createStream(id: u32): StreamContext;

  onDelete(): void {}
}
