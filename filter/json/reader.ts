// A pull reader over JSON bytes in place: no DOM, no allocation, no recursion. It accepts exactly what JSON.parse
// accepts over well-formed UTF-8 (RFC 8259), but nests no deeper than JSON_DEPTH_MAX. It refuses a byte order mark and
// ill-formed UTF-8; escapes of lone surrogates pass, as in JSON.parse. It does not look for duplicate keys.
//
//   { "mo\u0064el" : "gpt" , "n" : [ 1 ] }          next():  OBJECT_BEGIN KEY STRING KEY ARRAY_BEGIN NUMBER ARRAY_END …
//      └─ KEY ──┘     └┘ STRING      └ NUMBER       tokenStart, tokenEnd: offsets, of strings without the quotes

import {
  BACKSLASH,
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  CARRIAGE_RETURN,
  COLON,
  COMMA,
  DOT,
  hexValue4,
  isDigit,
  LINE_FEED,
  MINUS,
  PLUS,
  QUOTE,
  SPACE,
  TAB,
  ZERO,
} from "../bytes/ascii";
import { equalsAscii } from "../bytes/compare";
import { plainEnd, plainEndScalar } from "../bytes/scan";
import { utf8SequenceLength } from "../bytes/utf8";
import { textRunEnd } from "../bytes/utf8-scan";
import { JSON_DEPTH_MAX } from "../contract";
import { textEquals } from "./text";
import { JsonError, JsonToken } from "./token";

/** What the grammar allows next. */
enum Expect {
  VALUE = 0,
  FIRST_KEY_OR_END = 1,
  KEY = 2,
  FIRST_VALUE_OR_END = 3,
  COMMA_OR_END = 4,
}

export class JsonReader {
  token: JsonToken = JsonToken.NONE;
  /** Offsets of the last token in the text; of keys and strings without the quotes. */
  tokenStart: i32 = 0;
  tokenEnd: i32 = 0;
  /** Whether the last key or string holds a backslash. */
  hasEscapes: bool = false;
  error: JsonError = JsonError.NONE;
  errorOffset: i32 = 0;
  /** Containers open around the next token. */
  depth: i32 = 0;

  private base: usize = 0;
  private end: usize = 0;
  private at: usize = 0;
  private expect: Expect = Expect.VALUE;
  private inObject: bool = false;
  private scalar: bool = false;
  /** One byte per open container: whether the one around it is an object. */
  private readonly outer: usize = heap.alloc(JSON_DEPTH_MAX);

  reset(pointer: usize, length: i32): JsonReader {
    this.base = pointer;
    this.at = pointer;
    this.end = pointer + <usize>max(length, 0);
    this.token = JsonToken.NONE;
    this.tokenStart = 0;
    this.tokenEnd = 0;
    this.hasEscapes = false;
    this.error = JsonError.NONE;
    this.errorOffset = 0;
    this.depth = 0;
    this.expect = Expect.VALUE;
    this.inObject = false;
    return this;
  }

  /** Address of the last token's first byte. */
  get tokenPointer(): usize {
    return this.base + <usize>this.tokenStart;
  }
  get tokenLength(): i32 {
    return this.tokenEnd - this.tokenStart;
  }

  /** Reads one token. After an error it answers ERROR for ever, after the end END. */
  next(): JsonToken {
    if (this.error != JsonError.NONE) return JsonToken.ERROR;
    let at = skipWhitespace(this.at, this.end);
    if (this.expect == Expect.COMMA_OR_END) {
      if (this.depth == 0)
        return at == this.end ? this.accept(JsonToken.END, at, at, at) : this.fail(JsonError.TRAILING, at);
      if (at == this.end) return this.fail(JsonError.TRUNCATED, at);
      if (<u32>load<u8>(at) != COMMA) return this.readClose(at);
      this.expect = this.inObject ? Expect.KEY : Expect.VALUE;
      at = skipWhitespace(at + 1, this.end);
    }
    if (at == this.end) return this.fail(JsonError.TRUNCATED, at);
    const byte: u32 = load<u8>(at);
    switch (this.expect) {
      case Expect.FIRST_KEY_OR_END:
        return byte == BRACE_CLOSE ? this.readClose(at) : this.readKey(at);
      case Expect.KEY:
        return this.readKey(at);
      case Expect.FIRST_VALUE_OR_END:
        return byte == BRACKET_CLOSE ? this.readClose(at) : this.readValue(at, byte);
      default:
        return this.readValue(at, byte);
    }
  }

