// Characters of a JSON string's raw content: annotations of a text give their place in code points, not in bytes.

import { BACKSLASH, hexValue4 } from "../../bytes/ascii";

/** How many code points the content has once it is unescaped; half a surrogate pair counts as one. The content is JSON. */
export function countCharacters(pointer: usize, length: i32): i32 {
  const end = pointer + <usize>length;
  let count = 0;
  let at = pointer;
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte == BACKSLASH) {
      at += <usize>escapeLength(at, end);
      count++;
    } else {
      if ((byte & 0xc0) != 0x80) count++;
      at++;
    }
  }
  return count;
}

/** Length of the escape at `at`, both halves of a surrogate pair together. */
function escapeLength(at: usize, end: usize): i32 {
  if (at + 6 > end || <u32>load<u8>(at, 1) != 0x75) return 2;
  const isHigh = (hexValue4(at + 2) & ~0x3ff) == 0xd800;
  if (!isHigh || at + 12 > end || <u32>load<u8>(at, 6) != BACKSLASH || <u32>load<u8>(at, 7) != 0x75) return 6;
  return (hexValue4(at + 8) & ~0x3ff) == 0xdc00 ? 12 : 6;
}
