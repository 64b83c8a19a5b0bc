// UTF-8, one sequence at a time, by the table of well-formed sequences in the Unicode standard (3.9, table 3-7). Refuses
// overlong forms, surrogates and anything above U+10FFFF. ASCII is for the callers' fast paths.
//
//   C2..DF 80..BF                E0 A0..BF 80..BF     E1..EC, EE..EF 80..BF 80..BF     ED 80..9F 80..BF
//   F0 90..BF 80..BF 80..BF      F1..F3 80..BF ×3     F4 80..8F 80..BF 80..BF

import { ByteWriter } from "./byte-writer";

export const REPLACEMENT_CHARACTER: u32 = 0xfffd;

/** Length of the well-formed sequence that begins at `at` with a byte of 0x80 or more; 0 when there is none before `end`. */
export function utf8SequenceLength(at: usize, end: usize): i32 {
  const first: u32 = load<u8>(at);
  const left = end - at;
  if (first < 0xe0) return first >= 0xc2 && left >= 2 && isContinuation(load<u8>(at, 1)) ? 2 : 0;
  if (left < 3 || !isContinuation(load<u8>(at, 2))) return 0;
  const second: u32 = load<u8>(at, 1);
  if (first < 0xf0) {
    const low: u32 = first == 0xe0 ? 0xa0 : 0x80;
    const high: u32 = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high ? 3 : 0;
  }
  if (first > 0xf4 || left < 4 || !isContinuation(load<u8>(at, 3))) return 0;
  const low: u32 = first == 0xf0 ? 0x90 : 0x80;
  const high: u32 = first == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high ? 4 : 0;
}

/** Writes one code point; the caller has dealt with surrogates. */
export function writeCodePoint(code: u32, out: ByteWriter): void {
  if (code < 0x80) {
    out.writeByte(code);
    return;
  }
  if (code < 0x800) {
    out.writeByte(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      out.writeByte(0xe0 | (code >> 12));
    } else {
      out.writeByte(0xf0 | (code >> 18));
      out.writeByte(0x80 | ((code >> 12) & 0x3f));
    }
    out.writeByte(0x80 | ((code >> 6) & 0x3f));
  }
  out.writeByte(0x80 | (code & 0x3f));
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}
