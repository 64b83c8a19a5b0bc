// Comparing and hashing runs of bytes. Nothing here allocates or reads outside the lengths it is given.

import { toLower } from "./ascii";

export function equalBytes(a: usize, aLength: i32, b: usize, bLength: i32): bool {
  return aLength == bLength && memory.compare(a, b, aLength) == 0;
}

/** Whether the bytes are this constant ASCII string: `equalsAscii(pointer, length, "chat")`. */
export function equalsAscii(pointer: usize, length: i32, text: string): bool {
  if (length != text.length) return false;
  const expected = changetype<usize>(text);
  for (let i: usize = 0; i < <usize>length; i++) {
    if (<u32>load<u8>(pointer + i) != <u32>load<u16>(expected + i * 2)) return false;
  }
  return true;
}

/** The same, letters of either case being equal; `lowerText` is in lower case. For header values and schemes. */
export function equalsAsciiIgnoreCase(pointer: usize, length: i32, lowerText: string): bool {
  if (length != lowerText.length) return false;
  const expected = changetype<usize>(lowerText);
  for (let i: usize = 0; i < <usize>length; i++) {
    if (toLower(load<u8>(pointer + i)) != <u32>load<u16>(expected + i * 2)) return false;
  }
  return true;
}

export function startsWithAscii(pointer: usize, length: i32, prefix: string): bool {
  return length >= prefix.length && equalsAscii(pointer, prefix.length, prefix);
}

/** FNV-1a, 32 bit: the hash of the model route table (ARCHITECTURE.md §2.4). Not for keys that an attacker chooses. */
export function fnv1a32(pointer: usize, length: i32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < <usize>length; i++) hash = (hash ^ <u32>load<u8>(pointer + i)) * 0x01000193;
  return hash;
}
