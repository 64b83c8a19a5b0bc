// How often a request refers to something that is not in it, and that its provider will read: pictures and files by address or id.
// A scan for the names of members, which may count one too many (a text that quotes such a name), never one too few.

import { QUOTE } from "../bytes/ascii";
import { equalsAscii } from "../bytes/compare";

const NAME_BYTES_MAX: i32 = 16;

export function countReferences(body: usize, length: i32): i64 {
  const end = body + <usize>length;
  let count: i64 = 0;
  for (let at = body; at < end; at++) {
    if (<u32>load<u8>(at) != QUOTE) continue;
    const name = at + 1;
    const limit = min(end, name + <usize>NAME_BYTES_MAX);
    let close = name;
    while (close < limit && <u32>load<u8>(close) != QUOTE) close++;
    if (close < limit && isReference(name, <i32>(close - name))) count++;
  }
  return count;
}

function isReference(name: usize, length: i32): bool {
  switch (length) {
    case 3:
      return equalsAscii(name, length, "url");
    case 7:
      return equalsAscii(name, length, "file_id") || equalsAscii(name, length, "fileUri");
    case 8:
      return equalsAscii(name, length, "file_uri") || equalsAscii(name, length, "file_url");
    case 9:
      return equalsAscii(name, length, "image_url");
    default:
      return false;
  }
}
