// How much of one target's capacity an Envoy has in use, as bytes that all workers share: what may be taken now, and of every worker
// that has requests at the target or waiting for it a row. A worker writes its own row alone, from what it knows; one that was not
// renewed for LEASE_MS is of a worker that is gone and counts no more. Times are of the monotonic clock.
//
//   header [ tag 16 | filled at | level | since aged | reserve of each group | asked at, of each group ]
//   rows   [ worker | renewed at | in flight by group | waiting by class | oldest that waits by class ] …
//
// Tokens are counted in sixty-thousandths, so that a bucket that fills by the millisecond stays exact.

import { CLASSES, GROUPS } from "./declaration";

const FILLED_AT: usize = 16;
const LEVEL: usize = 24;
const SINCE_AGED: usize = 32;
const RESERVES: usize = 40;
const ASKED_AT: usize = 168;
export const HEADER_BYTES: i32 = 296;

const RENEWED_AT: usize = 8;
const IN_FLIGHT: usize = 16;
const WAITING: usize = 56;
const OLDEST: usize = 72;
export const ROW_BYTES: i32 = 136;

/** Workers that use one target at once; what more of them use is not seen by the others. */
export const ROWS_MAX: i32 = 128;
export const SLOT_BYTES_MAX: i32 = HEADER_BYTES + ROWS_MAX * ROW_BYTES;
/** A row is renewed every second. */
const LEASE_MS: i64 = 5_000;
/** In flight of tenants whose share was taken away meanwhile. */
export const FORMER: i32 = GROUPS;
/** Nobody waits. */
export const NOBODY: i64 = i64.MAX_VALUE;

/** What a worker has of one target; also used for the sum over the other workers. */
export class Tally {
  readonly inFlight: StaticArray<i32> = new StaticArray<i32>(GROUPS + 1);
  readonly waiting: StaticArray<i32> = new StaticArray<i32>(CLASSES);
  /** When the one that waits longest came; NOBODY where none does. */
  readonly oldestMs: StaticArray<i64> = new StaticArray<i64>(CLASSES).fill(NOBODY);

  clear(): void {
    this.inFlight.fill(0);
    this.waiting.fill(0);
    this.oldestMs.fill(NOBODY);
  }

  get total(): i32 {
    let sum = 0;
    for (let i = 0; i <= GROUPS; i++) sum += unchecked(this.inFlight[i]);
    return sum;
  }

  /** Of this class and those above it. */
  waitingUpTo(rank: i32): i32 {
    let sum = 0;
    for (let i = 0; i <= rank; i++) sum += unchecked(this.waiting[i]);
    return sum;
  }

  get isIdle(): bool {
    return this.total == 0 && this.waitingUpTo(CLASSES - 1) == 0;
  }

  addRow(row: usize): void {
    for (let i = 0; i <= GROUPS; i++) this.inFlight[i] += load<u16>(row + <usize>i * 2, IN_FLIGHT);
    for (let i = 0; i < CLASSES; i++) {
      this.waiting[i] += load<u16>(row + <usize>i * 2, WAITING);
      this.oldestMs[i] = min(this.oldestMs[i], load<i64>(row + <usize>i * 8, OLDEST));
    }
  }

  writeRow(row: usize, worker: u64, nowMs: i64): void {
    store<u64>(row, worker);
    store<i64>(row, nowMs, RENEWED_AT);
    memory.fill(row + IN_FLIGHT, 0, OLDEST - IN_FLIGHT);
    for (let i = 0; i <= GROUPS; i++) store<u16>(row + <usize>i * 2, <u16>this.inFlight[i], IN_FLIGHT);
    for (let i = 0; i < CLASSES; i++) {
      store<u16>(row + <usize>i * 2, <u16>this.waiting[i], WAITING);
      store<i64>(row + <usize>i * 8, this.oldestMs[i], OLDEST);
    }
  }
}

