// The betas that a client asks for, as hosts of Claude take them. Some are sent unasked by SDKs and agents and mean nothing
// there: what they switch on is part of the host's API already, or is Anthropic's own; a host refuses the whole request for
// a name that it does not know. They are left out. All others pass: whoever asks for one must hear that it is not there.
// Each name here is known to be sent unasked and to be refused by a host, as the reports beside it say.

import { COMMA, SPACE } from "../../bytes/ascii";
import { Literal, utf8 } from "../../sdk";

const UNASKED: StaticArray<Literal> = [
  // https://github.com/anthropics/anthropic-sdk-python/pull/1121 and https://github.com/vercel/ai/issues/10981
  utf8("structured-outputs-2025-11-13"),
  // https://github.com/QuantumNous/new-api/issues/2975
  utf8("structured-outputs-2025-12-15"),
  // https://github.com/anthropics/claude-code/issues/49648
  utf8("claude-code-20250219"),
  // https://github.com/anthropics/claude-code/issues/13770
  utf8("oauth-2025-04-20"),
  // https://github.com/anthropics/claude-code/issues/21625
  utf8("prompt-caching-scope-2026-01-05"),
];

/** Walks the names of a header, `a, b`. */
export class HostedBetas {
  /** The name that `next` took. */
  pointer: usize = 0;
  length: i32 = 0;
  /** Whether any was left out. */
  dropped: bool = false;
  private at: usize = 0;
  private end: usize = 0;

  /** `header` is a str16. */
  begin(header: usize): HostedBetas {
    this.at = header + 2;
    this.end = this.at + <usize>load<u16>(header);
    this.dropped = false;
    return this;
  }

  next(): bool {
    while (this.at < this.end) {
      let start = this.at;
      let last = start;
      while (last < this.end && <u32>load<u8>(last) != COMMA) last++;
      this.at = last + 1;
      while (start < last && <u32>load<u8>(start) == SPACE) start++;
      while (last > start && <u32>load<u8>(last - 1) == SPACE) last--;
      if (start == last) continue;
      this.pointer = start;
      this.length = <i32>(last - start);
      if (!isUnasked(start, this.length)) return true;
      this.dropped = true;
    }
    return false;
  }
}

function isUnasked(name: usize, length: i32): bool {
  for (let i = 0; i < UNASKED.length; i++) if (unchecked(UNASKED[i]).equals(name, length)) return true;
  return false;
}
