// Whether chat's `metadata` may stand as `requestMetadata`: Converse takes sixteen labels of 256 characters at most, and
// not every character.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

import { isDigit, LOWER_A, LOWER_Z, SPACE, toLower } from "../../bytes/ascii";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Value } from "../translation/value";

const LABELS_MAX: i32 = 16;
const LABEL_BYTES_MAX: i32 = 256;
const MARKS: string = ":_@$#=/+,-.";

const reader = new JsonReader();

export function fitsMetadata(metadata: Value): bool {
  let labels = 0;
  reader.reset(metadata.pointer, metadata.length).next();
  while (reader.next() == JsonToken.KEY) {
    if (++labels > LABELS_MAX || reader.tokenLength == 0 || !isLabel()) return false;
    if (reader.next() != JsonToken.STRING || !isLabel()) return false;
  }
  return true;
}

/** Of the key or string that was read last. An escaped one is none of the plain ones. */
function isLabel(): bool {
  if (reader.hasEscapes || reader.tokenLength > LABEL_BYTES_MAX) return false;
  for (let i = 0; i < reader.tokenLength; i++) {
    if (!isAllowed(load<u8>(reader.tokenPointer + <usize>i))) return false;
  }
  return true;
}

function isAllowed(byte: u32): bool {
  if (byte == SPACE || isDigit(byte) || toLower(byte) - LOWER_A <= LOWER_Z - LOWER_A) return true;
  for (let i = 0; i < MARKS.length; i++) if (<u32>MARKS.charCodeAt(i) == byte) return true;
  return false;
}
