// A schema as Gemini has it (a subset of OpenAPI 3.0) as JSON Schema: types in lower case, `nullable` as a type, sizes as
// numbers though proto JSON writes them as strings. What only Gemini reads (order of properties, an example) is left out.
//
//   {"type":"STRING","nullable":true,"maxLength":"8"}  ─▶  {"maxLength":8,"type":["string","null"]}

import { toLower } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { JsonReader } from "../../json/reader";
import { NOT_AN_INTEGER, parseInteger } from "../../json/text";
import { JsonToken } from "../../json/token";
import { Translation } from "../translation/translation";
import { Value } from "../translation/value";

const UNDERSCORE: u32 = 0x5f;

const reader = new JsonReader();
const name = new ByteWriter(64);

/** What stands at the end of an object, because more than one member decides it. */
class Tail {
  type: usize = 0;
  typeLength: i32 = 0;
  choices: usize = 0;
  choicesLength: i32 = 0;
  nullable: bool = false;
}
/** One for each depth: as many as schemas were ever nested. */
const tails: Tail[] = [];

export function writeJsonSchema(t: Translation, field: string, schema: Value): bool {
  if (!schema.isObject) return t.refuseType(field, "an object");
  reader.reset(schema.pointer, schema.length).next();
  writeObject(t, 0);
  return true;
}

/** Behind the opening brace; the text was read before, so it is JSON. */
function writeObject(t: Translation, depth: i32): void {
  const json = t.json;
  const tail = tailAt(depth);
  json.objectBegin();
  while (reader.next() == JsonToken.KEY) {
    if (is("type")) {
      takeType(t, tail);
    } else if (is("nullable")) {
      tail.nullable = reader.next() == JsonToken.TRUE;
      reader.skipRest();
    } else if (is("enum")) {
      reader.next();
      const isArray = reader.token == JsonToken.ARRAY_BEGIN;
      reader.skipRest();
      tail.choices = reader.tokenPointer;
      tail.choicesLength = isArray ? reader.tokenLength : 0;
    } else if (is("propertyOrdering") || is("property_ordering") || is("example")) {
      reader.next();
      reader.skipRest();
    } else {
      writeMember(t, depth);
    }
  }
  writeTail(t, tail);
  json.objectEnd();
}

/** A list of types is JSON Schema already. */
function takeType(t: Translation, tail: Tail): void {
  if (reader.next() == JsonToken.STRING) {
    tail.type = reader.tokenPointer;
    tail.typeLength = reader.tokenLength;
    return;
  }
  t.json.key("type");
  writeScalar(t);
}

/** Numbers of bits are a matter of Gemini's types alone, and `enum` is what the list of choices says already. */
function isOwnFormat(): bool {
  return is("int32") || is("int64") || is("float") || is("double") || is("enum");
}

function writeMember(t: Translation, depth: i32): void {
  const json = t.json;
  const isFormat = is("format");
  const isValue = is("default") || is("const") || is("examples");
  const isMap = is("properties") || is("$defs") || is("defs");
  const isSize = isSizeName();
  const key = reader.tokenPointer;
  const keyLength = reader.tokenLength;
  const isAnyOf = is("any_of");
  const isExtra = is("additional_properties");
  const token = reader.next();
  if (isFormat && isOwnFormat()) return;
  if (isAnyOf) json.key("anyOf");
  else if (isExtra) json.key("additionalProperties");
  else if (isSize) writeCamelKey(t, key, keyLength);
  else json.rawKey(key, keyLength);
  if (isValue) writeScalar(t);
  else if (token == JsonToken.OBJECT_BEGIN && isMap) writeMap(t, depth);
  else if (token == JsonToken.OBJECT_BEGIN) writeObject(t, depth + 1);
  else if (token == JsonToken.ARRAY_BEGIN) writeArray(t, depth);
  else if (isSize) writeSize(t);
  else writeScalar(t);
}

function writeSize(t: Translation): void {
  const size = parseInteger(reader.tokenPointer, reader.tokenLength);
  if (reader.token == JsonToken.STRING && size != NOT_AN_INTEGER) t.json.integer(size);
  else writeScalar(t);
}

/** Schemas by name. */
function writeMap(t: Translation, depth: i32): void {
  t.json.objectBegin();
  while (reader.next() == JsonToken.KEY) {
    t.json.rawKey(reader.tokenPointer, reader.tokenLength);
    if (reader.next() == JsonToken.OBJECT_BEGIN) writeObject(t, depth + 1);
    else writeScalar(t);
  }
  t.json.objectEnd();
}

/** Schemas (`anyOf`), or scalars (`required`). */
function writeArray(t: Translation, depth: i32): void {
  t.json.arrayBegin();
  while (true) {
    const token = reader.next();
    if (token == JsonToken.ARRAY_END || token == JsonToken.ERROR || token == JsonToken.END) break;
    if (token == JsonToken.OBJECT_BEGIN) writeObject(t, depth + 1);
    else writeScalar(t);
  }
  t.json.arrayEnd();
}

function writeScalar(t: Translation): void {
  reader.skipRest();
  t.json.raw(reader.tokenPointer, reader.tokenLength);
}

function writeTail(t: Translation, tail: Tail): void {
  const json = t.json;
  if (tail.choicesLength > 0) {
    json.key("enum");
    if (tail.nullable && tail.choicesLength > 2) {
      json.raw(tail.choices, tail.choicesLength - 1);
      t.out.writeAscii(",null]");
    } else {
      json.raw(tail.choices, tail.choicesLength);
    }
  }
  if (tail.typeLength == 0 || isUnspecified(tail)) return;
  json.key("type");
  if (tail.nullable) json.arrayBegin();
  json.stringBegin();
  for (let i = 0; i < tail.typeLength; i++) t.out.writeByte(toLower(load<u8>(tail.type + <usize>i)));
  json.stringEnd();
  if (!tail.nullable) return;
  json.ascii("null");
  json.arrayEnd();
}

/** `TYPE_UNSPECIFIED` is the only name of a type with an underscore. */
function isUnspecified(tail: Tail): bool {
  for (let i = 0; i < tail.typeLength; i++) if (load<u8>(tail.type + <usize>i) == UNDERSCORE) return true;
  return false;
}

function tailAt(depth: i32): Tail {
  while (tails.length <= depth) tails.push(new Tail());
  const tail = unchecked(tails[depth]);
  tail.typeLength = 0;
  tail.choicesLength = 0;
  tail.nullable = false;
  return tail;
}

/** Whether the last token, a key or a string, is this name. */
function is(name: string): bool {
  return reader.keyEquals(name);
}

function isSizeName(): bool {
  if (is("minItems") || is("maxItems") || is("minLength") || is("maxLength")) return true;
  if (is("minProperties") || is("maxProperties") || is("min_items") || is("max_items")) return true;
  return is("min_length") || is("max_length") || is("min_properties") || is("max_properties");
}

/** `min_items` as `minItems`. */
function writeCamelKey(t: Translation, key: usize, length: i32): void {
  name.reset();
  for (let i = 0; i < length; i++) {
    let byte: u32 = load<u8>(key + <usize>i);
    if (byte == UNDERSCORE && i + 1 < length) byte = <u32>load<u8>(key + <usize>++i) & 0xdf;
    name.writeByte(byte);
  }
  t.json.rawKey(name.pointer, name.length);
}
