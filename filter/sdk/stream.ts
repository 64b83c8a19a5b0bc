// What ends, resumes or answers a stream, and whose turn it is.

import {
  proxy_close_stream,
  proxy_continue_stream,
  proxy_send_local_response,
  proxy_set_effective_context,
} from "./env";
import { HeaderList } from "./header-list";
import { Status, StreamKind } from "./types";

const NO_GRPC_STATUS: i32 = -1;

/** Answers the client from here. The host sends it after the callback; return `Action.PAUSE` from the callback. */
export function sendLocalReply(status: u32, headers: HeaderList, body: usize, bodyLength: i32): bool {
  const list = headers.finish();
  return (
    proxy_send_local_response(status, 0, 0, body, bodyLength, list, headers.byteLength, NO_GRPC_STATUS) == Status.OK
  );
}

export function continueRequest(): bool {
  return proxy_continue_stream(StreamKind.REQUEST) == Status.OK;
}

export function continueResponse(): bool {
  return proxy_continue_stream(StreamKind.RESPONSE) == Status.OK;
}

/**
 * Resets the stream. Closing in the callback that also wrote a body loses what was written: close from the next
 * callback or from a tick.
 */
export function closeStream(kind: StreamKind): bool {
  return proxy_close_stream(kind) == Status.OK;
}

/** Makes host calls act on another context. False when that context is gone: then touch nothing of it. */
export function actAs(contextId: u32): bool {
  return proxy_set_effective_context(contextId) == Status.OK;
}
