// The path of an operation that the filter does not know, as a provider gets it behind its base path. It must not lead out of
// there, nor to state that the gateway seals for its consumers.
//
//   /v1beta/tunedModels?key=…&pageSize=2   ─▶   /tunedModels?pageSize=2

import { AMPERSAND, BACKSLASH, DOT, PERCENT, QUESTION_MARK, SLASH } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { startsWithAscii } from "../bytes/compare";
import { geminiVersionLength } from "./gemini-path";

const VERSION = "/v1/";

/** `pathLength`: without the query. False when the path is none that passes. */
export function writePassedPath(path: usize, pathLength: i32, wholeLength: i32, out: ByteWriter): bool {
  const gemini = geminiVersionLength(path, pathLength);
  if (gemini == 0 && !startsWithAscii(path, pathLength, VERSION)) return false;
  const start = gemini > 0 ? gemini : VERSION.length - 1;
  const rest = path + <usize>start;
  const length = pathLength - start;
  if (length < 2 || leadsElsewhere(rest, length)) return false;
  if (startsWithAscii(rest, length, "/responses") || startsWithAscii(rest, length, "/conversations")) return false;
  out.reset().writeBytes(rest, length);
  writeQuery(path + <usize>pathLength, wholeLength - pathLength, out);
  return !out.overflow;
}

/** All of the query (`?` included) but the client's key. */
function writeQuery(query: usize, length: i32, out: ByteWriter): void {
  let separator = QUESTION_MARK;
  let start = 1;
  while (start < length) {
    let end = start;
    while (end < length && <u32>load<u8>(query + <usize>end) != AMPERSAND) end++;
    if (!startsWithAscii(query + <usize>start, end - start, "key=")) {
      out.writeByte(separator);
      out.writeBytes(query + <usize>start, end - start);
      separator = AMPERSAND;
    }
    start = end + 1;
  }
}

/** Envoy has resolved `/../`; what a provider could still take for one does not pass. */
function leadsElsewhere(path: usize, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(path + <usize>i);
    if (byte == BACKSLASH || byte <= 0x20 || byte >= 0x7f) return true;
    const next: u32 = i + 1 < length ? load<u8>(path + <usize>(i + 1)) : 0;
    if (byte == SLASH && (next == DOT || next == SLASH)) return true;
    if (byte != PERCENT || i + 2 >= length) continue;
    // %2e %2f %5c %25
    const last: u32 = load<u8>(path + <usize>(i + 2)) | 0x20;
    if (next == 0x32 && (last == 0x65 || last == 0x66 || last == 0x35)) return true;
    if (next == 0x35 && last == 0x63) return true;
  }
  return false;
}
