// Cuts a binary `application/vnd.amazon.eventstream` into events, wherever the chunks are cut. Both checksums of a frame
// are checked: a damaged one ends the stream. A frame that lies in one chunk is not copied. It does not look into payloads.
//
//   u32 length | u32 header bytes | u32 CRC of these | headers | payload | u32 CRC of all before        (big endian)
//   header: u8 length, name, u8 type, value                :message-type event | exception | error
//
// An event's type is its :event-type, or its :exception-type; of an error outside the service's model it is `error`, and
// the data is its :error-message.

import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii } from "../bytes/compare";
import { SSE_EVENT_BYTES_MAX } from "../contract";
import { crc32 } from "../crypto/crc32";
import { EventFramer } from "../sse/event-framer";

const PRELUDE_BYTES: i32 = 12;
const CHECKSUM_BYTES: i32 = 4;
const FRAME_BYTES_MIN: i32 = PRELUDE_BYTES + CHECKSUM_BYTES;
const FRAME_BYTES_MAX: i32 = <i32>SSE_EVENT_BYTES_MAX;

enum HeaderType {
  BYTES = 6,
  STRING = 7,
}
/** Bytes of a header's value by its type; the two with a length of their own stand apart. */
const VALUE_BYTES: usize = memory.data<u8>([0, 0, 1, 2, 4, 8, 0, 0, 8, 16]);
const HEADER_TYPES: u32 = 10;

export class EventStreamFramer extends EventFramer {
  private at: usize = 0;
  private end: usize = 0;
  /** The beginning of a frame whose rest has not come yet. */
  private readonly kept: ByteWriter = new ByteWriter(FRAME_BYTES_MAX);
  /** The frame in `kept` was handed out. */
  private delivered: bool = false;

  reset(): void {
    this.at = 0;
    this.end = 0;
    this.failed = false;
    this.delivered = false;
    this.typeLength = 0;
    this.dataLength = 0;
    this.kept.reset();
  }

  push(pointer: usize, length: i32): void {
    this.at = pointer;
    this.end = pointer + <usize>max(length, 0);
  }

  next(): bool {
    if (this.delivered) {
      this.delivered = false;
      this.kept.reset();
    }
    if (this.failed) return false;
    const frame = this.kept.length > 0 ? this.completeKept() : this.takeWhole();
    if (frame == 0 || this.readFrame(frame)) return frame != 0;
    this.failed = true;
    return false;
  }

  /** A frame without its end is none. */
  finish(): bool {
    return false;
  }

  /** The frame at `at`, if all of it is in the chunk; else keeps what there is. 0 = not yet, or never. */
  private takeWhole(): usize {
    const frame = this.at;
    const left = <i32>(this.end - frame);
    if (left >= PRELUDE_BYTES) {
      const length = this.frameLength(frame);
      if (length == 0) return 0;
      if (left >= length) {
        this.at += <usize>length;
        return frame;
      }
    }
    if (left > 0) this.keep(left);
    return 0;
  }

  private completeKept(): usize {
    const kept = this.kept;
    if (kept.length < PRELUDE_BYTES) {
      this.keep(min(PRELUDE_BYTES - kept.length, <i32>(this.end - this.at)));
      if (this.failed || kept.length < PRELUDE_BYTES) return 0;
    }
    const length = this.frameLength(kept.pointer);
    if (length == 0) return 0;
    this.keep(min(length - kept.length, <i32>(this.end - this.at)));
    if (this.failed || kept.length < length) return 0;
    this.delivered = true;
    return kept.pointer;
  }

  private keep(length: i32): void {
    this.kept.writeBytes(this.at, length);
    this.at += <usize>length;
    if (this.kept.overflow) this.failed = true;
  }

  /** The length in a prelude, whose own checksum is checked first; 0 = there is no such frame, and `failed` is set. */
  private frameLength(frame: usize): i32 {
    const length = bigEndian(frame);
    const isSound = crc32(frame, PRELUDE_BYTES - CHECKSUM_BYTES) == bigEndian(frame + 8);
    if (isSound && length >= <u32>FRAME_BYTES_MIN && length <= <u32>FRAME_BYTES_MAX) return <i32>length;
    this.failed = true;
    return 0;
  }

  private readFrame(frame: usize): bool {
    const length = bigEndian(frame);
    const headerBytes = bigEndian(frame + 4);
    if (headerBytes > length - <u32>FRAME_BYTES_MIN) return false;
    const checksum = frame + <usize>length - <usize>CHECKSUM_BYTES;
    if (crc32(frame, <i32>length - CHECKSUM_BYTES) != bigEndian(checksum)) return false;
    const headers = frame + <usize>PRELUDE_BYTES;
    const payload = headers + <usize>headerBytes;
    this.typeLength = 0;
    this.dataPointer = payload;
    this.dataLength = <i32>(checksum - payload);
    return this.readHeaders(headers, payload);
  }

  private readHeaders(start: usize, end: usize): bool {
    let at = start;
    while (at < end) {
      const nameLength = <i32>load<u8>(at);
      const name = at + 1;
      at = name + <usize>nameLength;
      if (at >= end) return false;
      const type = <u32>load<u8>(at);
      at++;
      if (type >= HEADER_TYPES) return false;
      let value = at;
      let length: i32 = load<u8>(VALUE_BYTES + <usize>type);
      if (type == HeaderType.BYTES || type == HeaderType.STRING) {
        if (at + 2 > end) return false;
        length = ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at, 1);
        value += 2;
      }
      at = value + <usize>length;
      if (at > end) return false;
      if (type == HeaderType.STRING) this.takeHeader(name, nameLength, value, length);
    }
    return true;
  }

  private takeHeader(name: usize, nameLength: i32, value: usize, length: i32): void {
    if (equalsAscii(name, nameLength, ":error-message")) {
      this.dataPointer = value;
      this.dataLength = length;
      return;
    }
    const isType =
      equalsAscii(name, nameLength, ":event-type") ||
      equalsAscii(name, nameLength, ":exception-type") ||
      (equalsAscii(name, nameLength, ":message-type") && equalsAscii(value, length, "error"));
    if (!isType) return;
    this.typePointer = value;
    this.typeLength = length;
  }
}

function bigEndian(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}