  /**
   * Skips the value that would come next (call it behind a KEY), validating it. Then tokenStart and tokenEnd span the
   * whole value, quotes and brackets included. False on an error, or when no value comes next.
   */
  skipValue(): bool {
    const token = this.next();
    if (token == JsonToken.KEY || token == JsonToken.OBJECT_END || token == JsonToken.ARRAY_END) return false;
    return token != JsonToken.END && this.skipRest();
  }

  /** The same with the scalar twin of every fast path: the oracle of the tests. */
  skipValueScalar(): bool {
    this.scalar = true;
    const skipped = this.skipValue();
    this.scalar = false;
    return skipped;
  }

  /**
   * Skips what is left of the value whose first token was just read: all of a container, nothing of a scalar. Then
   * tokenStart and tokenEnd span the whole value, quotes and brackets included. False on an error.
   */
  skipRest(): bool {
    const token = this.token;
    if (this.error != JsonError.NONE) return false;
    if (token == JsonToken.STRING) {
      this.tokenStart--;
      this.tokenEnd++;
      return true;
    }
    if (token != JsonToken.OBJECT_BEGIN && token != JsonToken.ARRAY_BEGIN) return true;
    const start = this.tokenStart;
    const outside = this.depth - 1;
    while (this.depth > outside) {
      if (this.next() == JsonToken.ERROR) return false;
    }
    this.token = token;
    this.tokenStart = start;
    return true;
  }

  /** Whether the last token, a key, is this ASCII name, however it was escaped. */
  keyEquals(name: string): bool {
    if (!this.hasEscapes) return equalsAscii(this.tokenPointer, this.tokenLength, name);
    return textEquals(this.tokenPointer, this.tokenLength, name);
  }

  /** Whether the last token, a string, is this ASCII text, however it was escaped. */
  stringEquals(text: string): bool {
    return this.token == JsonToken.STRING && this.keyEquals(text);
  }

  private readValue(at: usize, byte: u32): JsonToken {
    switch (byte) {
      case QUOTE:
        return this.readString(at, JsonToken.STRING);
      case BRACE_OPEN:
        return this.readOpen(at, JsonToken.OBJECT_BEGIN);
      case BRACKET_OPEN:
        return this.readOpen(at, JsonToken.ARRAY_BEGIN);
      case 0x74: // true
        return this.readWord(at, JsonToken.TRUE, "true");
      case 0x66: // false
        return this.readWord(at, JsonToken.FALSE, "false");
      case 0x6e: // null
        return this.readWord(at, JsonToken.NULL, "null");
      default:
        return byte == MINUS || isDigit(byte) ? this.readNumber(at) : this.fail(JsonError.UNEXPECTED, at);
    }
  }

  private readOpen(at: usize, token: JsonToken): JsonToken {
    if (this.depth >= <i32>JSON_DEPTH_MAX) return this.fail(JsonError.DEPTH, at);
    store<u8>(this.outer + <usize>this.depth, <u8>this.inObject);
    this.depth++;
    this.inObject = token == JsonToken.OBJECT_BEGIN;
    this.accept(token, at, at + 1, at + 1);
    this.expect = this.inObject ? Expect.FIRST_KEY_OR_END : Expect.FIRST_VALUE_OR_END;
    return token;
  }

  private readClose(at: usize): JsonToken {
    const object = this.inObject;
    if (<u32>load<u8>(at) != (object ? BRACE_CLOSE : BRACKET_CLOSE)) return this.fail(JsonError.UNEXPECTED, at);
    this.depth--;
    this.inObject = load<u8>(this.outer + <usize>this.depth) != 0;
    return this.accept(object ? JsonToken.OBJECT_END : JsonToken.ARRAY_END, at, at + 1, at + 1);
  }

  /** A key and the colon behind it. */
  private readKey(at: usize): JsonToken {
    if (<u32>load<u8>(at) != QUOTE) return this.fail(JsonError.UNEXPECTED, at);
    if (this.readString(at, JsonToken.KEY) == JsonToken.ERROR) return JsonToken.ERROR;
    const colon = skipWhitespace(this.at, this.end);
    if (colon == this.end) return this.fail(JsonError.TRUNCATED, colon);
    if (<u32>load<u8>(colon) != COLON) return this.fail(JsonError.UNEXPECTED, colon);
    this.at = colon + 1;
    this.expect = Expect.VALUE;
    return JsonToken.KEY;
  }

