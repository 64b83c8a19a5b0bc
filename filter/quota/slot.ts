// What an Envoy knows of one budget, as bytes that all workers share: what it may use of the current window, what it has used and set
// aside, and what older windows still owe their requests. This file knows the bytes alone; who may change them, and when, is quota.ts
// and grant-client.ts. Times are of the monotonic clock.
//
//   header  [ tag 16 | stamp | id | sequence | applied | least wanted | asked | not after | allowance | reserved at | grain | unplaced |
//            floor | pace | largest | pending ]
//   windows [ current | older | older | oldest ]      each [ start | end | allocated | used | reserved | limit | remaining | told ]

const TAG: usize = 0;
const STAMP: usize = 16;
const ID: usize = 20;
const SEQUENCE: usize = 88;
const APPLIED: usize = 96;
const LEAST_WANTED: usize = 104;
const ASKED: usize = 112;
const NOT_AFTER: usize = 120;
const ALLOWANCE: usize = 128;
const RESERVED_AT: usize = 136;
const GRAIN: usize = 144;
const UNPLACED: usize = 152;
const FLOOR: usize = 160;
const PACE: usize = 168;
const LARGEST: usize = 176;
const PENDING: usize = 184;
const WINDOWS: usize = 192;

const START: usize = 0;
const END: usize = 8;
const ALLOCATED: usize = 16;
const USED: usize = 24;
const RESERVED: usize = 32;
const LIMIT: usize = 40;
const REMAINING: usize = 48;
const TOLD: usize = 56;
const WINDOW_BYTES: usize = 64;

export const WINDOWS_MAX: i32 = 4;
export const SLOT_BYTES: i32 = 448;
/** The longest id of a resource. */
export const ID_BYTES_MAX: i32 = 63;
/** Longer than anybody waits for a grant: a worker that died cannot take back what it needed. */
const WAIT_MS_MAX: i64 = 5_000;
/** Start of a window that there is not. */
export const NO_WINDOW: i64 = i64.MIN_VALUE;

/** A window of a slot: a handle, good as long as the slot's bytes stay where they are. */
export class Window {
  constructor(private pointer: usize) {}

  at(pointer: usize): Window {
    this.pointer = pointer;
    return this;
  }

  /** Unix ms by the ledger; it names the window. */
  get start(): i64 {
    return load<i64>(this.pointer, START);
  }
  get end(): i64 {
    return load<i64>(this.pointer, END);
  }
  set end(value: i64) {
    store<i64>(this.pointer, value, END);
  }
  get allocated(): i64 {
    return load<i64>(this.pointer, ALLOCATED);
  }
  set allocated(value: i64) {
    store<i64>(this.pointer, value, ALLOCATED);
  }
  get used(): i64 {
    return load<i64>(this.pointer, USED);
  }
  set used(value: i64) {
    store<i64>(this.pointer, value, USED);
  }
  get reserved(): i64 {
    return load<i64>(this.pointer, RESERVED);
  }
  set reserved(value: i64) {
    store<i64>(this.pointer, value, RESERVED);
  }
  get limit(): i64 {
    return load<i64>(this.pointer, LIMIT);
  }
  set limit(value: i64) {
    store<i64>(this.pointer, value, LIMIT);
  }
  /** What nobody held when the ledger was last asked. */
  get remaining(): i64 {
    return load<i64>(this.pointer, REMAINING);
  }
  set remaining(value: i64) {
    store<i64>(this.pointer, value, REMAINING);
  }
  /** `used` as the ledger knows it. */
  get told(): i64 {
    return load<i64>(this.pointer, TOLD);
  }
  set told(value: i64) {
    store<i64>(this.pointer, value, TOLD);
  }
  get free(): i64 {
    return this.allocated - this.used - this.reserved;
  }
  get isSettled(): bool {
    return this.reserved == 0 && this.used == this.told;
  }
}

export class Slot {
  pointer: usize = 0;
  private readonly window: Window = new Window(0);

  at(pointer: usize): Slot {
    this.pointer = pointer;
    return this;
  }

  /** Of a budget that nobody has asked for yet. `id` is a str16. */
  begin(high: u64, low: u64, stamp: u32, id: usize): void {
    memory.fill(this.pointer, 0, SLOT_BYTES);
    store<u64>(this.pointer, high, TAG);
    store<u64>(this.pointer, low, TAG + 8);
    store<u32>(this.pointer, stamp, STAMP);
    const length = min<i32>(load<u16>(id), ID_BYTES_MAX);
    store<u8>(this.pointer, <u8>length, ID);
    memory.copy(this.pointer + ID + 1, id + 2, length);
    this.leastWanted = i64.MAX_VALUE;
    for (let i = 0; i < WINDOWS_MAX; i++) this.clear(i);
  }

