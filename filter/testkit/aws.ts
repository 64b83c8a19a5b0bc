// Wrappers around filter/aws.

import { EventStreamFramer } from "../aws/event-stream-framer";

const framer = new EventStreamFramer();

export function awsReset(): void {
  framer.reset();
}
export function awsPush(pointer: usize, length: i32): void {
  framer.push(pointer, length);
}
export function awsNext(): bool {
  return framer.next();
}
export function awsFailed(): bool {
  return framer.failed;
}
export function awsTypePointer(): usize {
  return framer.typePointer;
}
export function awsTypeLength(): i32 {
  return framer.typeLength;
}
export function awsDataPointer(): usize {
  return framer.dataPointer;
}
export function awsDataLength(): i32 {
  return framer.dataLength;
}
