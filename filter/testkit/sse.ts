// Wrappers around filter/sse.

import { SseFramer } from "../sse/framer";
import { sseBegin, sseEnd, writeSseEvent } from "../sse/writer";
import { out } from "./memory";

const framer = new SseFramer();

export function sseReset(): void {
  framer.reset();
}
export function ssePush(pointer: usize, length: i32): void {
  framer.push(pointer, length);
}
export function sseNext(): bool {
  return framer.next();
}
export function sseFinish(): bool {
  return framer.finish();
}
export function sseFailed(): bool {
  return framer.failed;
}
export function sseTypePointer(): usize {
  return framer.typePointer;
}
export function sseTypeLength(): i32 {
  return framer.typeLength;
}
export function sseDataPointer(): usize {
  return framer.dataPointer;
}
export function sseDataLength(): i32 {
  return framer.dataLength;
}

/** An event of type `ping` or of none, with this data. */
export function sseWrite(typed: bool, pointer: usize, length: i32): void {
  out.reset();
  if (typed) {
    writeSseEvent(out, "ping", pointer, length);
    return;
  }
  sseBegin(out, "");
  out.writeBytes(pointer, length);
  sseEnd(out);
}
