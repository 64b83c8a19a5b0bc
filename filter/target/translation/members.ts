// Copies a JSON text and changes single members of its objects on the way: left out, renamed, or with another value. Every
// other byte, white space included, passes as it stands. One `JsonCopy` goes through the text from front to back; the
// `Members` of nested objects share it, each with a reader of its own. The text must be known to be JSON.
//
//   { "a": 1, "b" : 2 , "c":3 }      drop b ─▶  { "a": 1 , "c":3 }      drop a ─▶  { "b" : 2 , "c":3 }
//           └────────┘ with what separates it from the member that is kept

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { JsonReader } from "../../json/reader";
import { textEquals } from "../../json/text";
import { JsonToken } from "../../json/token";
import { Value } from "./value";

export class JsonCopy {
  out: ByteWriter = new ByteWriter(0);
  private at: usize = 0;

  begin(pointer: usize, out: ByteWriter): void {
    this.at = pointer;
    this.out = out;
  }

  /** Copies what is in front of `pointer`. */
  upTo(pointer: usize): void {
    if (pointer <= this.at) return;
    this.out.writeBytes(this.at, <i32>(pointer - this.at));
    this.at = pointer;
  }

  /** Goes on behind what was left out. */
  past(pointer: usize): void {
    this.at = max(this.at, pointer);
  }
}

export class Members {
  /** The value of the current member. */
  readonly value: Value = new Value("");
  private readonly reader: JsonReader = new JsonReader();
  /** The quotes included. */
  private keyStart: usize = 0;
  private keyLength: i32 = 0;
  private keyHasEscapes: bool = false;
  private isDropped: bool = false;
  /** Where the member before this one ends; 0 = this is the first. */
  private previousEnd: usize = 0;
  private isAnyKept: bool = false;
  /** Start of the first members, when they are left out; 0 = they are not. */
  private droppedFrom: usize = 0;

  constructor(private readonly copy: JsonCopy) {}

  /** Begins a walk over an object; false for any other value. */
  begin(pointer: usize, length: i32): bool {
    this.previousEnd = 0;
    this.isAnyKept = false;
    this.isDropped = true;
    this.droppedFrom = 0;
    this.keyStart = 0;
    return this.reader.reset(pointer, length).next() == JsonToken.OBJECT_BEGIN;
  }

  /** Goes to the next member; false behind the last one. */
  next(): bool {
    const reader = this.reader;
    if (this.keyStart != 0) this.previousEnd = this.valueEnd;
    if (!this.isDropped) this.isAnyKept = true;
    if (reader.next() != JsonToken.KEY) {
      this.leaveOutFirst(this.previousEnd);
      return false;
    }
    this.keyStart = reader.tokenPointer - 1;
    this.keyLength = reader.tokenLength + 2;
    this.keyHasEscapes = reader.hasEscapes;
    this.leaveOutFirst(this.keyStart);
    this.isDropped = false;
    reader.next();
    return this.value.take(reader);
  }

  /** Whether the member has this name, however it was escaped. */
  is(name: string): bool {
    const length = this.keyLength - 2;
    if (this.keyHasEscapes) return textEquals(this.keyStart + 1, length, name);
    return equalsAscii(this.keyStart + 1, length, name);
  }

  drop(): void {
    this.isDropped = true;
    if (!this.isAnyKept) {
      this.droppedFrom = this.keyStart;
      return;
    }
    this.copy.upTo(this.previousEnd);
    this.copy.past(this.valueEnd);
  }

  /** `name` is a constant that needs no escapes. */
  rename(name: string): void {
    const copy = this.copy;
    copy.upTo(this.keyStart + 1);
    copy.out.writeAscii(name);
    copy.past(this.keyStart + <usize>this.keyLength - 1);
  }

  /** The caller writes another value to the copy's `out` next. */
  replaceValue(): void {
    this.copy.upTo(this.valueStart);
    this.copy.past(this.valueEnd);
  }

  private get valueStart(): usize {
    return this.value.isString ? this.value.pointer - 1 : this.value.pointer;
  }
  private get valueEnd(): usize {
    const end = this.value.pointer + <usize>this.value.length;
    return this.value.isString ? end + 1 : end;
  }

  private leaveOutFirst(end: usize): void {
    if (this.droppedFrom == 0) return;
    this.copy.upTo(this.droppedFrom);
    this.copy.past(end);
    this.droppedFrom = 0;
  }
}
