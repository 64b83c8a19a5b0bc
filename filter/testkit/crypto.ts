// Wrappers around filter/crypto: results go to memory that the test gives.

import { isApiKey } from "../crypto/api-key";
import { crc32 } from "../crypto/crc32";
import { sha256 } from "../crypto/sha256";
import { sipHash128 } from "../crypto/siphash";

export function cryptoSha256(pointer: usize, length: i32, result: usize): void {
  sha256(pointer, length, result);
}
export function cryptoSipHash128(key: usize, pointer: usize, length: i32, result: usize): void {
  sipHash128(key, pointer, length, result);
}
export function cryptoCrc32(pointer: usize, length: i32): u32 {
  return crc32(pointer, length);
}
export function cryptoIsApiKey(pointer: usize, length: i32): bool {
  return isApiKey(pointer, length);
}
