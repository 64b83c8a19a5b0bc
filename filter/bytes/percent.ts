// Percent-encoding of one path segment (RFC 3986), for models whose names are part of a provider's path.

import { BACKSLASH, DOT, isDigit, LOWER_A, LOWER_Z, MINUS, toLower } from "./ascii";
import { ByteWriter } from "./byte-writer";

const PERCENT: u32 = 0x25;
const UNDERSCORE: u32 = 0x5f;
const TILDE: u32 = 0x7e;

/** Writes `text`, the inside of a JSON string that holds no escapes but those of `"` and `\`, as one segment of a path. */
export function writePathSegment(text: usize, length: i32, out: ByteWriter): void {
  const end = text + <usize>length;
  for (let at = text; at < end; at++) {
    let byte: u32 = load<u8>(at);
    if (byte == BACKSLASH && at + 1 < end) byte = load<u8>(++at);
    if (isUnreserved(byte)) {
      out.writeByte(byte);
    } else {
      out.writeByte(PERCENT);
      out.writeByte(hexDigit(byte >> 4));
      out.writeByte(hexDigit(byte & 15));
    }
  }
}

function isUnreserved(byte: u32): bool {
  const lower = toLower(byte);
  if (lower - LOWER_A <= LOWER_Z - LOWER_A || isDigit(byte)) return true;
  return byte == MINUS || byte == DOT || byte == UNDERSCORE || byte == TILDE;
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x37 + value;
}
