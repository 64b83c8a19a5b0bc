// Whether some bytes can be an API key of ours at all (ARCHITECTURE.md §2.6): what fails here costs no callout. It says
// nothing about who holds the key or whether it is still good.
//
//   sk-slc- [ 32 base62 characters ] [ CRC-32 of all before, 6 base62 digits, most significant first ]

import { isDigit, LOWER_A, UPPER_A, ZERO } from "../bytes/ascii";
import { API_KEY_BYTES, API_KEY_CHECKSUM_BYTES, API_KEY_PREFIX, API_KEY_PREFIX_LENGTH } from "../contract";
import { crc32 } from "./crc32";

const NOT_BASE62: i32 = -1;

export function isApiKey(pointer: usize, length: i32): bool {
  if (length != <i32>API_KEY_BYTES) return false;
  if (memory.compare(pointer, API_KEY_PREFIX, API_KEY_PREFIX_LENGTH) != 0) return false;
  const checksum = length - <i32>API_KEY_CHECKSUM_BYTES;
  for (let i = API_KEY_PREFIX_LENGTH; i < checksum; i++) {
    if (base62Value(load<u8>(pointer + <usize>i)) == NOT_BASE62) return false;
  }
  // Six digits go up to 62^6, more than a u32 holds.
  let value: u64 = 0;
  for (let i = checksum; i < length; i++) {
    const digit = base62Value(load<u8>(pointer + <usize>i));
    if (digit == NOT_BASE62) return false;
    value = value * 62 + <u64>digit;
  }
  return value == <u64>crc32(pointer, checksum);
}

/** The value of a digit of the alphabet 0-9A-Za-z, or NOT_BASE62. */
function base62Value(byte: u32): i32 {
  if (isDigit(byte)) return byte - ZERO;
  if (byte - UPPER_A < 26) return byte - UPPER_A + 10;
  if (byte - LOWER_A < 26) return byte - LOWER_A + 36;
  return NOT_BASE62;
}
