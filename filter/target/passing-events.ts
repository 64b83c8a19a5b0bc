// The bytes of a stream that passes untouched: a stream that was cut gets an error event behind what came, and the text of
// error events, which may quote a key, is redacted.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode } from "../contract";
import { writeErrorEvent } from "../errors/error-body";
import { redactKeys } from "../errors/redact";
import { appendToBuffer, BufferKind, getBuffer, hostPointer, replaceBuffer } from "../sdk";
import { streamsCutTotal } from "../telemetry/metrics";

const ERROR_EVENT_BYTES_MAX: i32 = 4096;

const event = new ByteWriter(ERROR_EVENT_BYTES_MAX);

/** The error goes behind the `size` bytes that are in the buffer. */
export function appendCut(protocol: i32, size: i32): void {
  streamsCutTotal.add(1);
  writeErrorEvent(protocol, ErrorCode.UPSTREAM_STREAM_CUT, event.reset());
  appendToBuffer(BufferKind.RESPONSE_BODY, size, event.pointer, event.length);
}

/** An error event is among the `size` bytes that are in the buffer. */
export function redactBuffer(size: i32): void {
  if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return;
  const bytes = hostPointer();
  if (redactKeys(bytes, size)) replaceBuffer(BufferKind.RESPONSE_BODY, size, bytes, size);
}