  private readString(quote: usize, token: JsonToken): JsonToken {
    const end = this.end;
    this.hasEscapes = false;
    let at = quote + 1;
    while (true) {
      at = this.scalar ? plainEndScalar(at, end) : plainEnd(at, end);
      if (at == end) return this.fail(JsonError.TRUNCATED, at);
      const byte: u32 = load<u8>(at);
      if (byte == QUOTE) return this.accept(token, quote + 1, at, at + 1);
      if (byte == BACKSLASH) {
        const length = escapeLength(at, end);
        if (length <= 0) return this.fail(length == 0 ? JsonError.BAD_STRING : JsonError.TRUNCATED, at);
        this.hasEscapes = true;
        at += length;
      } else if (byte < SPACE) {
        return this.fail(JsonError.BAD_STRING, at);
      } else {
        if (!this.scalar) at = textRunEnd(at, end);
        while (at < end && load<u8>(at) >= 0x80) {
          const length = utf8SequenceLength(at, end);
          if (length == 0) return this.fail(JsonError.BAD_UTF8, at);
          at += length;
        }
      }
    }
  }

  /** -? (0 | 1-9 digits) (. digits)? ([eE] [+-]? digits)? */
  private readNumber(start: usize): JsonToken {
    const end = this.end;
    let at = start;
    if (<u32>load<u8>(at) == MINUS) at++;
    const integer = at;
    at = skipDigits(at, end);
    if (at == integer) return this.failNumber(at);
    if (at - integer > 1 && <u32>load<u8>(integer) == ZERO) return this.fail(JsonError.BAD_NUMBER, integer);
    if (at < end && <u32>load<u8>(at) == DOT) {
      const fraction = at + 1;
      at = skipDigits(fraction, end);
      if (at == fraction) return this.failNumber(at);
    }
    if (at < end && (<u32>load<u8>(at) | 0x20) == 0x65) {
      let exponent = at + 1;
      if (exponent < end && (<u32>load<u8>(exponent) == PLUS || <u32>load<u8>(exponent) == MINUS)) exponent++;
      at = skipDigits(exponent, end);
      if (at == exponent) return this.failNumber(at);
    }
    return this.accept(JsonToken.NUMBER, start, at, at);
  }

  private readWord(at: usize, token: JsonToken, word: string): JsonToken {
    const left = this.end - at;
    const length = min<usize>(left, <usize>word.length);
    for (let i: usize = 0; i < length; i++) {
      if (<u32>load<u8>(at + i) != <u32>load<u16>(changetype<usize>(word) + i * 2)) {
        return this.fail(JsonError.UNEXPECTED, at + i);
      }
    }
    if (length < <usize>word.length) return this.fail(JsonError.TRUNCATED, this.end);
    return this.accept(token, at, at + length, at + length);
  }

  /** Records a token from `start` to `end`; reading goes on at `at`. */
  private accept(token: JsonToken, start: usize, end: usize, at: usize): JsonToken {
    this.token = token;
    this.tokenStart = <i32>(start - this.base);
    this.tokenEnd = <i32>(end - this.base);
    this.at = at;
    this.expect = Expect.COMMA_OR_END;
    return token;
  }

  private failNumber(at: usize): JsonToken {
    return this.fail(at == this.end ? JsonError.TRUNCATED : JsonError.BAD_NUMBER, at);
  }

  private fail(error: JsonError, at: usize): JsonToken {
    this.error = error;
    this.errorOffset = <i32>(at - this.base);
    this.token = JsonToken.ERROR;
    return JsonToken.ERROR;
  }
}

function skipWhitespace(at: usize, end: usize): usize {
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte > SPACE) break;
    if (byte != SPACE && byte != LINE_FEED && byte != CARRIAGE_RETURN && byte != TAB) break;
    at++;
  }
  return at;
}

function skipDigits(at: usize, end: usize): usize {
  while (at < end && isDigit(load<u8>(at))) at++;
  return at;
}

/** Length of the escape whose backslash is at `at`; 0 when JSON has no such escape, -1 when the text ends inside it. */
function escapeLength(at: usize, end: usize): i32 {
  if (end - at < 2) return -1;
  switch (<u32>load<u8>(at, 1)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // solidus
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2;
    case 0x75: // u
      if (end - at < 6) return -1;
      return hexValue4(at + 2) < 0 ? 0 : 6;
    default:
      return 0;
  }
}
