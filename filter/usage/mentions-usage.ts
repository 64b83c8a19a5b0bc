// Whether an event could say what was used: a look for `"usage`, sixteen bytes a step, before anything is parsed.

import { QUOTE } from "../bytes/ascii";

const STEP: usize = 16;
/** `"usa` and `ge`, little-endian. */
const FIRST: u32 = 0x61737522;
const REST: u32 = 0x6567;
const TEXT_BYTES: usize = 6;

/** True for a member whose name begins so and whose value is not null at once, as OpenAI writes it in most chunks. */
export function mentionsUsage(text: usize, length: i32): bool {
  const end = text + <usize>length;
  let at = text;
  while (end - at > STEP) {
    // A quote with a `u` behind it.
    const quotes = i8x16.eq(v128.load(at), i8x16.splat(0x22));
    const letters = i8x16.eq(v128.load(at, 1), i8x16.splat(0x75));
    let mask = i8x16.bitmask(v128.and(quotes, letters));
    while (mask != 0) {
      if (isTold(at + <usize>ctz(mask), end)) return true;
      mask &= mask - 1;
    }
    at += STEP;
  }
  for (; at < end; at++) if (<u32>load<u8>(at) == QUOTE && isTold(at, end)) return true;
  return false;
}

function isTold(at: usize, end: usize): bool {
  if (end - at < TEXT_BYTES || load<u32>(at) != FIRST || load<u16>(at, 4) != <u16>REST) return false;
  let next = at + TEXT_BYTES;
  while (next < end && <u32>load<u8>(next) != QUOTE) next++;
  // `":null`, `": null`
  next += 2;
  if (next < end && load<u8>(next) == 0x20) next++;
  return next >= end || load<u8>(next) != 0x6e;
}
