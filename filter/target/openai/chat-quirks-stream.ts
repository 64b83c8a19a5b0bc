// A stream of chat chunks whose contents begin with reasoning in <think> tags. A piece of a tag at the end of a chunk is held
// back until the next one; a chunk gives exactly one chunk, at once.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { Dialect, ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { sseBegin, sseEnd } from "../../sse/writer";
import { signalOf } from "../first-content";
import { StreamSignal } from "../translator";
import { isUsageChunk } from "../usage-strip";
import { chunkHasError, readChunk, writeChunk } from "./chat-quirks-reply";
import { ThinkText } from "./think-text";

export class QuirkyStream {
  /** By index of the choice. */
  private readonly texts: ThinkText[] = [];

  /** The chunk that tells usage alone is left out: its client did not ask for it. */
  private strips: bool = false;

  reset(strips: bool): void {
    this.strips = strips;
    for (let i = 0; i < this.texts.length; i++) unchecked(this.texts[i]).reset();
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    const isDone = equalsAscii(data, dataLength, "[DONE]");
    if (this.strips && isUsageChunk(data, dataLength)) return StreamSignal.PREAMBLE;
    if (!isDone && !readChunk(data, dataLength)) return fail(out);
    const start = out.length;
    sseBegin(out, "");
    const dataStart = out.length;
    const isPassed = isDone || chunkHasError();
    if (isPassed) {
      out.writeBytes(data, dataLength);
    } else if (!writeChunk(data, dataLength, this.texts, out)) {
      out.truncate(start);
      return fail(out);
    }
    joinLines(out.pointer + <usize>dataStart, out.length - dataStart);
    sseEnd(out);
    if (isDone) return StreamSignal.END;
    return signalOf(Dialect.OPENAI, 0, 0, out.pointer + <usize>dataStart, out.length - dataStart);
  }
}

function fail(out: ByteWriter): StreamSignal {
  writeErrorEvent(Protocol.OPENAI, ErrorCode.UPSTREAM_INVALID_REPLY, out);
  return StreamSignal.ERROR;
}

/** JSON of several lines was several `data:` lines; a line break in it is white space. */
function joinLines(pointer: usize, length: i32): void {
  for (let at = pointer; at < pointer + <usize>length; at++) {
    if (<u32>load<u8>(at) < 0x20) store<u8>(at, 0x20);
  }
}