  is(high: u64, low: u64): bool {
    return load<u64>(this.pointer, TAG) == high && load<u64>(this.pointer, TAG + 8) == low;
  }
  /** The half of the tag by which it is told that a slot still is a budget's. */
  get tag(): u64 {
    return load<u64>(this.pointer, TAG + 8);
  }
  get stamp(): u32 {
    return load<u32>(this.pointer, STAMP);
  }
  get idPointer(): usize {
    return this.pointer + ID + 1;
  }
  get idLength(): i32 {
    return load<u8>(this.pointer, ID);
  }
  /** Of the last ask. */
  get sequence(): i64 {
    return load<i64>(this.pointer, SEQUENCE);
  }
  set sequence(value: i64) {
    store<i64>(this.pointer, value, SEQUENCE);
  }
  /** Of the last reply that counted. */
  get applied(): i64 {
    return load<i64>(this.pointer, APPLIED);
  }
  set applied(value: i64) {
    store<i64>(this.pointer, value, APPLIED);
  }
  /** The smallest `wanted` that was asked since `applied`, or before. */
  get leastWanted(): i64 {
    return load<i64>(this.pointer, LEAST_WANTED);
  }
  set leastWanted(value: i64) {
    store<i64>(this.pointer, value, LEAST_WANTED);
  }
  get askedMs(): i64 {
    return load<i64>(this.pointer, ASKED);
  }
  set askedMs(value: i64) {
    store<i64>(this.pointer, value, ASKED);
  }
  /** From here on nothing of what is allocated may be used. */
  get notAfterMs(): i64 {
    return load<i64>(this.pointer, NOT_AFTER);
  }
  set notAfterMs(value: i64) {
    store<i64>(this.pointer, value, NOT_AFTER);
  }
  /** What was used without the ledger since it was last heard. */
  get allowance(): i64 {
    return load<i64>(this.pointer, ALLOWANCE);
  }
  set allowance(value: i64) {
    store<i64>(this.pointer, value, ALLOWANCE);
  }
  get reservedAtMs(): i64 {
    return load<i64>(this.pointer, RESERVED_AT);
  }
  set reservedAtMs(value: i64) {
    store<i64>(this.pointer, value, RESERVED_AT);
  }
  /** How much beyond the need the last grant was. */
  get grain(): i64 {
    return load<i64>(this.pointer, GRAIN);
  }
  set grain(value: i64) {
    store<i64>(this.pointer, value, GRAIN);
  }

  /** What was used without the ledger before it named any window. */
  get unplaced(): i64 {
    return load<i64>(this.pointer, UNPLACED);
  }
  set unplaced(value: i64) {
    store<i64>(this.pointer, value, UNPLACED);
  }

  /** Used and set aside of the current window at the last ask. */
  get floor(): i64 {
    return load<i64>(this.pointer, FLOOR);
  }
  set floor(value: i64) {
    store<i64>(this.pointer, value, FLOOR);
  }
  /** What went in the time for which one asks ahead, lately. */
  get pace(): i64 {
    return load<i64>(this.pointer, PACE);
  }
  set pace(value: i64) {
    store<i64>(this.pointer, value, PACE);
  }
  /** The most that one request has set aside, lately. */
  get largest(): i64 {
    return load<i64>(this.pointer, LARGEST);
  }
  set largest(value: i64) {
    store<i64>(this.pointer, value, LARGEST);
  }

  /** What requests that wait need of it, of all workers. */
  get pending(): i64 {
    return load<i64>(this.pointer, PENDING);
  }
  set pending(value: i64) {
    store<i64>(this.pointer, value, PENDING);
  }

  /** 0 = the current one. One handle for all of them: use it before the next call. */
  windowAt(index: i32): Window {
    return this.window.at(this.pointer + WINDOWS + <usize>index * WINDOW_BYTES);
  }

  /** The place of the window that begins then; -1 when there is none. */
  placeOf(start: i64): i32 {
    for (let i = 0; i < WINDOWS_MAX; i++) if (this.windowAt(i).start == start) return i;
    return -1;
  }

  get hasWindow(): bool {
    return this.windowAt(0).start != NO_WINDOW;
  }

  /** Whether what is allocated of the current window may be used. */
  isUsable(nowMs: i64): bool {
    return nowMs < this.notAfterMs && nowMs < this.windowAt(0).end && this.hasWindow;
  }

  /** A new current window. The others age, and the oldest is forgotten. */
  open(start: i64): void {
    const windows = this.pointer + WINDOWS;
    memory.copy(windows + WINDOW_BYTES, windows, <usize>(WINDOWS_MAX - 1) * WINDOW_BYTES);
    this.clear(0);
    store<i64>(windows, start, START);
    store<i64>(windows, this.unplaced, USED);
    this.unplaced = 0;
    this.floor = 0;
  }

  clear(index: i32): void {
    const window = this.pointer + WINDOWS + <usize>index * WINDOW_BYTES;
    memory.fill(window, 0, WINDOW_BYTES);
    store<i64>(window, NO_WINDOW, START);
  }

  /** Nobody misses it: nobody waits, nothing is reserved or untold, and what is left of the grant has lapsed or was given back. */
  isIdle(nowMs: i64): bool {
    if (this.unplaced != 0 || (this.pending > 0 && nowMs - this.askedMs < WAIT_MS_MAX)) return false;
    for (let i = 0; i < WINDOWS_MAX; i++) if (!this.windowAt(i).isSettled) return false;
    return this.windowAt(0).free <= 0 || !this.isUsable(nowMs);
  }
}
