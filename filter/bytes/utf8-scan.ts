// Validates UTF-8 inside a JSON string, sixteen bytes a step, in whatever script it is written. The method is that of
// Keiser and Lemire, «Validating UTF-8 In Less Than One Instruction Per Byte» (2021): each pair of neighbouring bytes is
// looked up by three of its four nibbles; every table holds the set of errors that its nibble allows, and an error is
// real where all three agree. It only ever says «good up to here»: what is wrong, and where, is found by its scalar twin.

import { utf8SequenceLength } from "./utf8";

const STEP: usize = 16;

/**
 * Where [at, end) stops being well-formed UTF-8 without quotes, backslashes and control characters, or somewhat before:
 * it may stop early, at `at` too. `at` must be the beginning of a sequence, and so is the answer.
 */
export function textRunEnd(at: usize, end: usize): usize {
  const start = at;
  let before = i8x16.splat(0);
  while (end - at >= STEP) {
    const bytes = v128.load(at);
    if (v128.any_true(v128.or(illFormed(before, bytes), stops(bytes)))) break;
    before = bytes;
    at += STEP;
  }
  return at == start ? at : sequenceStart(at);
}

/** The scalar twin: exact. */
export function textRunEndScalar(at: usize, end: usize): usize {
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte < 0x20 || byte == 0x22 || byte == 0x5c) break;
    const length = byte < 0x80 ? 1 : utf8SequenceLength(at, end);
    if (length == 0) break;
    at += length;
  }
  return at;
}

/** Steps back over a sequence that begins before `at` and ends behind it. All before `at` is well-formed so far. */
function sequenceStart(at: usize): usize {
  if (load<u8>(at - 1) >= 0xc0) return at - 1;
  if (load<u8>(at - 2) >= 0xe0) return at - 2;
  if (load<u8>(at - 3) >= 0xf0) return at - 3;
  return at;
}

function stops(bytes: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    i8x16.lt_u(bytes, i8x16.splat(0x20)),
  );
}

// Bits of the tables:
//   01 a first byte without its continuation      10 a surrogate
//   02 ASCII, then a continuation                 20 overlong, two bytes
//   04 overlong, three bytes                      40 overlong, four bytes; also F5 … FF, then 80 … 8F
//   08 beyond U+10FFFF                            80 two continuations: right in third and fourth place only
/** Not zero where a sequence is wrong; what `bytes` ends with is judged by the next step. */
function illFormed(before: v128, bytes: v128): v128 {
  const low = i8x16.splat(0x0f);
  const one = v128.shuffle<u8>(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const two = v128.shuffle<u8>(before, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const three = v128.shuffle<u8>(before, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  // By the first byte's high nibble: 0 … 7 ASCII, 8 … B continuation, C, D, E, F.
  const byFirstHigh = i8x16.swizzle(
    i64x2(0x0202020202020202, 0x4915012180808080),
    v128.and(v128.shr<u16>(one, 4), low),
  );
  const byFirstLow = i8x16.swizzle(i64x2(0xcbcbcb8b8383a3e7, 0xcbcbdbcbcbcbcbcb), v128.and(one, low));
  // By the second byte's high nibble: 0 … 7 ASCII, 8, 9, A and B continuations, C … F.
  const bySecondHigh = i8x16.swizzle(
    i64x2(0x0101010101010101, 0x01010101babaaee6),
    v128.and(v128.shr<u16>(bytes, 4), low),
  );
  const errors = v128.and(v128.and(byFirstHigh, byFirstLow), bySecondHigh);
  // Third and fourth places, by the byte that opened the sequence: there, and only there, bit 80 must be set.
  const places = v128.or(
    v128.sub_sat<u8>(two, i8x16.splat(0x60)), // 80 and more for E0 … FF
    v128.sub_sat<u8>(three, i8x16.splat(0x70)), // 80 and more for F0 … FF
  );
  return v128.xor(v128.and(places, i8x16.splat(<i8>0x80)), errors);
}
