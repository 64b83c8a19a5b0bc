// Wrappers around filter/json.

import { JsonReader } from "../json/reader";
import { escapeTo, parseInteger, unescapeTo } from "../json/text";
import { JsonToken } from "../json/token";
import { JsonWriter } from "../json/writer";
import { out } from "./memory";

const reader = new JsonReader();
const json = new JsonWriter(out);

export function jsonReset(pointer: usize, length: i32): void {
  reader.reset(pointer, length);
}
export function jsonNext(): i32 {
  return reader.next();
}
export function jsonStart(): i32 {
  return reader.tokenStart;
}
export function jsonEnd(): i32 {
  return reader.tokenEnd;
}
export function jsonEscapes(): bool {
  return reader.hasEscapes;
}
export function jsonError(): i32 {
  return reader.error;
}
export function jsonErrorOffset(): i32 {
  return reader.errorOffset;
}
export function jsonSkip(scalar: bool): bool {
  return scalar ? reader.skipValueScalar() : reader.skipValue();
}
export function jsonSkipRest(): bool {
  return reader.skipRest();
}
export function jsonKeyIsModel(): bool {
  return reader.keyEquals("model");
}
/** 0 when the text is one JSON value and nothing else, or the error. */
export function jsonValidate(pointer: usize, length: i32, scalar: bool): i32 {
  reader.reset(pointer, length);
  const skipped = scalar ? reader.skipValueScalar() : reader.skipValue();
  if (skipped && reader.next() == JsonToken.END) return 0;
  return reader.error;
}
export function jsonUnescape(pointer: usize, length: i32): bool {
  return unescapeTo(pointer, length, out.reset());
}
export function jsonEscape(pointer: usize, length: i32): void {
  escapeTo(pointer, length, out.reset());
}
export function jsonInteger(pointer: usize, length: i32): i64 {
  return parseInteger(pointer, length);
}

/** Writes a JSON text again, token by token, through the reader and the writer. */
export function jsonCopy(pointer: usize, length: i32): bool {
  reader.reset(pointer, length);
  json.reset(out.reset());
  while (true) {
    switch (reader.next()) {
      case JsonToken.OBJECT_BEGIN:
        json.objectBegin();
        break;
      case JsonToken.OBJECT_END:
        json.objectEnd();
        break;
      case JsonToken.ARRAY_BEGIN:
        json.arrayBegin();
        break;
      case JsonToken.ARRAY_END:
        json.arrayEnd();
        break;
      case JsonToken.KEY:
        json.rawKey(reader.tokenPointer, reader.tokenLength);
        break;
      case JsonToken.STRING:
        json.rawString(reader.tokenPointer, reader.tokenLength);
        break;
      case JsonToken.NUMBER:
        json.raw(reader.tokenPointer, reader.tokenLength);
        break;
      case JsonToken.TRUE:
        json.boolean(true);
        break;
      case JsonToken.FALSE:
        json.boolean(false);
        break;
      case JsonToken.NULL:
        json.nil();
        break;
      case JsonToken.END:
        return !out.overflow;
      default:
        return false;
    }
  }
}
