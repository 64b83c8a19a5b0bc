// Base64url without padding (RFC 4648 §5): how bytes travel in ids and in other texts that must survive every client.
// Strict: the decoder takes what the encoder writes and nothing else, so that a text has one spelling.

import { ByteWriter } from "./byte-writer";

const PADDING: u32 = 0x3d;

const ALPHABET: usize = memory.data<u8>([
  0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0x53,
  0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c,
  0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x30, 0x31, 0x32, 0x33, 0x34,
  0x35, 0x36, 0x37, 0x38, 0x39, 0x2d, 0x5f,
]);

export function encodeBase64Url(pointer: usize, length: i32, out: ByteWriter): void {
  const end = pointer + <usize>length;
  let at = pointer;
  for (; end - at >= 3; at += 3) {
    const group = ((<u32>load<u8>(at)) << 16) | ((<u32>load<u8>(at, 1)) << 8) | <u32>load<u8>(at, 2);
    writeDigits(group, 4, out);
  }
  if (end - at == 1) writeDigits((<u32>load<u8>(at)) << 16, 2, out);
  if (end - at == 2) writeDigits(((<u32>load<u8>(at)) << 16) | ((<u32>load<u8>(at, 1)) << 8), 3, out);
}

/** False when the text is none that `encodeBase64Url` writes; what was written by then means nothing. */
export function decodeBase64Url(pointer: usize, length: i32, out: ByteWriter): bool {
  const end = pointer + <usize>length;
  let at = pointer;
  while (at < end) {
    const digits = <i32>min<usize>(end - at, 4);
    if (digits == 1) return false;
    let group: u32 = 0;
    for (let i = 0; i < 4; i++) {
      const digit = i < digits ? digitOf(load<u8>(at + <usize>i)) : 0;
      if (digit < 0) return false;
      group = (group << 6) | <u32>digit;
    }
    const bytes = digits - 1;
    // Bits behind the last byte would make a second spelling of the same bytes.
    if ((group & (((<u32>1) << (24 - bytes * 8)) - 1)) != 0) return false;
    for (let i = 0; i < bytes; i++) out.writeByte((group >> (16 - i * 8)) & 0xff);
    at += <usize>digits;
  }
  return true;
}

/** The same for base64 with its own two marks and padding (§4), as JSON carries bytes. */
export function decodeBase64(pointer: usize, length: i32, out: ByteWriter): bool {
  if ((length & 3) != 0) return false;
  const end = pointer + <usize>length;
  for (let at = pointer; at < end; at += 4) {
    let group: u32 = 0;
    let bytes = 3;
    for (let i = 0; i < 4; i++) {
      const byte: u32 = load<u8>(at + <usize>i);
      const isPadding = byte == PADDING && at + 4 == end && i >= 2;
      if (isPadding) bytes--;
      const digit = isPadding ? 0 : standardDigitOf(byte);
      if (digit < 0 || (!isPadding && bytes < 3)) return false;
      group = (group << 6) | <u32>digit;
    }
    for (let i = 0; i < bytes; i++) out.writeByte((group >> (16 - i * 8)) & 0xff);
  }
  return true;
}

function standardDigitOf(byte: u32): i32 {
  if (byte == 0x2b) return 62;
  if (byte == 0x2f) return 63;
  return byte == 0x2d || byte == 0x5f ? -1 : digitOf(byte);
}

function writeDigits(group: u32, digits: i32, out: ByteWriter): void {
  for (let i = 0; i < digits; i++) out.writeByte(load<u8>(ALPHABET + <usize>((group >> (18 - i * 6)) & 63)));
}

function digitOf(byte: u32): i32 {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52;
  if (byte == 0x2d) return 62;
  return byte == 0x5f ? 63 : -1;
}
