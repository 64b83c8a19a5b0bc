// The bytes of a stream that nobody translates: one that was cut gets an error event behind what came, the text of error
// events, which may quote a key, is redacted, and what was stripped takes the place of what came.

import { ByteWriter } from "../bytes/byte-writer";
import { writeErrorEvent } from "../errors/error-body";
import { redactKeys } from "../errors/redact";
import { appendToBuffer, BufferKind, getBuffer, hostPointer, replaceBuffer } from "../sdk";
import { UNCUT } from "../usage/account";

const ERROR_EVENT_BYTES_MAX: i32 = 4096;

const event = new ByteWriter(ERROR_EVENT_BYTES_MAX);

/** Changes the `size` bytes that are in the buffer. `ending` is the error that ends the stream, or UNCUT. */
export function changePassed(protocol: i32, size: i32, hasError: bool, ending: i32): void {
  if (hasError && getBuffer(BufferKind.RESPONSE_BODY, 0, size)) {
    const bytes = hostPointer();
    if (redactKeys(bytes, size)) replaceBuffer(BufferKind.RESPONSE_BODY, size, bytes, size);
  }
  if (ending == UNCUT) return;
  writeErrorEvent(protocol, ending, event.reset());
  appendToBuffer(BufferKind.RESPONSE_BODY, size, event.pointer, event.length);
}

/** Puts what is left of them in the place of the `size` bytes that are in the buffer. */
export function replaceStripped(left: ByteWriter, protocol: i32, size: i32, hasError: bool, ending: i32): void {
  if (hasError) redactKeys(left.pointer, left.length);
  if (ending != UNCUT) writeErrorEvent(protocol, ending, left);
  replaceBuffer(BufferKind.RESPONSE_BODY, size, left.pointer, left.length);
}
