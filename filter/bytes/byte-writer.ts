// A growable run of bytes on the raw heap. It refuses to grow beyond its own cap or the VM's memory budget: then it sets
// `overflow`, drops this write and every later one, and keeps what it had. It never traps. Instances are pooled and live
// for ever; one that does not must be `release`d, because the collector does not see its block.
//
//   pointer ─▶ [ written … length | free … capacity ]        capacity ≤ bytesMax

import { memoryAllows } from "../sdk/arena";
import { Literal } from "../sdk/literal";
import { COLON, COMMA, MINUS, QUOTE, ZERO } from "./ascii";

/** First block: a header, a short event or a small body fits without growing. */
const FIRST_BYTES: i32 = 1024;
/** A reset writer gives back a block larger than this, so that one big body does not stay in the pool for ever. */
const KEPT_BYTES_MAX: i32 = 256 * 1024;
/** Twenty digits of a u64. */
const DECIMAL_BYTES_MAX: usize = 20;

const digits: usize = memory.data(20);

export class ByteWriter {
  /** Moves when the writer grows: take it after the last write. 0 while nothing was ever written. */
  pointer: usize = 0;
  length: i32 = 0;
  /** Something did not fit and is missing: use none of the bytes. */
  overflow: bool = false;
  private capacity: i32 = 0;

  constructor(readonly bytesMax: i32) {}

  /** Empties the writer; keeps its block unless it had grown large. */
  reset(): ByteWriter {
    this.length = 0;
    this.overflow = false;
    if (this.capacity > KEPT_BYTES_MAX) this.release();
    return this;
  }

  /** Gives the block back to the heap; the writer is empty and can be used again. */
  release(): void {
    if (this.capacity > 0) heap.free(this.pointer);
    this.pointer = 0;
    this.length = 0;
    this.capacity = 0;
    this.overflow = false;
  }

  /** Cuts back to an earlier length, to take back what was written since. */
  truncate(length: i32): void {
    if (length >= 0 && length < this.length) this.length = length;
  }

  /** Makes room for `size` more bytes: true when they can be stored at `pointer + length`. */
  @inline
  reserve(size: i32): bool {
    if (this.overflow) return false;
    if (size <= this.capacity - this.length && size >= 0) return true;
    return this.grow(size);
  }

  writeByte(byte: u32): void {
    if (!this.reserve(1)) return;
    store<u8>(this.pointer + <usize>this.length, <u8>byte);
    this.length++;
  }

  writeBytes(pointer: usize, length: i32): void {
    if (!this.reserve(length)) return;
    memory.copy(this.pointer + <usize>this.length, pointer, length);
    this.length += length;
  }

  writeLiteral(text: Literal): void {
    this.writeBytes(text.pointer, text.length);
  }

  /** A constant ASCII string, for example `writeAscii("data: ")`: no allocation, one store a byte. */
  writeAscii(text: string): void {
    const length = text.length;
    if (!this.reserve(length)) return;
    const source = changetype<usize>(text);
    const target = this.pointer + <usize>this.length;
    for (let i: usize = 0; i < <usize>length; i++) store<u8>(target + i, load<u8>(source + i * 2));
    this.length += length;
  }

  /** `"name":` with a comma in front, or without: one check for room, as usage events have dozens. */
  writeKey(name: string, comma: bool): void {
    const length = name.length;
    if (!this.reserve(length + 4)) return;
    const source = changetype<usize>(name);
    let target = this.pointer + <usize>this.length;
    if (comma) store<u8>(target++, <u8>COMMA);
    store<u8>(target++, <u8>QUOTE);
    for (let i: usize = 0; i < <usize>length; i++) store<u8>(target + i, load<u8>(source + i * 2));
    target += length;
    store<u8>(target, <u8>QUOTE);
    store<u8>(target, <u8>COLON, 1);
    this.length += length + (comma ? 4 : 3);
  }

  /** Little endian, as in every record of ARCHITECTURE.md §2. */
  writeU16(value: u32): void {
    if (!this.reserve(2)) return;
    store<u16>(this.pointer + <usize>this.length, <u16>value);
    this.length += 2;
  }

  writeU32(value: u32): void {
    if (!this.reserve(4)) return;
    store<u32>(this.pointer + <usize>this.length, value);
    this.length += 4;
  }

  writeU64(value: u64): void {
    if (!this.reserve(8)) return;
    store<u64>(this.pointer + <usize>this.length, value);
    this.length += 8;
  }

  /** u16 length, then the bytes. A longer text cannot be told apart from another record, so it overflows. */
  writeString16(pointer: usize, length: i32): void {
    if (<u32>length > <u32>u16.MAX_VALUE) {
      this.overflow = true;
      return;
    }
    this.writeU16(length);
    this.writeBytes(pointer, length);
  }

  writeDecimal(value: i64): void {
    if (value < 0) this.writeByte(MINUS);
    // 0 - MIN_VALUE wraps to itself, which as a u64 is its magnitude.
    this.writeUnsigned(value < 0 ? <u64>(0 - value) : <u64>value);
  }

  writeUnsigned(value: u64): void {
    const end = digits + DECIMAL_BYTES_MAX;
    let at = end;
    do {
      at--;
      store<u8>(at, <u8>(ZERO + <u32>(value % 10)));
      value /= 10;
    } while (value != 0);
    this.writeBytes(at, <i32>(end - at));
  }

  private grow(size: i32): bool {
    const needed = <i64>this.length + <i64>size;
    if (size < 0 || needed > <i64>this.bytesMax) return this.refuse();
    let capacity = max<i64>(<i64>this.capacity * 2, max<i64>(needed, <i64>FIRST_BYTES));
    if (capacity > <i64>this.bytesMax) capacity = <i64>this.bytesMax;
    if (!memoryAllows(<usize>capacity)) {
      capacity = needed;
      if (!memoryAllows(<usize>capacity)) return this.refuse();
    }
    this.pointer = this.capacity > 0 ? heap.realloc(this.pointer, <usize>capacity) : heap.alloc(<usize>capacity);
    this.capacity = <i32>capacity;
    return true;
  }

  private refuse(): bool {
    this.overflow = true;
    return false;
  }
}
