// Bodies and plugin configurations.

import { proxy_get_buffer_bytes, proxy_set_buffer_bytes } from "./env";
import { OUT_LENGTH, OUT_POINTER } from "./host";
import { BufferKind, Status } from "./types";

/** Copies at most `length` bytes from `start` on into the arena, fewer when the buffer ends before; see host.ts for where. */
export function getBuffer(kind: BufferKind, start: u32, length: u32): bool {
  return proxy_get_buffer_bytes(kind, start, length, OUT_POINTER, OUT_LENGTH) == Status.OK;
}

/**
 * Replaces the first `length` bytes of a buffer. Envoy edits buffers at their two ends only: an edit in the middle is a
 * replacement of everything before it, which costs a copy of the prefix and never of the rest.
 */
export function replacePrefix(kind: BufferKind, length: u32, data: usize, dataLength: u32): bool {
  return proxy_set_buffer_bytes(kind, 0, length, data, dataLength) == Status.OK;
}

/** Replaces a whole buffer, however long. */
export function replaceBuffer(kind: BufferKind, currentLength: u32, data: usize, dataLength: u32): bool {
  return proxy_set_buffer_bytes(kind, 0, currentLength, data, dataLength) == Status.OK;
}

/** Appends to a buffer that now has `currentLength` bytes. */
export function appendToBuffer(kind: BufferKind, currentLength: u32, data: usize, dataLength: u32): bool {
  return proxy_set_buffer_bytes(kind, currentLength, 0, data, dataLength) == Status.OK;
}
