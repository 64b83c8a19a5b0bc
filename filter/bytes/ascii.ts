// The ASCII bytes that JSON, SSE, paths and forms give a meaning to, by name.

export const TAB: u32 = 0x09;
export const LINE_FEED: u32 = 0x0a;
export const CARRIAGE_RETURN: u32 = 0x0d;
export const SPACE: u32 = 0x20;
export const QUOTE: u32 = 0x22;
export const PERCENT: u32 = 0x25;
export const AMPERSAND: u32 = 0x26;
export const PLUS: u32 = 0x2b;
export const COMMA: u32 = 0x2c;
export const MINUS: u32 = 0x2d;
export const DOT: u32 = 0x2e;
export const SLASH: u32 = 0x2f;
export const ZERO: u32 = 0x30;
export const NINE: u32 = 0x39;
export const COLON: u32 = 0x3a;
export const SEMICOLON: u32 = 0x3b;
export const EQUALS: u32 = 0x3d;
export const QUESTION_MARK: u32 = 0x3f;
export const UPPER_A: u32 = 0x41;
export const UPPER_Z: u32 = 0x5a;
export const BRACKET_OPEN: u32 = 0x5b;
export const BACKSLASH: u32 = 0x5c;
export const BRACKET_CLOSE: u32 = 0x5d;
export const LOWER_A: u32 = 0x61;
export const LOWER_Z: u32 = 0x7a;
export const BRACE_OPEN: u32 = 0x7b;
export const BRACE_CLOSE: u32 = 0x7d;

export function isDigit(byte: u32): bool {
  return byte - ZERO <= 9;
}

/** ASCII letters in lower case, every other byte as it is. */
export function toLower(byte: u32): u32 {
  return byte - UPPER_A <= UPPER_Z - UPPER_A ? byte | 0x20 : byte;
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(byte: u32): i32 {
  if (byte - ZERO <= 9) return byte - ZERO;
  const letter = byte | 0x20;
  return letter - LOWER_A <= 5 ? letter - LOWER_A + 10 : -1;
}

/** The value of four hexadecimal digits at `at` (all four must be in bounds), or -1. */
export function hexValue4(at: usize): i32 {
  const a = hexValue(load<u8>(at));
  const b = hexValue(load<u8>(at, 1));
  const c = hexValue(load<u8>(at, 2));
  const d = hexValue(load<u8>(at, 3));
  // A -1 has every bit set, so the sign of the union tells whether any digit was none.
  return (a | b | c | d) < 0 ? -1 : (a << 12) | (b << 8) | (c << 4) | d;
}
