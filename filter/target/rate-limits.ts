// What a provider's reply says about how much more it takes: retry-after, and the rate-limit headers that OpenAI, Azure and Anthropic send.
// Near zero counts as nothing left, so that the next request need not be refused to find out.

import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { parseInteger } from "../json/text";

const SECOND: i64 = 1000;
/** What a 429 means that says nothing. */
const DEFAULT_MS: i64 = 1_000;
/** A limit that is reset later than this is no reason to leave the target out for so long. */
const RESET_MS_MAX: i64 = 60_000;
/** Below one part in so many of the limit there is nothing left worth speaking of. */
const NEAR_ZERO_PARTS: i64 = 100;
const UNTOLD: i64 = -1;

export class RateLimits {
  private retryAfterMs: i64 = UNTOLD;
  private requestsLeft: i64 = UNTOLD;
  private requestsResetMs: i64 = UNTOLD;
  private tokensLeft: i64 = UNTOLD;
  private tokensLimit: i64 = UNTOLD;
  private tokensResetMs: i64 = UNTOLD;

  begin(): void {
    this.retryAfterMs = UNTOLD;
    this.requestsLeft = UNTOLD;
    this.requestsResetMs = UNTOLD;
    this.tokensLeft = UNTOLD;
    this.tokensLimit = UNTOLD;
    this.tokensResetMs = UNTOLD;
  }

  /** A header of the reply; names are in lower case. */
  take(name: usize, nameLength: i32, value: usize, length: i32): void {
    if (nameLength < 11 || length == 0) return;
    if (equalsAscii(name, nameLength, "retry-after")) {
      if (this.retryAfterMs == UNTOLD) this.retryAfterMs = durationMs(value, length);
    } else if (equalsAscii(name, nameLength, "retry-after-ms")) {
      this.retryAfterMs = whole(value, length);
    } else if (startsWithAscii(name, nameLength, "x-ratelimit-")) {
      this.takeLimit(name + 12, nameLength - 12, value, length);
    }
  }

  /** For how long the provider takes no more; 0 = it may be asked. */
  throttledMs(status: i32): i64 {
    if (status == 429) return this.retryAfterMs > 0 ? this.retryAfterMs : DEFAULT_MS;
    if (this.requestsLeft == 0 && this.requestsResetMs > 0) return min(this.requestsResetMs, RESET_MS_MAX);
    const isNear = this.tokensLeft != UNTOLD && this.tokensLeft * NEAR_ZERO_PARTS < max<i64>(this.tokensLimit, 1);
    return isNear && this.tokensResetMs > 0 ? min(this.tokensResetMs, RESET_MS_MAX) : 0;
  }

  private takeLimit(name: usize, nameLength: i32, value: usize, length: i32): void {
    if (equalsAscii(name, nameLength, "remaining-requests")) this.requestsLeft = whole(value, length);
    else if (equalsAscii(name, nameLength, "reset-requests")) this.requestsResetMs = durationMs(value, length);
    else if (equalsAscii(name, nameLength, "remaining-tokens")) this.tokensLeft = whole(value, length);
    else if (equalsAscii(name, nameLength, "limit-tokens")) this.tokensLimit = whole(value, length);
    else if (equalsAscii(name, nameLength, "reset-tokens")) this.tokensResetMs = durationMs(value, length);
  }
}

function whole(value: usize, length: i32): i64 {
  return max(parseInteger(value, length), UNTOLD);
}

/** `20`, `1.5` (seconds), `6m0s`, `1h2m`, `20ms`; anything else, a date among them, is untold. */
function durationMs(value: usize, length: i32): i64 {
  const end = value + <usize>length;
  let at = value;
  let sum: i64 = 0;
  while (at < end) {
    let number: i64 = 0;
    let scale: i64 = 1;
    const start = at;
    for (; at < end && isDigit(at); at++) number = min<i64>(number * 10 + digit(at), RESET_MS_MAX * 1000);
    if (at == start) return UNTOLD;
    if (at < end && <u32>load<u8>(at) == 0x2e /* . */) {
      for (at++; at < end && isDigit(at); at++) {
        if (scale >= 1000) continue;
        number = number * 10 + digit(at);
        scale *= 10;
      }
    }
    let unit = SECOND;
    if (at < end) {
      const first: u32 = load<u8>(at++);
      if (first == 0x6d && at < end && <u32>load<u8>(at) == 0x73) {
        unit = 1;
        at++;
      } else if (first == 0x6d) unit = 60 * SECOND;
      else if (first == 0x68) unit = 3600 * SECOND;
      else if (first != 0x73) return UNTOLD;
    }
    sum += (number * unit) / scale;
  }
  return sum;
}

function isDigit(at: usize): bool {
  const byte: u32 = load<u8>(at);
  return byte >= 0x30 && byte <= 0x39;
}

function digit(at: usize): i64 {
  return <i64>load<u8>(at) - 0x30;
}
