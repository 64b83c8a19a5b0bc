// Cuts a stream of bytes into server-sent events (WHATWG HTML §9.2), wherever the chunks are cut. It understands LF, CRLF
// and CR, a byte order mark, comments and fields without a colon; it ignores `id` and `retry`. It does not look into the
// data and does not check UTF-8. An event that lies in one chunk and has one line of data is not copied.
//
//   chunk  event: ping⏎ data: {}⏎ ⏎ da          next(): type and data point into the chunk
//          └──────── event ───────┘ └ kept in `line` until the next chunk ends it

import { CARRIAGE_RETURN, COLON, LINE_FEED, SPACE } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii } from "../bytes/compare";
import { lineEnd } from "../bytes/scan";
import { SSE_EVENT_BYTES_MAX } from "../contract";
import { EventFramer } from "./event-framer";

const BYTES_MAX: i32 = <i32>SSE_EVENT_BYTES_MAX;
const BYTE_ORDER_MARK: u32 = 0xbfbbef;

export class SseFramer extends EventFramer {
  /** Just behind the last empty line of the chunk that ended no event: comments, or fields without data. 0 = there is none. */
  quietEnd: usize = 0;
  private at: usize = 0;
  private end: usize = 0;
  private atStart: bool = true;
  /** The last chunk ended with a carriage return: a line feed now belongs to it. */
  private skipLineFeed: bool = false;
  private hasData: bool = false;
  /** The event was handed out: the next line begins another one. */
  private delivered: bool = false;
  /** `line` holds the beginning of a line that has not ended yet. */
  private lineOpen: bool = false;
  // Whether type and data are in the writers below. If not, the pointers lead into the chunk, or into `line`.
  private typeKept: bool = false;
  private dataKept: bool = false;
  private readonly line: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly type: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly data: ByteWriter = new ByteWriter(BYTES_MAX);

  /** Begins a new stream. */
  reset(): void {
    this.at = 0;
    this.end = 0;
    this.failed = false;
    this.atStart = true;
    this.skipLineFeed = false;
    this.lineOpen = false;
    this.line.reset();
    this.beginEvent();
  }

  /** A chunk, once `next` answered false for the one before. Its bytes must stay until `next` answers false again. */
  push(pointer: usize, length: i32): void {
    this.at = pointer;
    this.end = pointer + <usize>max(length, 0);
    this.quietEnd = 0;
  }

  /** Whether another whole event is ready. */
  next(): bool {
    if (this.delivered) this.beginEvent();
    while (this.at < this.end && !this.failed) {
      if (this.skipLineFeed) {
        this.skipLineFeed = false;
        if (<u32>load<u8>(this.at) == LINE_FEED) {
          this.at++;
          continue;
        }
      }
      const start = this.at;
      const stop = lineEnd(start, this.end);
      if (stop == this.end) break;
      this.passLineEnd(stop);
      if (this.endLine(start, stop)) return true;
    }
    if (!this.failed) this.keep();
    return false;
  }

  /** Just behind the event that `next` announced, within the chunk. */
  get position(): usize {
    return this.at;
  }

  /**
   * The end of the stream, once `next` answered false. WHATWG discards an event without its empty line, but providers
   * omit the last one: answers whether a last event with data is ready. It may be cut short, which its reader must see.
   */
  finish(): bool {
    if (this.delivered) this.beginEvent();
    if (this.failed) return false;
    if (this.lineOpen) {
      this.lineOpen = false;
      this.takeLine(this.line.pointer, this.line.pointer + <usize>this.line.length);
    }
    return this.deliver();
  }

  private passLineEnd(stop: usize): void {
    this.at = stop + 1;
    if (<u32>load<u8>(stop) != CARRIAGE_RETURN) return;
    if (this.at == this.end) this.skipLineFeed = true;
    else if (<u32>load<u8>(this.at) == LINE_FEED) this.at++;
  }

  /** The line that ends with [start, stop); answers whether it completes an event. */
  private endLine(start: usize, stop: usize): bool {
    if (!this.lineOpen) return this.takeLine(start, stop);
    this.lineOpen = false;
    const line = this.line;
    line.writeBytes(start, <i32>(stop - start));
    if (line.overflow) {
      this.failed = true;
      return false;
    }
    return this.takeLine(line.pointer, line.pointer + <usize>line.length);
  }

  private takeLine(start: usize, stop: usize): bool {
    if (stop - start > <usize>BYTES_MAX) {
      this.failed = true;
      return false;
    }
    if (this.atStart) {
      this.atStart = false;
      if (stop - start >= 3 && (<u32>load<u16>(start) | ((<u32>load<u8>(start, 2)) << 16)) == BYTE_ORDER_MARK)
        start += 3;
    }
    if (start == stop) return this.deliver();
    let colon = start;
    while (colon < stop && <u32>load<u8>(colon) != COLON) colon++;
    let value = min(colon + 1, stop);
    if (value < stop && <u32>load<u8>(value) == SPACE) value++;
    this.takeField(start, <i32>(colon - start), value, <i32>(stop - value));
    return false;
  }

  private takeField(name: usize, nameLength: i32, value: usize, length: i32): void {
    if (equalsAscii(name, nameLength, "data")) {
      this.takeData(value, length);
    } else if (equalsAscii(name, nameLength, "event")) {
      this.typePointer = value;
      this.typeLength = length;
      this.typeKept = false;
    }
  }

  private takeData(value: usize, length: i32): void {
    if (!this.hasData) {
      this.hasData = true;
      this.dataPointer = value;
      this.dataLength = length;
      return;
    }
    this.keepData();
    this.data.writeByte(LINE_FEED);
    this.data.writeBytes(value, length);
    if (this.data.overflow) this.failed = true;
  }

  /** Ends the event. One without data is none: its type is forgotten. */
  private deliver(): bool {
    if (!this.hasData || this.failed) {
      this.quietEnd = this.at;
      this.beginEvent();
      return false;
    }
    this.delivered = true;
    if (this.dataKept) {
      this.dataPointer = this.data.pointer;
      this.dataLength = this.data.length;
    }
    if (this.typeKept) this.typePointer = this.type.pointer;
    return true;
  }

  private beginEvent(): void {
    this.delivered = false;
    this.hasData = false;
    this.typeLength = 0;
    this.dataLength = 0;
    if (this.typeKept) this.type.reset();
    if (this.dataKept) this.data.reset();
    this.typeKept = false;
    this.dataKept = false;
  }

  /** The chunk is used up: keeps what the pointers lead to, and the beginning of a line. */
  private keep(): void {
    if (this.hasData) this.keepData();
    if (this.typeLength > 0) this.keepType();
    const left = <i32>(this.end - this.at);
    if (left > 0) {
      if (!this.lineOpen) this.line.reset();
      this.lineOpen = true;
      this.line.writeBytes(this.at, left);
      this.at = this.end;
    }
    if (this.line.overflow || this.type.overflow || this.data.overflow) this.failed = true;
  }

  private keepType(): void {
    if (this.typeKept) return;
    this.typeKept = true;
    this.type.reset().writeBytes(this.typePointer, this.typeLength);
  }

  private keepData(): void {
    if (this.dataKept) return;
    this.dataKept = true;
    this.data.reset().writeBytes(this.dataPointer, this.dataLength);
  }
}
