// Writes JSON into a ByteWriter; commas come by themselves. It trusts its caller to pair begins with ends and keys with
// values; what it cannot write (too deep, no room) sets the ByteWriter's `overflow`, which the caller checks at the end.
//
//   json.reset(out); json.objectBegin(); json.key("model"); json.rawString(pointer, length); json.objectEnd();

import { COLON, COMMA, QUOTE } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { JSON_DEPTH_MAX } from "../contract";
import { escapeTo } from "./text";

export class JsonWriter {
  private depth: i32 = 0;
  /** Whether a comma stands between what was written last and what comes next. */
  private comma: bool = false;

  constructor(private out: ByteWriter) {}

  /** Begins a new text behind whatever `out` already holds. */
  reset(out: ByteWriter): JsonWriter {
    this.out = out;
    this.depth = 0;
    this.comma = false;
    return this;
  }

  objectBegin(): void {
    this.open(0x7b);
  }
  objectEnd(): void {
    this.close(0x7d);
  }
  arrayBegin(): void {
    this.open(0x5b);
  }
  arrayEnd(): void {
    this.close(0x5d);
  }

  /** A constant ASCII name that needs no escapes. */
  key(name: string): void {
    this.out.writeKey(name, this.comma);
    this.comma = false;
  }

  /** A name as raw string content: copied from another JSON text, already escaped. */
  rawKey(pointer: usize, length: i32): void {
    this.rawString(pointer, length);
    this.out.writeByte(COLON);
    this.comma = false;
  }

  /** A string from raw content, already escaped: the fast path from one JSON text to another. */
  rawString(pointer: usize, length: i32): void {
    this.separate();
    this.out.writeByte(QUOTE);
    this.out.writeBytes(pointer, length);
    this.out.writeByte(QUOTE);
  }

  /** A string from UTF-8 text: escapes. */
  string(pointer: usize, length: i32): void {
    this.separate();
    this.out.writeByte(QUOTE);
    escapeTo(pointer, length, this.out);
    this.out.writeByte(QUOTE);
  }

  /** A constant ASCII string that needs no escapes. */
  ascii(text: string): void {
    this.separate();
    this.out.writeByte(QUOTE);
    this.out.writeAscii(text);
    this.out.writeByte(QUOTE);
  }

  integer(value: i64): void {
    this.separate();
    this.out.writeDecimal(value);
  }

  boolean(value: bool): void {
    this.separate();
    if (value) this.out.writeAscii("true");
    else this.out.writeAscii("false");
  }

  nil(): void {
    this.separate();
    this.out.writeAscii("null");
  }

  /** A whole value as it stands, for example the span that `JsonReader.skipValue` left. */
  raw(pointer: usize, length: i32): void {
    this.separate();
    this.out.writeBytes(pointer, length);
  }

  /** A constant value as JSON text, ASCII. */
  literal(text: string): void {
    this.separate();
    this.out.writeAscii(text);
  }

  /** Opens a string whose content the caller writes to the ByteWriter, already escaped, piece by piece. */
  stringBegin(): void {
    this.separate();
    this.out.writeByte(QUOTE);
  }
  stringEnd(): void {
    this.out.writeByte(QUOTE);
  }

  private separate(): void {
    if (this.comma) this.out.writeByte(COMMA);
    this.comma = true;
  }

  private open(bracket: u32): void {
    this.separate();
    this.out.writeByte(bracket);
    this.comma = false;
    if (++this.depth > <i32>JSON_DEPTH_MAX) this.out.overflow = true;
  }

  private close(bracket: u32): void {
    this.out.writeByte(bracket);
    this.comma = true;
    this.depth--;
  }
}
