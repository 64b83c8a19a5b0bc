// What the host calls. The entry file of a filter re-exports this: `export * from "proxy-wasm-assemblyscript-sdk/exports"`.
// Callbacks that no filter of ours needs are left out on purpose: the host does not call what is not exported.

import "./abort";
import { arenaAllocate } from "./arena";
import { createRoot, deleteRoot, enter, leave, rootOf, streams } from "./lifecycle";
import { Action } from "./types";

export function proxy_abi_version_0_2_1(): void {}

/** Answers 0 when memory is short; the host then fails that one call with an error code instead of trapping. */
export function proxy_on_memory_allocate(size: usize): usize {
  return arenaAllocate(size);
}

export function proxy_on_context_create(id: u32, rootId: u32): void {
  enter();
  if (rootId == 0) {
    createRoot(id);
  } else {
    const root = rootOf(rootId);
    if (root != null) {
      const stream = root.createStream(id);
      stream.id = id;
      streams.set(id, stream);
    }
  }
  leave();
}

export function proxy_on_vm_start(rootId: u32, size: i32): i32 {
  enter();
  const root = rootOf(rootId);
  const ok = root != null ? root.onStart() : false;
  leave();
  return ok ? 1 : 0;
}

export function proxy_on_configure(rootId: u32, size: i32): i32 {
  enter();
  const root = rootOf(rootId);
  const ok = root != null ? root.onConfigure(size) : false;
  leave();
  return ok ? 1 : 0;
}

export function proxy_on_tick(rootId: u32): void {
  enter();
  const root = rootOf(rootId);
  if (root != null) root.onTick();
  leave();
}

export function proxy_on_http_call_response(
  rootId: u32,
  token: u32,
  headerCount: i32,
  bodySize: i32,
  trailerCount: i32,
): void {
  enter();
  const root = rootOf(rootId);
  if (root != null) root.onCalloutResponse(token, headerCount, bodySize);
  leave();
}

export function proxy_on_request_headers(id: u32, count: i32, endOfStream: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onRequestHeaders(count, endOfStream != 0);
  leave();
  return action;
}

export function proxy_on_request_body(id: u32, size: i32, endOfStream: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onRequestBody(size, endOfStream != 0);
  leave();
  return action;
}

export function proxy_on_request_trailers(id: u32, count: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onRequestTrailers(count);
  leave();
  return action;
}

export function proxy_on_response_headers(id: u32, count: i32, endOfStream: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onResponseHeaders(count, endOfStream != 0);
  leave();
  return action;
}

export function proxy_on_response_body(id: u32, size: i32, endOfStream: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onResponseBody(size, endOfStream != 0);
  leave();
  return action;
}

export function proxy_on_response_trailers(id: u32, count: i32): i32 {
  const stream = streams.get(id);
  if (stream == null) return Action.CONTINUE;
  enter();
  const action = stream.onResponseTrailers(count);
  leave();
  return action;
}

export function proxy_on_log(id: u32): void {
  const stream = streams.get(id);
  if (stream == null) return;
  enter();
  stream.onLog();
  leave();
}

export function proxy_on_delete(id: u32): void {
  enter();
  const stream = streams.get(id);
  if (stream != null) {
    streams.remove(id);
    stream.onDelete();
  } else {
    deleteRoot(id);
  }
  leave();
}
