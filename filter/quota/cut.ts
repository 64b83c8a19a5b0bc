// May this stream go on? One that has written what was set aside for it needs more of the budgets that cut, a step at a time, and is
// ended when there is none. A strict budget gives first; the others let the stream write on while the ledger is asked.

import { BudgetFlag, ErrorCode } from "../contract";
import { actAs } from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { monotonicMs } from "../state/monotonic";
import { quotaCutTotal } from "../telemetry/metrics";
import { Account, UNCUT } from "../usage/account";
import { costOf } from "../usage/bill";
import { TokenUsage } from "../usage/token-usage";
import { amountOf, hasFlag } from "./budget";
import { countsOutput } from "./forecast";
import { grants } from "./grant-client";
import { extend } from "./quota";
import { Reservation } from "./reservation";
import { NO_SLOT } from "./shared-slots";

/** Tokens of output that a stream is given at a time: a second or two of a fast model. */
const STEP: i64 = 256;

const step = new TokenUsage();

/** The error to end the stream with, or UNCUT. Call when the estimate of its output has reached `cutAt`, from the stream's context. */
export function judgeStream(account: Account, contextId: u32): i32 {
  const reservation = account.reservation;
  if (reservation == null) return UNCUT;
  step.reset();
  step.output = STEP;
  const cost = account.target == 0 ? 0 : costOf(account.target, step, account.attemptStartedMs);
  const nowMs = monotonicMs();
  let isGiven = true;
  for (let i = 0; i < reservation.count; i++) {
    if (reservation.isVoid(i) || !cuts(reservation.budget(i))) continue;
    const more = amountOf(reservation.budget(i), step, cost, 0);
    if (extend(reservation, i, more, nowMs)) continue;
    isGiven = false;
    if (!mayWait(reservation, i, more, nowMs, contextId)) return cut(reservation, i);
  }
  if (isGiven) account.cutAt += STEP;
  return UNCUT;
}

function cuts(budget: usize): bool {
  return hasFlag(budget, BudgetFlag.CUT) && !hasFlag(budget, BudgetFlag.SHADOW) && countsOutput(budget);
}

/** Asks for more, and says whether the stream may write meanwhile. */
function mayWait(reservation: Reservation, i: i32, more: i64, nowMs: i64, contextId: u32): bool {
  const index = reservation.slotOf(i);
  if (index == NO_SLOT) return reservation.isLost(i);
  CalloutApi.actAsOwner();
  const isSpent = !grants.mayGrow(index, reservation.tagOf(i), more, nowMs);
  actAs(contextId);
  return !isSpent && !hasFlag(reservation.budget(i), BudgetFlag.STRICT);
}

function cut(reservation: Reservation, i: i32): i32 {
  quotaCutTotal.add(1);
  const isQuota = hasFlag(reservation.budget(i), BudgetFlag.QUOTA);
  return isQuota ? ErrorCode.INSUFFICIENT_QUOTA : ErrorCode.RATE_LIMIT_EXCEEDED;
}
