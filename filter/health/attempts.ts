// What attempts tell of their targets: who failed, who is throttled, who is slow, and who is well again. Only a target that others can stand
// in for is left for a while; mistakes of the caller (400, 413, 422) are held against nobody.

import { LeftOut, TargetFlag } from "../contract";
import { nowMs } from "../sdk";
import { monotonicMs } from "../state/monotonic";
import { Account, Attempt } from "../usage/account";
import { latency, REQUESTS_MIN } from "./latency";
import { outs } from "./outs";
import { countFailure, endFailures } from "./tally";

/** So many failures in a row, in one worker. */
const FAILURES_MAX: u32 = 5;
const FAILING_MS: i64 = 5_000;
const SLOW_MS: i64 = 10_000;
/** Nobody is believed for longer. */
const THROTTLED_MS_MAX: i64 = 3_600_000;
/** Shorter answers say nothing about a rate. */
const TOKENS_MIN: i64 = 16;
const MILLI: i64 = 1000;

const FLAGS: usize = 3;
const TAG: usize = 16;
const FIRST_MS_MAX: usize = 24;
const RATE_MIN: usize = 28;

/** Of a target record. */
export function tagOf(record: usize): u64 {
  return load<u64>(record, TAG);
}

/** No reply came. */
export function attemptFailed(account: Account): void {
  if (!account.hasAlternatives || account.target == 0) return;
  const tag = tagOf(account.target);
  if (countFailure(tag) < FAILURES_MAX && !outs.isSuspect(tag)) return;
  endFailures(tag);
  outs.mark(tag, LeftOut.FAILING, FAILING_MS, monotonicMs());
}

/** A reply came that is no success. One of success that had to be given up is a failure too. */
export function attemptRefused(account: Account, status: i32): void {
  const isFault = status >= 500 || status == 401 || status == 403 || status == 404 || status == 408;
  if (isFault || status < 400) attemptFailed(account);
}

/** There is content, or a whole reply. */
export function attemptSucceeded(account: Account): void {
  if (!account.hasAlternatives || account.target == 0) return;
  const tag = tagOf(account.target);
  const failures = endFailures(tag);
  if (failures > 0 || account.sawOuts) recovered(tag);
}

function recovered(tag: u64): void {
  if (outs.isSuspect(tag)) outs.clear(tag);
}

export function attemptThrottled(account: Account, forMs: i64): void {
  if (!account.hasAlternatives || account.target == 0) return;
  outs.mark(tagOf(account.target), LeftOut.THROTTLED, min(forMs, THROTTLED_MS_MAX), monotonicMs());
}

/** The exchange is over; `status` is what the client got. An attempt without a reply to which Envoy itself answered has failed. */
export function settleHealth(account: Account, status: i32): void {
  const target = account.target;
  if (target == 0) return;
  if (account.attempt == Attempt.OPEN && status >= 502 && status <= 504) attemptFailed(account);
  if ((load<u8>(target, FLAGS) & TargetFlag.TRACKED) == 0) return;
  if (account.attempt != Attempt.ANSWERED || status < 200 || status >= 300) return;
  time(account, target);
}

function time(account: Account, target: usize): void {
  const tag = tagOf(target);
  const streams = account.streaming && account.firstContentMs != 0;
  const endMs = nowMs();
  const firstMs: i64 = (streams ? account.firstContentMs : endMs) - account.attemptStartedMs;
  const writingMs: i64 = streams ? endMs - account.firstContentMs : 0;
  const tokens = account.reader.told ? account.reader.usage.output : account.estimate.tokens;
  const rate = writingMs > 0 && tokens >= TOKENS_MIN ? (tokens * MILLI * MILLI) / writingMs : 0;
  latency.add(tag, streams, firstMs * MILLI, rate);
  if (!account.hasAlternatives || latency.requests < REQUESTS_MIN) return;
  const firstMax: i64 = load<u32>(target, FIRST_MS_MAX);
  const rateMin: i64 = load<u32>(target, RATE_MIN);
  const isLate = streams && firstMax > 0 && latency.firstUs > firstMax * MILLI;
  const isSlow = rateMin > 0 && latency.rate > 0 && latency.rate < rateMin * MILLI;
  if (!isLate && !isSlow) return;
  outs.mark(tag, LeftOut.SLOW, SLOW_MS, monotonicMs());
  latency.reset(tag, streams);
}
