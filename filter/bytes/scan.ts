// Finds the next byte that needs a decision, sixteen bytes a step. Each fast path has its scalar twin: the tail of every
// run goes through it, and tests hold one against the other. Nothing here reads at or behind `end`.

import { BACKSLASH, CARRIAGE_RETURN, LINE_FEED, QUOTE, SPACE } from "./ascii";

const STEP: usize = 16;

/** The first byte in [at, end) that is a quote, a backslash, a control character or not ASCII; `end` when there is none. */
export function plainEnd(at: usize, end: usize): usize {
  while (end - at >= STEP) {
    const bytes = v128.load(at);
    const stops = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      // Signed, so that one comparison finds the control characters and every byte with the high bit.
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(stops);
    if (mask != 0) return at + <usize>ctz(mask);
    at += STEP;
  }
  return plainEndScalar(at, end);
}

export function plainEndScalar(at: usize, end: usize): usize {
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE || byte == BACKSLASH || byte < SPACE || byte >= 0x80) break;
    at++;
  }
  return at;
}

/** The first line feed or carriage return in [at, end); `end` when there is none. */
export function lineEnd(at: usize, end: usize): usize {
  while (end - at >= STEP) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d))));
    if (mask != 0) return at + <usize>ctz(mask);
    at += STEP;
  }
  return lineEndScalar(at, end);
}

export function lineEndScalar(at: usize, end: usize): usize {
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte == LINE_FEED || byte == CARRIAGE_RETURN) break;
    at++;
  }
  return at;
}

/** The first backslash in [at, end); `end` when there is none. */
export function backslashEnd(at: usize, end: usize): usize {
  while (end - at >= STEP) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x5c)));
    if (mask != 0) return at + <usize>ctz(mask);
    at += STEP;
  }
  while (at < end && <u32>load<u8>(at) != BACKSLASH) at++;
  return at;
}
