// The name of a document. Converse takes letters, digits, single spaces, hyphens and brackets only, and no name twice in
// a request. Names are stable: the same conversation gives the same ones, so that caches hold.
//
//   "Q3 report_final.pdf", the second document   ─▶   "Q3 report-final-2"

import { DOT, isDigit, LOWER_A, LOWER_Z, MINUS, SPACE, toLower } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { Value } from "../translation/value";

/** Leaves room for the number; Converse takes 200 characters. */
const NAME_BYTES_MAX: i32 = 180;

const name = new ByteWriter(NAME_BYTES_MAX + 16);

/** `number`: which document of the request it is, from 1. */
export function writeDocumentName(json: JsonWriter, filename: Value, number: i32): void {
  name.reset();
  if (filename.isText) writeAllowed(filename.pointer, withoutEnding(filename));
  if (name.length == 0) name.writeAscii("document");
  if (number > 1) {
    name.writeByte(MINUS);
    name.writeUnsigned(number);
  }
  json.key("name");
  json.rawString(name.pointer, name.length);
}

function withoutEnding(filename: Value): i32 {
  let end = filename.length;
  while (end > 0 && <u32>load<u8>(filename.pointer + <usize>(end - 1)) != DOT) end--;
  return min(end > 1 ? end - 1 : filename.length, NAME_BYTES_MAX);
}

/** What is not allowed becomes one hyphen; none at the ends. */
function writeAllowed(pointer: usize, length: i32): void {
  let gap: u32 = 0;
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(pointer + <usize>i);
    if (isAllowed(byte)) {
      if (gap != 0 && name.length > 0) name.writeByte(gap);
      gap = 0;
      name.writeByte(byte);
    } else if (gap == 0 || byte != SPACE) {
      gap = byte == SPACE ? SPACE : MINUS;
    }
  }
}

function isAllowed(byte: u32): bool {
  if (isDigit(byte) || toLower(byte) - LOWER_A <= LOWER_Z - LOWER_A) return true;
  return byte == 0x28 || byte == 0x29 || byte == 0x5b || byte == 0x5d; // ( ) [ ]
}
