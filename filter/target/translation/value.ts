// Views of JSON values in place, for texts whose members come in any order: `Fields` finds the members of an object that
// have a name here, `Items` walks an array. They point into the text, copy nothing and refuse nothing but bad JSON; of a
// member that is there twice the last one counts, as in JSON.parse.
//
//   const part = new Fields();            part.read(text, length)      {"text":"hi","type":"text"}
//   const type = part.add("type");   ──▶  type.is("text")                               └─ pointer, length: no quotes

import { UPPER_A, UPPER_Z } from "../../bytes/ascii";
import { equalsAscii } from "../../bytes/compare";
import { JsonReader } from "../../json/reader";
import { NOT_AN_INTEGER, parseInteger, textEquals } from "../../json/text";
import { JsonError, JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";

const UNDERSCORE: u32 = 0x5f;

/** The largest integer that every JSON reader takes for itself; sums of a few of these do not overflow. */
const COUNT_MAX: i64 = 9_007_199_254_740_991;

/** What becomes of a member of the client's request; the source of the table in docs/translation.md. */
export enum Use {
  /** Part of the structure: not a field of its own in the table. */
  STRUCTURE = 0,
  /** The provider has the same field with the same meaning. */
  NATIVE = 1,
  /** It becomes something else of the same meaning. */
  MAPPED = 2,
  /** Left out, counted. */
  DROPPED = 3,
  /** An error. */
  REFUSED = 4,
}

/** Members without a name here that are remembered of one object, to be reported as dropped. */
const UNKNOWN_MAX: i32 = 16;

export class Value {
  /** The value's first token; `NONE` when the member is absent. */
  token: JsonToken = JsonToken.NONE;
  /** The whole value; of a string its raw content without the quotes. */
  pointer: usize = 0;
  length: i32 = 0;
  hasEscapes: bool = false;

  /** `carried`: the member of chat that carries it within a chain, where that is another one or plain chat has none. */
  constructor(
    readonly name: string,
    readonly use: Use = Use.STRUCTURE,
    readonly carried: string = "",
  ) {}

  /** Whether the member is there and not null, which both protocols take for absent. */
  get present(): bool {
    return this.token != JsonToken.NONE && this.token != JsonToken.NULL;
  }
  get isString(): bool {
    return this.token == JsonToken.STRING;
  }
  get isArray(): bool {
    return this.token == JsonToken.ARRAY_BEGIN;
  }
  get isObject(): bool {
    return this.token == JsonToken.OBJECT_BEGIN;
  }
  get isNumber(): bool {
    return this.token == JsonToken.NUMBER;
  }
  get isTrue(): bool {
    return this.token == JsonToken.TRUE;
  }
  get isFalse(): bool {
    return this.token == JsonToken.FALSE;
  }
  /** A string with at least one character. */
  get isText(): bool {
    return this.token == JsonToken.STRING && this.length > 0;
  }

  /** Whether it is a string of this ASCII text, however it was escaped. */
  is(text: string): bool {
    if (this.token != JsonToken.STRING) return false;
    return this.hasEscapes ? textEquals(this.pointer, this.length, text) : equalsAscii(this.pointer, this.length, text);
  }

  /** Whether it is an array or an object with nothing in it. */
  get isEmpty(): bool {
    if (!this.isArray && !this.isObject) return false;
    for (let i: usize = 1; i < <usize>this.length - 1; i++) {
      if (load<u8>(this.pointer + i) > 0x20) return false;
    }
    return true;
  }

  /** A count of tokens: 0 when it is absent or no such number. */
  get count(): i64 {
    if (this.token != JsonToken.NUMBER) return 0;
    const value = parseInteger(this.pointer, this.length);
    return value == NOT_AN_INTEGER || value < 0 || value > COUNT_MAX ? 0 : value;
  }

  /** Writes the value as it stands in the source. */
  copyTo(json: JsonWriter): void {
    if (this.isString) json.rawString(this.pointer, this.length);
    else json.raw(this.pointer, this.length);
  }

  clear(): void {
    this.token = JsonToken.NONE;
    this.length = 0;
  }

  /** Takes an array that is JSON already. */
  takeArray(pointer: usize, length: i32): void {
    this.token = JsonToken.ARRAY_BEGIN;
    this.hasEscapes = false;
    this.pointer = pointer;
    this.length = length;
  }

  /** Remembers another value beyond the next `read` of its object. */
  copy(other: Value): void {
    this.token = other.token;
    this.pointer = other.pointer;
    this.length = other.length;
    this.hasEscapes = other.hasEscapes;
  }

  /** Takes the value that the reader has just begun to read, to its end. */
  take(reader: JsonReader): bool {
    this.token = reader.token;
    this.hasEscapes = reader.hasEscapes;
    if (reader.token != JsonToken.STRING && !reader.skipRest()) return false;
    this.pointer = reader.tokenPointer;
    this.length = reader.tokenLength;
    return true;
  }
}

export class Fields {
  private readonly reader: JsonReader = new JsonReader();
  readonly values: Value[] = [];
  /** How many members of the last object have no name here, at most `UNKNOWN_MAX`. */
  unknownCount: i32 = 0;
  private readonly unknown: StaticArray<usize> = new StaticArray<usize>(UNKNOWN_MAX * 2);

  /**
   * `path` is where such an object stands in the request, for the documentation: "", "messages[]."; in `proto` JSON a
   * member's name may be written `likeThis` or `like_this`.
   */
  constructor(
    readonly path: string = "",
    readonly proto: bool = false,
  ) {}

  /** Declares a member; call at the top level of a module only. The same Value shows it after every `read`. */
  add(name: string, use: Use = Use.STRUCTURE, carried: string = ""): Value {
    const value = new Value(name, use, carried);
    this.values.push(value);
    return value;
  }

  get error(): JsonError {
    return this.reader.error;
  }

  /** Reads an object and nothing behind it. False when the text is no JSON, or no object. */
  read(pointer: usize, length: i32): bool {
    this.clear();
    const reader = this.reader.reset(pointer, length);
    if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
    while (reader.next() == JsonToken.KEY) {
      const value = this.find(reader);
      if (value == null) this.noteUnknown(reader);
      reader.next();
      if (value == null ? !reader.skipRest() : !value.take(reader)) return false;
    }
    return reader.token == JsonToken.OBJECT_END && reader.next() == JsonToken.END;
  }

  /** Reads a value that is already known to be JSON; false when it is no object. */
  readValue(value: Value): bool {
    if (value.isObject) return this.read(value.pointer, value.length);
    this.clear();
    return false;
  }

  /** The name of an unknown member as it stands in the text. */
  unknownPointer(index: i32): usize {
    return unchecked(this.unknown[index * 2]);
  }
  unknownLength(index: i32): i32 {
    return <i32>unchecked(this.unknown[index * 2 + 1]);
  }

  private noteUnknown(reader: JsonReader): void {
    if (this.unknownCount == UNKNOWN_MAX) return;
    unchecked((this.unknown[this.unknownCount * 2] = reader.tokenPointer));
    unchecked((this.unknown[this.unknownCount * 2 + 1] = <usize>reader.tokenLength));
    this.unknownCount++;
  }

  clear(): void {
    this.unknownCount = 0;
    for (let i = 0; i < this.values.length; i++) unchecked(this.values[i]).clear();
  }

  private find(reader: JsonReader): Value | null {
    for (let i = 0; i < this.values.length; i++) {
      const value = unchecked(this.values[i]);
      if (reader.keyEquals(value.name)) return value;
      if (this.proto && isSnakeOf(reader.tokenPointer, reader.tokenLength, value.name)) return value;
    }
    return null;
  }
}

/** Whether the key is `like_this` for the name `likeThis`. */
function isSnakeOf(key: usize, length: i32, name: string): bool {
  let at = 0;
  for (let i = 0; i < name.length; i++) {
    let wanted: u32 = name.charCodeAt(i);
    if (wanted - UPPER_A <= UPPER_Z - UPPER_A) {
      if (at >= length || <u32>load<u8>(key + <usize>at) != UNDERSCORE) return false;
      at++;
      wanted |= 0x20;
    }
    if (at >= length || <u32>load<u8>(key + <usize>at) != wanted) return false;
    at++;
  }
  return at == length;
}

export class Items {
  readonly value: Value = new Value("");
  /** Position of `value` in the array; -1 before the first. */
  index: i32 = -1;
  private readonly reader: JsonReader = new JsonReader();
  private open: bool = false;

  /** Begins a walk. False, and no items, when the value is no array. */
  begin(array: Value): bool {
    this.index = -1;
    this.open = array.isArray;
    if (this.open) this.reader.reset(array.pointer, array.length).next();
    return this.open;
  }

  /** Takes the next item; false behind the last one. */
  next(): bool {
    if (!this.open) return false;
    const token = this.reader.next();
    this.open = token != JsonToken.ARRAY_END && token != JsonToken.ERROR && this.value.take(this.reader);
    if (this.open) this.index++;
    return this.open;
  }
}
