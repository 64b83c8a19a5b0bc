// What one exchange has taken of targets' capacity, or waits for. It belongs to the exchange's account. Pooled: where no capacity is
// declared an exchange has none.

import { CapacityTarget } from "./capacity-target";
import { NO_GROUP } from "./declaration";

export enum Claim {
  /** Nothing is decided. */
  OPEN = 0,
  /** In the queue of `target`. */
  WAITING = 1,
  /** May go to `record`; holds room at `target`, or nothing where that is null. */
  HELD = 2,
  /** There is no room. */
  SHED = 3,
}

export class Admission {
  claim: Claim = Claim.OPEN;
  /** Of its priority class. */
  rank: i32 = 0;
  /** str16 of the lease */
  tenant: usize = 0;
  /** What it is thought to use. */
  tokens: i64 = 0;
  /** What it has used at `target` so far. */
  used: i64 = 0;
  target: CapacityTarget | null = null;
  /** Target record at which the plan begins. */
  record: usize = 0;
  /** Which share `target` counts it in, by the numbers of that generation. */
  group: i32 = NO_GROUP;
  generation: i32 = 0;
  /** Its tokens are of that share, and not of what is common. */
  isOwnShare: bool = false;
  /** Monotonic ms */
  arrivedMs: i64 = 0;
  deadlineMs: i64 = 0;
  waitedMs: i64 = 0;
  /** Of a refusal. */
  retryAfterMs: i64 = 0;

  begin(rank: i32, tenant: usize, tokens: i64, nowMs: i64): Admission {
    this.claim = Claim.OPEN;
    this.rank = rank;
    this.tenant = tenant;
    this.tokens = tokens;
    this.used = 0;
    this.target = null;
    this.record = 0;
    this.arrivedMs = nowMs;
    this.waitedMs = 0;
    this.retryAfterMs = 0;
    return this;
  }
}

const pool: Admission[] = [];

export function takeAdmission(): Admission {
  return pool.length > 0 ? pool.pop() : new Admission();
}

export function giveAdmission(admission: Admission): void {
  admission.target = null;
  pool.push(admission);
}
