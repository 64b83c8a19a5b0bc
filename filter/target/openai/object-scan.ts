// Whether the pieces of a JSON object that is streamed as string content make a whole one by now. It counts brackets outside
// of strings and checks nothing else: what is no JSON is found where it is read.
//
//   {\\"city\\":\\"Z   ürich\\"   }  ─▶ complete

import { BACKSLASH, hexValue4, QUOTE } from "../../bytes/ascii";

export class ObjectScan {
  complete: bool = false;
  private depth: i32 = 0;
  private inString: bool = false;
  /** The character before was the backslash of the JSON text within. */
  private escaped: bool = false;

  reset(): void {
    this.complete = false;
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Raw string content, never cut within an escape. */
  feed(pointer: usize, length: i32): void {
    const end = pointer + <usize>length;
    let at = pointer;
    while (at < end) {
      const byte: u32 = load<u8>(at);
      if (byte != BACKSLASH || at + 1 >= end) {
        this.step(byte);
        at++;
        continue;
      }
      const kind: u32 = load<u8>(at, 1);
      const isUnit = kind == 0x75 && at + 6 <= end; // u
      this.step(isUnit ? <u32>hexValue4(at + 2) : kind == QUOTE || kind == BACKSLASH ? kind : 0);
      at += isUnit ? 6 : 2;
    }
  }

  private step(character: u32): void {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (character == BACKSLASH) this.escaped = true;
      else if (character == QUOTE) this.inString = false;
    } else if (character == QUOTE) {
      this.inString = true;
    } else if (character == 0x7b || character == 0x5b) {
      this.depth++;
    } else if (character == 0x7d || character == 0x5d) {
      this.depth--;
      if (this.depth <= 0) this.complete = true;
    }
  }
}
