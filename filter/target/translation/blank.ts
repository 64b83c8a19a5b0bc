// Texts that providers refuse for holding nothing visible.

import { BACKSLASH, SPACE } from "../../bytes/ascii";
import { Value } from "./value";

/** Whether a string has no visible character, judging by ASCII white space and its escapes. */
export function isBlank(value: Value): bool {
  const end = value.pointer + <usize>value.length;
  for (let at = value.pointer; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == SPACE) continue;
    if (byte != BACKSLASH) return false;
    at++;
    const escaped: u32 = load<u8>(at);
    if (escaped != 0x6e && escaped != 0x72 && escaped != 0x74) return false; // n r t
  }
  return true;
}
