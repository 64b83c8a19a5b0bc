// The parameters of a header, quotes and all: `form-data; name="model"; filename="a.mp3"`. Where readers could differ about
// what is meant (a name twice, text that is not one of a list), it says that it is broken, so that nobody reads on.

import { BACKSLASH, EQUALS, QUOTE, SEMICOLON } from "../bytes/ascii";
import { equalsAsciiIgnoreCase } from "../bytes/compare";

export class Parameters {
  broken: bool = false;
  /** Of the value, without its quotes; escapes stay. */
  valuePointer: usize = 0;
  valueLength: i32 = 0;
  private at: usize = 0;
  private end: usize = 0;
  private name: usize = 0;
  private nameLength: i32 = 0;

  /** `text`: a header's value, of which what precedes the first semicolon is no parameter. */
  begin(text: usize, length: i32): void {
    this.at = text;
    this.end = text + <usize>length;
    while (this.at < this.end && <u32>load<u8>(this.at) != SEMICOLON) this.at++;
    this.broken = false;
  }

  /** Moves to the next; false behind the last one, or where it is broken. */
  next(): bool {
    if (this.at >= this.end) return false;
    this.at++;
    this.skipSpace();
    // A semicolon may stand behind the last one.
    if (this.at == this.end) return false;
    this.name = this.at;
    while (this.at < this.end && isToken(load<u8>(this.at))) this.at++;
    this.nameLength = <i32>(this.at - this.name);
    if (this.nameLength == 0 || this.at == this.end || <u32>load<u8>(this.at) != EQUALS) return this.fail();
    this.at++;
    const isQuoted = this.at < this.end && <u32>load<u8>(this.at) == QUOTE;
    if (!(isQuoted ? this.takeQuoted() : this.takeToken())) return this.fail();
    this.skipSpace();
    return this.at == this.end || <u32>load<u8>(this.at) == SEMICOLON || this.fail();
  }

  /** Names are of either case. */
  isNamed(name: string): bool {
    return this.nameLength == name.length && equalsAsciiIgnoreCase(this.name, name.length, name);
  }

  private takeQuoted(): bool {
    this.valuePointer = ++this.at;
    while (this.at < this.end && <u32>load<u8>(this.at) != QUOTE) {
      if (<u32>load<u8>(this.at) == BACKSLASH) this.at++;
      this.at++;
    }
    if (this.at >= this.end) return false;
    this.valueLength = <i32>(this.at - this.valuePointer);
    this.at++;
    return true;
  }

  private takeToken(): bool {
    this.valuePointer = this.at;
    while (this.at < this.end && (isToken(load<u8>(this.at)) || <u32>load<u8>(this.at) == EQUALS)) this.at++;
    this.valueLength = <i32>(this.at - this.valuePointer);
    return this.valueLength > 0;
  }

  private skipSpace(): void {
    while (this.at < this.end && isSpace(load<u8>(this.at))) this.at++;
  }

  private fail(): bool {
    this.broken = true;
    this.at = this.end;
    return false;
  }
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x09;
}

/** More than RFC 9110 allows in a token: boundaries are often sent with such characters and without quotes. */
function isToken(byte: u32): bool {
  return byte > 0x20 && byte != SEMICOLON && byte != EQUALS && byte != QUOTE && byte != 0x7f;
}
