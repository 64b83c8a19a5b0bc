// The bytes of a stream that nobody translates: one that was cut gets an error event behind what came, the text of error
// events, which may quote a key, is redacted, and what was stripped takes the place of what came.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode } from "../contract";
import { writeErrorEvent } from "../errors/error-body";
import { redactKeys } from "../errors/redact";
import { appendToBuffer, BufferKind, getBuffer, hostPointer, replaceBuffer } from "../sdk";
import { streamsCutTotal } from "../telemetry/metrics";

const ERROR_EVENT_BYTES_MAX: i32 = 4096;

const event = new ByteWriter(ERROR_EVENT_BYTES_MAX);

/** Changes the `size` bytes that are in the buffer. */
export function changePassed(protocol: i32, size: i32, hasError: bool, isCut: bool): void {
  if (hasError && getBuffer(BufferKind.RESPONSE_BODY, 0, size)) {
    const bytes = hostPointer();
    if (redactKeys(bytes, size)) replaceBuffer(BufferKind.RESPONSE_BODY, size, bytes, size);
  }
  if (!isCut) return;
  writeCut(protocol, event.reset());
  appendToBuffer(BufferKind.RESPONSE_BODY, size, event.pointer, event.length);
}

/** Puts what is left of them in the place of the `size` bytes that are in the buffer. */
export function replaceStripped(left: ByteWriter, protocol: i32, size: i32, hasError: bool, isCut: bool): void {
  if (hasError) redactKeys(left.pointer, left.length);
  if (isCut) writeCut(protocol, left);
  replaceBuffer(BufferKind.RESPONSE_BODY, size, left.pointer, left.length);
}

function writeCut(protocol: i32, out: ByteWriter): void {
  streamsCutTotal.add(1);
  writeErrorEvent(protocol, ErrorCode.UPSTREAM_STREAM_CUT, out);
}
