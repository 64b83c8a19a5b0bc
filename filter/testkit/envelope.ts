// Wrappers around filter/json/envelope and splicer.

import { Envelope } from "../json/envelope";
import { Splicer } from "../json/splicer";
import { out } from "./memory";

const envelope = new Envelope();
const splicer = new Splicer();

export function envelopeRead(pointer: usize, length: i32): bool {
  return envelope.read(pointer, length);
}
export function envelopeError(): i32 {
  return envelope.error;
}
export function envelopeErrorOffset(): i32 {
  return envelope.errorOffset;
}
export function envelopeHasModel(): bool {
  return envelope.hasModel;
}
export function envelopeModelIsString(): bool {
  return envelope.modelIsString;
}
export function envelopeModelStart(): i32 {
  return envelope.modelStart;
}
export function envelopeModelEnd(): i32 {
  return envelope.modelEnd;
}
export function envelopeModelHasEscapes(): bool {
  return envelope.modelHasEscapes;
}
export function envelopeStreamKind(): i32 {
  return envelope.streamKind;
}
export function envelopeMessagesKind(): i32 {
  return envelope.messagesKind;
}
export function envelopeIncludeUsage(): bool {
  return envelope.includeUsage;
}

export function spliceBegin(body: usize, length: i32): void {
  splicer.begin(body, length);
}
export function spliceReplace(start: i32, end: i32, pointer: usize, length: i32): void {
  splicer.replace(start, end, pointer, length);
}
export function spliceFailed(): bool {
  return splicer.failed;
}
export function spliceDelta(): i32 {
  return splicer.delta;
}
export function splicePrefixEnd(): i32 {
  return splicer.prefixEnd();
}
/** False when nothing usable was written. */
export function spliceWrite(prefixOnly: bool): bool {
  out.reset();
  if (prefixOnly) splicer.writePrefixTo(out);
  else splicer.writeTo(out);
  return !out.overflow;
}
