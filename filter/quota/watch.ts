// What one worker minds of one slot: who waits for it here, whether it is being asked about, and what the ledger last said.

import { GrantOutcome } from "../contract";

export class Watch {
  /** What requests that wait in this worker need of it. */
  pending: i64 = 0;
  /** Asks of this worker that are under way. */
  asks: i32 = 0;
  /** Serial of the last ask that was answered, or given up, and how. */
  answered: i64 = 0;
  outcome: i32 = GrantOutcome.GRANTED;
  /** Who needs so much, or more, is refused without being asked for until `spentMs` (monotonic). */
  spentFrom: i64 = i64.MAX_VALUE;
  spentMs: i64 = 0;
  /** Monotonic ms before which nobody asks, because the ledger could not be asked. */
  retryMs: i64 = 0;

  constructor(
    readonly index: i32,
    readonly tag: u64,
  ) {}

  get isIdle(): bool {
    return this.pending == 0 && this.asks == 0;
  }
}