/** A copy of a slot: its header, and the rows of the other workers that live. */
export class Slot {
  private readonly bytes: usize = heap.alloc(SLOT_BYTES_MAX);
  private rows: i32 = 0;
  readonly others: Tally = new Tally();

  begin(high: u64, low: u64, nowMs: i64): void {
    memory.fill(this.bytes, 0, HEADER_BYTES);
    store<u64>(this.bytes, high);
    store<u64>(this.bytes, low, 8);
    this.filledAtMs = nowMs;
    this.level = i64.MAX_VALUE;
    for (let i = 0; i < GROUPS; i++) {
      this.setReserve(i, i64.MAX_VALUE);
      store<i64>(this.bytes + <usize>i * 8, i64.MIN_VALUE, ASKED_AT);
    }
    this.rows = 0;
    this.others.clear();
  }

  read(pointer: usize, length: i32, worker: u64, nowMs: i64): void {
    memory.copy(this.bytes, pointer, HEADER_BYTES);
    this.rows = 0;
    this.others.clear();
    for (let at = HEADER_BYTES; at + ROW_BYTES <= length; at += ROW_BYTES) {
      const row = pointer + <usize>at;
      if (load<u64>(row) == worker || nowMs - load<i64>(row, RENEWED_AT) > LEASE_MS) continue;
      memory.copy(this.bytes + <usize>(HEADER_BYTES + this.rows++ * ROW_BYTES), row, ROW_BYTES);
      this.others.addRow(row);
    }
  }

  /** With the worker's own row, if there is anything in it. Answers the length; 0 = there is no place for one row more. */
  finish(own: Tally, worker: u64, nowMs: i64): i32 {
    const length = HEADER_BYTES + this.rows * ROW_BYTES;
    if (own.isIdle) return length;
    if (this.rows == ROWS_MAX) return 0;
    own.writeRow(this.bytes + <usize>length, worker, nowMs);
    return length + ROW_BYTES;
  }

  get pointer(): usize {
    return this.bytes;
  }
  get filledAtMs(): i64 {
    return load<i64>(this.bytes, FILLED_AT);
  }
  set filledAtMs(value: i64) {
    store<i64>(this.bytes, value, FILLED_AT);
  }
  /** Tokens that may be taken; below zero after more was used than was thought. */
  get level(): i64 {
    return load<i64>(this.bytes, LEVEL);
  }
  set level(value: i64) {
    store<i64>(this.bytes, value, LEVEL);
  }
  /** Requests that were admitted since one that had waited too long. */
  get sinceAged(): i64 {
    return load<i64>(this.bytes, SINCE_AGED);
  }
  set sinceAged(value: i64) {
    store<i64>(this.bytes, value, SINCE_AGED);
  }
  /** What of `level` is kept for a group. */
  reserve(group: i32): i64 {
    return load<i64>(this.bytes + <usize>group * 8, RESERVES);
  }
  setReserve(group: i32, value: i64): void {
    store<i64>(this.bytes + <usize>group * 8, value, RESERVES);
  }
  askedAtMs(group: i32): i64 {
    return load<i64>(this.bytes + <usize>group * 8, ASKED_AT);
  }
  setAskedAtMs(group: i32, value: i64): void {
    store<i64>(this.bytes + <usize>group * 8, value, ASKED_AT);
  }
}

export function isOf(pointer: usize, length: i32, high: u64, low: u64): bool {
  return length >= HEADER_BYTES && load<u64>(pointer) == high && load<u64>(pointer, 8) == low;
}

/** Whether no worker that lives has anything in it. */
export function isIdle(pointer: usize, length: i32, nowMs: i64): bool {
  for (let at = HEADER_BYTES; at + ROW_BYTES <= length; at += ROW_BYTES) {
    if (nowMs - load<i64>(pointer + <usize>at, RENEWED_AT) <= LEASE_MS) return false;
  }
  return true;
}
