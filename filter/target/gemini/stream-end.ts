// Gemini's streams have no terminal event: they are complete when an event said why the model stopped, or why the prompt
// was blocked. This looks for that member in the bytes as they pass, however they are cut, and keeps only how far it got.
// Within a JSON string a quote is escaped, so a model's text never looks like the member.
//
//   …"finishReason": "STOP"…     …"blockReason": "SAFETY"…

import { QUOTE, SPACE } from "../../bytes/ascii";
import { Literal, utf8 } from "../../sdk";

const FINISH_REASON = utf8('"finishReason"');
const BLOCK_REASON = utf8('"blockReason"');
const COLON: u32 = 0x3a;

class KeySeeker {
  /** Bytes of the key that the last bytes were. */
  private matched: i32 = 0;

  constructor(private readonly key: Literal) {}

  reset(): void {
    this.matched = 0;
  }

  seek(pointer: usize, length: i32): bool {
    const key = this.key;
    let matched = this.matched;
    for (let at = pointer; at < pointer + <usize>length; at++) {
      const byte: u32 = load<u8>(at);
      if (matched == key.length) {
        if (byte == COLON) return true;
        if (byte <= SPACE) continue;
      } else if (byte == <u32>load<u8>(key.pointer + <usize>matched)) {
        matched++;
        continue;
      }
      // The key has its first byte, the quote, again at its end only.
      matched = byte == QUOTE ? 1 : 0;
    }
    this.matched = matched;
    return false;
  }
}

export class GeminiStreamEnd {
  seen: bool = false;
  private readonly finish: KeySeeker = new KeySeeker(FINISH_REASON);
  private readonly block: KeySeeker = new KeySeeker(BLOCK_REASON);

  reset(): void {
    this.seen = false;
    this.finish.reset();
    this.block.reset();
  }

  take(pointer: usize, length: i32): void {
    if (!this.seen) this.seen = this.finish.seek(pointer, length) || this.block.seek(pointer, length);
  }
}
