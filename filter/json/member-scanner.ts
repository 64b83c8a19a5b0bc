// Finds one member of a JSON object while the object passes in pieces of any size, and keeps the member's value, if that is
// an object. For replies too long to be held: it looks at brackets and strings alone, takes the rest as it comes, and a text
// that is no JSON can at worst yield nothing.
//
//   {"data":[ … megabytes … ],"usage":{"prompt_tokens":8}}
//                              └ name   └── value ──────┘    depth 1

import { BACKSLASH, BRACE_CLOSE, BRACE_OPEN, BRACKET_CLOSE, BRACKET_OPEN, COLON, QUOTE } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii } from "../bytes/compare";

const STEP: usize = 16;
const VALUE_BYTES_MAX: i32 = 16 * 1024;
const NAME_BYTES_MAX: i32 = 32;

export class MemberScanner {
  /** The value, once `found`; longer ones overflow. */
  readonly value: ByteWriter = new ByteWriter(VALUE_BYTES_MAX);
  found: bool = false;
  private readonly text: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  private name: string = "";
  private depth: i32 = 0;
  private inString: bool = false;
  private escaped: bool = false;
  /** The last string at depth 1 is the name, and nothing but white space and a colon came since. */
  private named: bool = false;
  private keeping: bool = false;

  /** `name` is ASCII. */
  begin(name: string): void {
    this.name = name;
    this.found = false;
    this.value.reset();
    this.text.reset();
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.named = false;
    this.keeping = false;
  }

  take(pointer: usize, length: i32): void {
    const end = pointer + <usize>length;
    let at = pointer;
    let kept = pointer;
    while (at < end && !this.found) {
      at = this.inString ? this.string(at, end) : this.structure(at, end);
      if (!this.keeping) {
        kept = at;
        continue;
      }
      this.value.writeBytes(kept, <i32>(at - kept));
      kept = at;
      if (this.depth == 1 && !this.inString) {
        this.keeping = false;
        this.found = !this.value.overflow;
      }
    }
  }

  /** To the next bracket or quote, and over it. */
  private structure(from: usize, end: usize): usize {
    let at = from;
    if (!this.named) at = structureEnd(at, end);
    if (at == end) return at;
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) {
      this.inString = true;
      this.text.reset();
    } else if (byte == BRACE_OPEN || byte == BRACKET_OPEN) {
      this.depth++;
      if (this.named && byte == BRACE_OPEN) {
        this.keeping = true;
        this.value.reset();
      }
    } else if (byte == BRACE_CLOSE || byte == BRACKET_CLOSE) {
      this.depth--;
    } else if (byte == COLON || byte <= 0x20) {
      return at + 1;
    }
    this.named = false;
    return at + 1;
  }

  private string(from: usize, end: usize): usize {
    let at = from;
    while (at < end) {
      const byte: u32 = load<u8>(at++);
      if (this.escaped) {
        this.escaped = false;
      } else if (byte == BACKSLASH) {
        this.escaped = true;
      } else if (byte == QUOTE) {
        this.inString = false;
        this.named =
          this.depth == 1 && !this.text.overflow && equalsAscii(this.text.pointer, this.text.length, this.name);
        return at;
      }
      if (this.depth == 1 && !this.text.overflow) this.text.writeByte(byte);
      else at = stringEnd(at, end);
    }
    return at;
  }
}

/** The next quote or bracket. */
function structureEnd(from: usize, end: usize): usize {
  let at = from;
  while (end - at >= STEP) {
    const bytes = v128.load(at);
    // `[` and `{`, `]` and `}` differ in one bit.
    const folded = v128.or(bytes, i8x16.splat(0x20));
    const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
    const mask = i8x16.bitmask(v128.or(brackets, i8x16.eq(bytes, i8x16.splat(0x22))));
    if (mask != 0) return at + <usize>ctz(mask);
    at += STEP;
  }
  while (at < end && !isStructure(load<u8>(at))) at++;
  return at;
}

function isStructure(byte: u32): bool {
  const folded = byte | 0x20;
  return byte == QUOTE || folded == BRACE_OPEN || folded == BRACE_CLOSE;
}

/** The next quote or backslash. */
function stringEnd(from: usize, end: usize): usize {
  let at = from;
  while (end - at >= STEP) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))));
    if (mask != 0) return at + <usize>ctz(mask);
    at += STEP;
  }
  while (at < end && <u32>load<u8>(at) != QUOTE && <u32>load<u8>(at) != BACKSLASH) at++;
  return at;
}
