// Remembers the last bytes of an event stream that passes untouched, to tell at its end whether it was complete. Only
// whole lines count, and a line cannot come from a model's text: inside JSON a line feed is always escaped. Of Gemini's
// streams, which have no terminal event, all bytes are looked at.
//
//   [ … kept … | newest ]   at most TAIL_BYTES

import { ByteWriter } from "../bytes/byte-writer";
import { Dialect } from "../contract";
import { BufferKind, getBuffer, hostPointer, Literal, utf8 } from "../sdk";
import { GeminiStreamEnd } from "./gemini/stream-end";

const TAIL_BYTES: i32 = 512;

const DONE = utf8("data: [DONE]");
const DONE_TIGHT = utf8("data:[DONE]");
const ERROR = utf8('data: {"error"');
const MESSAGE_STOP = utf8("event: message_stop");
const MESSAGE_STOP_TIGHT = utf8("event:message_stop");
const BARE_ERROR = utf8('{"error"');
const ANTHROPIC_ERROR = utf8("event: error");

export class StreamTail {
  private readonly bytes: ByteWriter = new ByteWriter(TAIL_BYTES * 2);

  private readonly geminiEnd: GeminiStreamEnd = new GeminiStreamEnd();
  private isGemini: bool = false;

  begin(dialect: i32): void {
    this.isGemini = dialect == Dialect.GEMINI;
    this.geminiEnd.reset();
  }

  reset(): void {
    this.bytes.release();
  }

  /** Takes in the end of a response body buffer of `size` bytes; answers whether an error event begins there. */
  note(size: i32, dialect: i32): bool {
    const taken = this.isGemini ? size : min(size, TAIL_BYTES);
    if (taken == 0 || !getBuffer(BufferKind.RESPONSE_BODY, size - taken, taken)) return false;
    const fetched = hostPointer();
    this.take(fetched, taken);
    return hasLine(fetched, taken, isMessages(dialect) ? ANTHROPIC_ERROR : ERROR);
  }

  /** The same for bytes that were fetched anyway. */
  take(fetched: usize, fetchedLength: i32): void {
    if (this.isGemini) this.geminiEnd.take(fetched, fetchedLength);
    const length = min(fetchedLength, TAIL_BYTES);
    const pointer = fetched + <usize>(fetchedLength - length);
    const bytes = this.bytes;
    const kept = min(bytes.length, TAIL_BYTES - length);
    if (kept < bytes.length) {
      memory.copy(bytes.pointer, bytes.pointer + <usize>(bytes.length - kept), kept);
      bytes.truncate(kept);
    }
    bytes.writeBytes(pointer, length);
  }

  /** Whether the dialect's terminal event, or an error event, was among the last bytes. */
  isComplete(dialect: i32): bool {
    if (isMessages(dialect)) {
      return this.hasLine(MESSAGE_STOP) || this.hasLine(MESSAGE_STOP_TIGHT) || this.hasLine(ANTHROPIC_ERROR);
    }
    if (dialect == Dialect.GEMINI) {
      return this.geminiEnd.seen || this.hasLine(ERROR) || this.hasLine(BARE_ERROR);
    }
    return this.hasLine(DONE) || this.hasLine(DONE_TIGHT) || this.hasLine(ERROR);
  }

  private hasLine(start: Literal): bool {
    return hasLine(this.bytes.pointer, this.bytes.length, start);
  }
}

/** Whether a line of the text begins so. */
function hasLine(pointer: usize, length: i32, start: Literal): bool {
  if (length < start.length) return false;
  const last = pointer + <usize>(length - start.length);
  for (let at = last; at >= pointer; at--) {
    if (at > pointer && <u32>load<u8>(at - 1) != 0x0a && <u32>load<u8>(at - 1) != 0x0d) continue;
    if (start.equals(at, start.length)) return true;
  }
  return false;
}

/** Vertex streams as Anthropic does. */
function isMessages(dialect: i32): bool {
  return dialect == Dialect.ANTHROPIC || dialect == Dialect.ANTHROPIC_VERTEX;
}
