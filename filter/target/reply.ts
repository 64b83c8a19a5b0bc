// What the target root does with a provider's reply, and what a reply's status says. Decisions only, no bytes.

import { RETRY_STATUS_FIRST, RETRY_STATUSES_BYTES } from "../contract";

export enum Reply {
  PASS = 0,
  ERROR = 1,
  REPLY = 2,
  HELD = 3,
  EVENTS = 4,
  /** Too large to be held: dropped as it comes, answered at its end. */
  DROPPED = 5,
  /** Nothing further to do: what comes passes, or Envoy drops it. */
  DONE = 6,
  /** Complete as the client got it: what the provider still sends is swallowed. */
  ENDED = 7,
  /** Marked for a retry by its headers; if its body comes nevertheless, an error takes its place. */
  ABANDONED = 8,
  /** The client's own dialect, as JSON: held until it is known to be whole, or to be long. */
  CHECKED = 9,
  /** The client got an error event because a budget is spent: the provider's stream is reset. */
  CUT = 10,
}

/** Whether another target may do better, as the model route says: a bit for each status. What is no status of an answer, is. */
export function isRetried(statuses: usize, status: i32): bool {
  const bit = status - <i32>RETRY_STATUS_FIRST;
  if (bit >= <i32>RETRY_STATUSES_BYTES * 8) return true;
  return bit >= 0 && ((load<u8>(statuses + <usize>(bit >> 3)) >> (bit & 7)) & 1) != 0;
}

/** What a client takes for an error; 1xx, redirects and numbers that HTTP does not have are no answers at all. */
export function isErrorStatus(status: i32): bool {
  return status >= 400 && status < 600;
}

export function isCredentialStatus(status: i32): bool {
  return status == 401 || status == 403;
}
