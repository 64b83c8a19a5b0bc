// Lines in Envoy's log. Never put a body, a key or anything a user wrote in one.

import { proxy_log } from "./env";
import { Literal } from "./literal";
import { LogLevel } from "./types";

/** For text made at run time: encodes into a block that is freed at once. Not for hot paths. */
export function log(level: LogLevel, message: string): void {
  const length = String.UTF8.byteLength(message);
  const block = heap.alloc(length);
  String.UTF8.encodeUnsafe(changetype<usize>(message), message.length, block);
  proxy_log(level, block, length);
  heap.free(block);
}

export function logLiteral(level: LogLevel, message: Literal): void {
  proxy_log(level, message.pointer, message.length);
}

export function logBytes(level: LogLevel, pointer: usize, length: i32): void {
  proxy_log(level, pointer, length);
}
