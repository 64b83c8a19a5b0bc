// From the raw content of a JSON string (what stands between the quotes) to UTF-8 text and back, and integers. Raw content
// that goes from one JSON text to another needs none of this: copy it. Nothing here reads outside its range or traps,
// whatever the bytes are.
//
//   raw   c a f \ u 0 0 e 9 \ n        text   c a f C3 A9 0A

import { BACKSLASH, hexValue4, isDigit, MINUS, QUOTE, SPACE, ZERO } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { backslashEnd, plainEnd } from "../bytes/scan";
import { REPLACEMENT_CHARACTER, utf8SequenceLength, writeCodePoint } from "../bytes/utf8";

/** `parseInteger` answers this for what is no integer, or none that an i64 holds; nobody sends it as a real value. */
export const NOT_AN_INTEGER: i64 = i64.MIN_VALUE;

/** Length of the last escape that `escapedUnit` read. */
let unitLength: i32 = 0;

/** Writes the text of raw string content. Lone surrogates become U+FFFD. False when an escape is none of JSON's. */
export function unescapeTo(pointer: usize, length: i32, out: ByteWriter): bool {
  const end = pointer + <usize>length;
  let at = pointer;
  while (true) {
    const stop = backslashEnd(at, end);
    if (stop > at) out.writeBytes(at, <i32>(stop - at));
    if (stop == end) return true;
    const code = escapedCodePoint(stop, end);
    if (code < 0) return false;
    writeCodePoint(code, out);
    at = stop + <usize>unitLength;
  }
}

/** Writes text as raw string content, without quotes. Ill-formed UTF-8 becomes U+FFFD, so the result is always JSON. */
export function escapeTo(pointer: usize, length: i32, out: ByteWriter): void {
  const end = pointer + <usize>length;
  let start = pointer;
  let at = pointer;
  while (true) {
    at = plainEnd(at, end);
    if (at == end) break;
    const byte: u32 = load<u8>(at);
    if (byte >= 0x80) {
      const sequence = utf8SequenceLength(at, end);
      if (sequence > 0) {
        at += sequence;
        continue;
      }
    }
    out.writeBytes(start, <i32>(at - start));
    if (byte >= 0x80) writeCodePoint(REPLACEMENT_CHARACTER, out);
    else writeEscape(byte, out);
    at++;
    start = at;
  }
  out.writeBytes(start, <i32>(end - start));
}

/** Whether raw string content is this ASCII text once unescaped. */
export function textEquals(pointer: usize, length: i32, text: string): bool {
  const end = pointer + <usize>length;
  let at = pointer;
  for (let i = 0; i < text.length; i++) {
    if (at >= end) return false;
    let unit: i32 = load<u8>(at);
    if (<u32>unit == BACKSLASH) {
      unit = escapedCodePoint(at, end);
      at += <usize>unitLength;
    } else {
      at++;
    }
    if (unit != text.charCodeAt(i)) return false;
  }
  return at == end;
}

/** An integer written without fraction and exponent; `NOT_AN_INTEGER` for everything else. */
export function parseInteger(pointer: usize, length: i32): i64 {
  const end = pointer + <usize>length;
  let at = pointer;
  const negative = at < end && <u32>load<u8>(at) == MINUS;
  if (negative) at++;
  // 19 digits never overflow a u64; more than that, without a leading zero, never fit an i64.
  if (at == end || end - at > 19) return NOT_AN_INTEGER;
  let magnitude: u64 = 0;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (!isDigit(byte)) return NOT_AN_INTEGER;
    magnitude = magnitude * 10 + <u64>(byte - ZERO);
  }
  if (magnitude > <u64>i64.MAX_VALUE) return NOT_AN_INTEGER;
  return negative ? 0 - <i64>magnitude : <i64>magnitude;
}

/** The code point of the escape at `at`, surrogate pairs joined; its length goes to `unitLength`. -1 when it is none. */
function escapedCodePoint(at: usize, end: usize): i32 {
  const high = escapedUnit(at, end);
  if ((high & ~0x7ff) != 0xd800) return high;
  if (high < 0xdc00) {
    const low = escapedUnit(at + 6, end);
    const paired = low >= 0xdc00 && low <= 0xdfff;
    unitLength = paired ? 12 : 6;
    if (paired) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }
  return REPLACEMENT_CHARACTER;
}

/** The UTF-16 unit of the escape at `at`; its length goes to `unitLength`. -1 when there is none. */
function escapedUnit(at: usize, end: usize): i32 {
  unitLength = 2;
  if (at + 2 > end || <u32>load<u8>(at) != BACKSLASH) return -1;
  const kind: u32 = load<u8>(at, 1);
  switch (kind) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // solidus
      return kind;
    case 0x62: // b
      return 0x08;
    case 0x66: // f
      return 0x0c;
    case 0x6e: // n
      return 0x0a;
    case 0x72: // r
      return 0x0d;
    case 0x74: // t
      return 0x09;
    case 0x75: // u
      unitLength = 6;
      return at + 6 > end ? -1 : hexValue4(at + 2);
    default:
      return -1;
  }
}

/** One quote, backslash or control character, in the form that JSON.stringify gives it. */
function writeEscape(byte: u32, out: ByteWriter): void {
  out.writeByte(BACKSLASH);
  switch (byte) {
    case 0x08:
      out.writeByte(0x62);
      break;
    case 0x09:
      out.writeByte(0x74);
      break;
    case 0x0a:
      out.writeByte(0x6e);
      break;
    case 0x0c:
      out.writeByte(0x66);
      break;
    case 0x0d:
      out.writeByte(0x72);
      break;
    default:
      if (byte >= SPACE) {
        out.writeByte(byte);
        break;
      }
      out.writeAscii("u00");
      out.writeByte(ZERO + (byte >> 4));
      out.writeByte((byte & 15) < 10 ? ZERO + (byte & 15) : 0x57 + (byte & 15));
  }
}
