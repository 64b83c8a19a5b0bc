// One callout for a lease that is under way, and who waits for it.

import { DIGEST_BYTES } from "./lease";
import { LeaseWaiter } from "./lease-client";

export class PendingLease {
  /** The host's token; 0 = this place is free. */
  token: u32 = 0;
  tagHigh: u64 = 0;
  tagLow: u64 = 0;
  deadlineMs: u64 = 0;
  /** The lease changed while it was asked for: hand the answer to the waiters, but do not keep it. */
  outdated: bool = false;
  readonly digest: usize = heap.alloc(DIGEST_BYTES);
  private first: LeaseWaiter | null = null;

  begin(token: u32, digest: usize, tagHigh: u64, tagLow: u64, deadlineMs: u64): void {
    this.token = token;
    this.tagHigh = tagHigh;
    this.tagLow = tagLow;
    this.deadlineMs = deadlineMs;
    this.outdated = false;
    memory.copy(this.digest, digest, DIGEST_BYTES);
  }

  join(waiter: LeaseWaiter): void {
    waiter.nextWaiter = this.first;
    this.first = waiter;
  }

  leave(waiter: LeaseWaiter): void {
    let previous: LeaseWaiter | null = null;
    let current: LeaseWaiter | null = this.first;
    while (current != null && current !== waiter) {
      previous = current;
      current = current.nextWaiter;
    }
    if (current == null) return;
    if (previous == null) this.first = waiter.nextWaiter;
    else previous.nextWaiter = waiter.nextWaiter;
    waiter.nextWaiter = null;
  }

  /** Frees the place; answers the list of waiters. */
  end(): LeaseWaiter | null {
    const first = this.first;
    this.first = null;
    this.token = 0;
    return first;
  }
}
