// What one exchange has set aside of the budgets that count it, and what it has really used. It belongs to the exchange's account.
// Pooled: most exchanges have none.

import { BudgetFlag } from "../contract";
import { TokenUsage } from "../usage/token-usage";
import { amountOf, hasFlag } from "./budget";
import { NO_WINDOW } from "./slot";

/** Rows that a pooled reservation keeps: most exchanges have fewer budgets. */
const KEPT: i32 = 4;

const BUDGET: usize = 0;
const AMOUNT: usize = 8;
const USED: usize = 16;
const TAG: usize = 24;
const WINDOW: usize = 32;
const LIMIT: usize = 40;
const REMAINDER: usize = 48;
const END: usize = 56;
const SLOT: usize = 64;
const VOID: usize = 68;
const LOST: usize = 69;
const ROW_BYTES: usize = 72;

/** Limit of a budget about which the ledger has said nothing yet. */
export const UNKNOWN: i64 = -1;
/** No budget. */
export const NONE: i32 = -1;

export enum Standing {
  /** Nothing is set aside. */
  OPEN = 0,
  /** In the waiting room. */
  WAITING = 1,
  /** All budgets agree. */
  HELD = 2,
  /** The budget `refusedBy` is spent. */
  SPENT = 3,
  /** The ledger could not be asked about the budget `refusedBy`, whose policy is to refuse then. */
  LOST = 4,
}

export class Reservation {
  standing: Standing = Standing.OPEN;
  count: i32 = 0;
  refusedBy: i32 = NONE;
  /** Monotonic ms; in the waiting room. */
  deadlineMs: i64 = 0;
  /** The last ask that was sent before it began to wait. */
  joined: i64 = 0;
  /** Where `hold` had to stop. */
  lacks: i32 = NONE;

  /** A row per budget; as many as there ever were, up to KEPT. */
  private rows: usize = 0;
  private capacity: i32 = 0;

  begin(): Reservation {
    this.standing = Standing.OPEN;
    this.count = 0;
    this.refusedBy = NONE;
    this.joined = 0;
    this.lacks = NONE;
    return this;
  }

  add(budget: usize, amount: i64): void {
    if (this.count == this.capacity) this.grow();
    const row = this.row(this.count++);
    memory.fill(row, 0, ROW_BYTES);
    store<usize>(row, budget, BUDGET);
    store<i64>(row, amount, AMOUNT);
    store<i64>(row, UNKNOWN, LIMIT);
    store<i64>(row, NO_WINDOW, WINDOW);
  }

  /** As the lease describes it. */
  budget(i: i32): usize {
    return load<usize>(this.row(i), BUDGET);
  }
  amount(i: i32): i64 {
    return load<i64>(this.row(i), AMOUNT);
  }
  raise(i: i32, by: i64): void {
    store<i64>(this.row(i), this.amount(i) + by, AMOUNT);
  }
  /** So far. */
  usedOf(i: i32): i64 {
    return load<i64>(this.row(i), USED);
  }
  slotOf(i: i32): i32 {
    return load<i32>(this.row(i), SLOT);
  }
  tagOf(i: i32): u64 {
    return load<u64>(this.row(i), TAG);
  }
  windowOf(i: i32): i64 {
    return load<i64>(this.row(i), WINDOW);
  }
  isAt(i: i32, slot: i32, tag: u64, window: i64): void {
    const row = this.row(i);
    store<i32>(row, slot, SLOT);
    store<u64>(row, tag, TAG);
    store<i64>(row, window, WINDOW);
  }
  limitOf(i: i32): i64 {
    return load<i64>(this.row(i), LIMIT);
  }
  remainderOf(i: i32): i64 {
    return load<i64>(this.row(i), REMAINDER);
  }
  endOf(i: i32): i64 {
    return load<i64>(this.row(i), END);
  }
  /** Of the budget when this was set aside, for the client: its limit, what is left of it, when its window ends (monotonic ms). */
  describe(i: i32, limit: i64, remainder: i64, end: i64): void {
    const row = this.row(i);
    store<i64>(row, limit, LIMIT);
    store<i64>(row, remainder, REMAINDER);
    store<i64>(row, end, END);
  }
  /** The ledger does not know the budget any more. */
  isVoid(i: i32): bool {
    return load<bool>(this.row(i), VOID);
  }
  makeVoid(i: i32): void {
    store<bool>(this.row(i), true, VOID);
  }
  /** The ledger cannot be asked, and the allowance may be used. */
  isLost(i: i32): bool {
    return load<bool>(this.row(i), LOST);
  }
  makeLost(i: i32): void {
    store<bool>(this.row(i), true, LOST);
  }

  /** What an attempt, or the whole exchange, has used. An estimate is never more than was set aside where that was the most possible. */
  charge(usage: TokenUsage, costNanos: i64, requests: i64, estimated: bool): void {
    for (let i = 0; i < this.count; i++) {
      const budget = this.budget(i);
      let amount = amountOf(budget, usage, costNanos, requests);
      if (estimated && hasFlag(budget, BudgetFlag.STRICT))
        amount = min(amount, max<i64>(this.amount(i) - this.usedOf(i), 0));
      store<i64>(this.row(i), this.usedOf(i) + amount, USED);
    }
  }

  /** Gives back what few exchanges need. */
  trim(): void {
    if (this.capacity <= KEPT) return;
    heap.free(this.rows);
    this.rows = 0;
    this.capacity = 0;
  }

  private row(i: i32): usize {
    return this.rows + <usize>i * ROW_BYTES;
  }

  private grow(): void {
    const capacity = max(this.capacity * 2, KEPT);
    const bytes = <usize>capacity * ROW_BYTES;
    this.rows = this.capacity > 0 ? heap.realloc(this.rows, bytes) : heap.alloc(bytes);
    this.capacity = capacity;
  }
}

const pool: Reservation[] = [];

export function takeReservation(): Reservation {
  return pool.length > 0 ? pool.pop().begin() : new Reservation();
}

export function giveReservation(reservation: Reservation): void {
  reservation.trim();
  pool.push(reservation);
}
