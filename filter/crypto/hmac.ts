// HMAC-SHA-256 (RFC 2104) of a short text. For seals: what it made is compared with `equalSecretly`, in a time that does
// not tell where two differ.

import { sha256 } from "./sha256";

const BLOCK_BYTES: i32 = 64;
const DIGEST_BYTES: i32 = 32;
const INNER: u32 = 0x36;
const OUTER: u32 = 0x5c;
/** Longer texts are refused: nobody seals one. */
export const HMAC_TEXT_BYTES_MAX: i32 = 2048;

const message: usize = memory.data(64 + 2048);
const digest: usize = memory.data(32);

/** Writes 32 bytes to `out`. The key has at most 64 bytes. False when key or text is too long. */
export function hmacSha256(key: usize, keyLength: i32, text: usize, length: i32, out: usize): bool {
  if (keyLength > BLOCK_BYTES || <u32>length > <u32>HMAC_TEXT_BYTES_MAX) return false;
  writePad(key, keyLength, INNER);
  memory.copy(message + BLOCK_BYTES, text, length);
  sha256(message, BLOCK_BYTES + length, digest);
  writePad(key, keyLength, OUTER);
  memory.copy(message + BLOCK_BYTES, digest, DIGEST_BYTES);
  sha256(message, BLOCK_BYTES + DIGEST_BYTES, out);
  return true;
}

export function equalSecretly(a: usize, b: usize, length: i32): bool {
  let difference: u32 = 0;
  for (let i = 0; i < length; i++) difference |= <u32>(load<u8>(a + <usize>i) ^ load<u8>(b + <usize>i));
  return difference == 0;
}

function writePad(key: usize, keyLength: i32, pad: u32): void {
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte: u32 = i < keyLength ? load<u8>(key + <usize>i) : 0;
    store<u8>(message + <usize>i, <u8>(byte ^ pad));
  }
}
