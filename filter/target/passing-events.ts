// The events of a stream that passes untouched, once its first content is on its way: only its end is looked at, so that a
// cut stream gets an error event, and the text of error events, which may quote a key.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, Protocol } from "../contract";
import { writeErrorEvent } from "../errors/error-body";
import { redactKeys } from "../errors/redact";
import { appendToBuffer, BufferKind, getBuffer, hostPointer, replaceBuffer } from "../sdk";
import { streamsCutTotal } from "../telemetry/metrics";
import { StreamTail } from "./stream-tail";

const ERROR_EVENT_BYTES_MAX: i32 = 4096;

const event = new ByteWriter(ERROR_EVENT_BYTES_MAX);

export class PassingEvents {
  private protocol: i32 = Protocol.OPENAI;
  private dialect: i32 = 0;
  private readonly tail: StreamTail = new StreamTail();

  begin(protocol: i32, dialect: i32): void {
    this.protocol = protocol;
    this.dialect = dialect;
    this.tail.reset();
    this.tail.begin(dialect);
  }

  release(): void {
    this.tail.reset();
  }

  /** Bytes that were fetched anyway, while the stream was held. */
  take(pointer: usize, length: i32): void {
    this.tail.take(pointer, length);
  }

  /** Lets go what was held. */
  start(hasError: bool, size: i32, endOfStream: bool): void {
    if (hasError) redactBuffer(size);
    if (endOfStream) this.end(size);
  }

  pass(size: i32, endOfStream: bool): void {
    if (this.tail.note(size, this.dialect)) redactBuffer(size);
    if (endOfStream) this.end(size);
  }

  /** Whether the stream's terminal event, or an error event, came. */
  get isComplete(): bool {
    return this.tail.isComplete(this.dialect);
  }

  /** The error goes behind what is in the buffer. */
  private end(size: i32): void {
    if (this.isComplete) return;
    streamsCutTotal.add(1);
    writeErrorEvent(this.protocol, ErrorCode.UPSTREAM_STREAM_CUT, event.reset());
    appendToBuffer(BufferKind.RESPONSE_BODY, size, event.pointer, event.length);
  }
}

/** An error event is among these bytes. */
function redactBuffer(size: i32): void {
  if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return;
  const bytes = hostPointer();
  if (redactKeys(bytes, size)) replaceBuffer(BufferKind.RESPONSE_BODY, size, bytes, size);
}
