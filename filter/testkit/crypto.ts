// Wrappers around filter/crypto: results go to memory that the test gives.

import { decodeBase64Url, encodeBase64Url } from "../bytes/base64";
import { isApiKey } from "../crypto/api-key";
import { crc32 } from "../crypto/crc32";
import { hmacSha256 } from "../crypto/hmac";
import { isOpenedTarget, openedId, openedIdLength, openSealedId, writeSealedId } from "../crypto/sealed-id";
import { sha256 } from "../crypto/sha256";
import { sipHash128 } from "../crypto/siphash";
import { out } from "./memory";

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
export function cryptoHmacSha256(key: usize, keyLength: i32, pointer: usize, length: i32, result: usize): bool {
  return hmacSha256(key, keyLength, pointer, length, result);
}
export function base64UrlEncode(pointer: usize, length: i32): void {
  encodeBase64Url(pointer, length, out.reset());
}
export function base64UrlDecode(pointer: usize, length: i32): bool {
  return decodeBase64Url(pointer, length, out.reset());
}
/** Seals the text for the target; false when that cannot be. */
export function sealId(key: usize, target: usize, targetLength: i32, pointer: usize, length: i32): bool {
  return writeSealedId(key, 32, target, targetLength, pointer, length, out.reset());
}
/** Opens the text into `out`; false when it was not sealed with this key for this target. */
export function openId(key: usize, target: usize, targetLength: i32, pointer: usize, length: i32): bool {
  if (!openSealedId(key, 32, pointer, length) || !isOpenedTarget(target, targetLength)) return false;
  out.reset().writeBytes(openedId, openedIdLength);
  return true;
}
