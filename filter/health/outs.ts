// Targets that are in no plan for a while, in one entry of Envoy's shared data: what one worker finds out holds for all of them at once.
// A target that was throttled comes back by itself; one that failed or was slow gets a small share of requests first, until one succeeds.
//
//   rows [ tag of the target | until, monotonic ms | reason | how often in a row ]        mostly none
//
//   out ── until ──▶ recovering: one request in RECOVERY_PARTS ─┬─ success ─▶ no row
//    ▲                                                          └─ failure ─┐
//    └───────────────────────────── twice as long ──────────────────────────┘

import { LeftOut } from "../contract";
import { getSharedData, hostLength, hostPointer, setSharedData, sharedDataCas } from "../sdk";
import { anyBelow } from "../state/random";

const TAG: usize = 0;
const UNTIL: usize = 8;
const REASON: usize = 16;
const TIMES: usize = 17;
const ROW_BYTES: i32 = 24;
export const ROWS_MAX: i32 = 256;
/** One request in so many tries a target that may be back. */
export const RECOVERY_PARTS: u32 = 16;
/** After this time without news a target is as good as any. */
export const RECOVERY_MS: i64 = 30_000;
const TIMES_MAX: u32 = 5;

// "health1/out"
const KEY_BYTES: i32 = 11;
const KEY: usize = memory.data<u8>([0x68, 0x65, 0x61, 0x6c, 0x74, 0x68, 0x31, 0x2f, 0x6f, 0x75, 0x74]);
const rows: usize = heap.alloc(<usize>(ROWS_MAX * ROW_BYTES));

export class Outs {
  private count: i32 = 0;
  private cas: u32 = 0;

  /** Call when the VM starts: Envoy starts one VM, alone, before any worker has one. */
  start(): void {
    if (!getSharedData(KEY, KEY_BYTES)) setSharedData(KEY, KEY_BYTES, rows, 0, 0);
  }

  /** Takes a copy of what holds now. */
  load(): void {
    this.count = 0;
    if (!getSharedData(KEY, KEY_BYTES)) return;
    this.cas = sharedDataCas();
    this.count = min(hostLength() / ROW_BYTES, ROWS_MAX);
    if (this.count > 0) memory.copy(rows, hostPointer(), <usize>(this.count * ROW_BYTES));
  }

  /** Whether there is any, by the last copy. */
  get hasAny(): bool {
    return this.count > 0;
  }

  /** Why a target is left out, by the last copy; NONE = it is not. */
  reasonFor(tag: u64, nowMs: i64): LeftOut {
    const row = this.find(tag);
    if (row == 0) return LeftOut.NONE;
    const reason: LeftOut = load<u8>(row, REASON);
    const since = nowMs - load<i64>(row, UNTIL);
    if (since < 0) return reason;
    if (reason == LeftOut.THROTTLED || since > RECOVERY_MS) return LeftOut.NONE;
    return anyBelow(RECOVERY_PARTS) == 0 ? LeftOut.NONE : LeftOut.RECOVERING;
  }

  /** When a target is back, by the last copy; 0 = now. */
  backAtMs(tag: u64): i64 {
    const row = this.find(tag);
    return row == 0 ? 0 : load<i64>(row, UNTIL);
  }

  /** Whether a target failed lately and is not known to be back. */
  isSuspect(tag: u64): bool {
    if (!getSharedData(KEY, KEY_BYTES) || hostLength() == 0) return false;
    this.load();
    const row = this.find(tag);
    return row != 0 && load<u8>(row, REASON) != <u8>LeftOut.THROTTLED;
  }

  /** Longer each time in a row, but for a target that says itself for how long. */
  mark(tag: u64, reason: LeftOut, forMs: i64, nowMs: i64): void {
    do {
      this.load();
      this.forget(nowMs);
      let row = this.find(tag);
      let times: u32 = 0;
      if (row == 0) row = this.free();
      else if (reason != LeftOut.THROTTLED) {
        // What was under way when it went out says nothing new.
        if (nowMs < load<i64>(row, UNTIL)) return;
        times = min(<u32>load<u8>(row, TIMES) + 1, TIMES_MAX);
      }
      const until = nowMs + (forMs << times);
      if (load<u64>(row) == tag && load<i64>(row, UNTIL) > until) return;
      store<u64>(row, tag, TAG);
      store<i64>(row, until, UNTIL);
      store<u8>(row, <u8>reason, REASON);
      store<u8>(row, <u8>times, TIMES);
    } while (!this.save());
  }

  /** It is back. */
  clear(tag: u64): void {
    do {
      this.load();
      const row = this.find(tag);
      if (row == 0) return;
      this.drop(row);
    } while (!this.save());
  }

  private find(tag: u64): usize {
    for (let i = 0; i < this.count; i++) {
      const row = rows + <usize>(i * ROW_BYTES);
      if (load<u64>(row) == tag) return row;
    }
    return 0;
  }

  /** A row for another target: a new one, or that of the target which is back first. */
  private free(): usize {
    let row = rows + <usize>(this.count * ROW_BYTES);
    if (this.count < ROWS_MAX) {
      this.count++;
    } else {
      row = rows;
      for (let i = 1; i < ROWS_MAX; i++) {
        const other = rows + <usize>(i * ROW_BYTES);
        if (load<i64>(other, UNTIL) < load<i64>(row, UNTIL)) row = other;
      }
    }
    memory.fill(row, 0, ROW_BYTES);
    return row;
  }

  /** What is long over. */
  private forget(nowMs: i64): void {
    for (let i = this.count - 1; i >= 0; i--) {
      const row = rows + <usize>(i * ROW_BYTES);
      if (nowMs - load<i64>(row, UNTIL) > RECOVERY_MS) this.drop(row);
    }
  }

  private drop(row: usize): void {
    const last = rows + <usize>(--this.count * ROW_BYTES);
    if (last != row) memory.copy(row, last, ROW_BYTES);
  }

  private save(): bool {
    return setSharedData(KEY, KEY_BYTES, rows, this.count * ROW_BYTES, this.cas);
  }
}

export const outs = new Outs();
