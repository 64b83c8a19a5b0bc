// Whether what offsets of a configuration lead to lies within it.

import { CONFIG_HEADER_BYTES } from "../contract";

export class Bounds {
  constructor(
    readonly bytes: usize,
    readonly length: u32,
  ) {}

  u32(offset: u32): u32 {
    return load<u32>(this.bytes + offset);
  }

  hasRange(offset: u32, size: u64): bool {
    return offset >= CONFIG_HEADER_BYTES && <u64>offset + size <= <u64>this.length;
  }

  /** A str16. */
  hasString(offset: u32): bool {
    return this.hasRange(offset, 2) && this.hasRange(offset, 2 + <u64>load<u16>(this.bytes + offset));
  }

  /** The offset behind so many str16; 0 when they do not end at `end` or before. */
  behindStrings(offset: u32, count: i32, end: u32): u32 {
    let at = offset;
    for (let i = 0; i < count; i++) {
      if (at + 2 > end) return 0;
      at += 2 + <u32>load<u16>(this.bytes + at);
    }
    return at <= end ? at : 0;
  }

  /** The offset behind a u16 count and so many str16; 0 likewise. */
  behindList(offset: u32, end: u32): u32 {
    return offset + 2 > end ? 0 : this.behindStrings(offset + 2, load<u16>(this.bytes + offset), end);
  }
}
