// May this be used? Every budget that counts the request sets something aside for it, or it is refused. With a grant in hand this
// asks nobody; without one the request waits for a callout.

import { BudgetFlag, ErrorCode } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";
import { UNCAPPED } from "../json/envelope";
import { metersTokens } from "../operations";
import { countsModel, hasFlag, idOf, nextBudget } from "../quota/budget";
import { countsOutput, DEFAULT_CAP, forecast, outputOf } from "../quota/forecast";
import { grants } from "../quota/grant-client";
import { capOutput } from "../quota/output-cap";
import { hold } from "../quota/quota";
import { giveReservation, Reservation, Standing, takeReservation } from "../quota/reservation";
import { monotonicMs } from "../state/monotonic";
import { quotaRefusedTotal } from "../telemetry/metrics";

export function reserve(exchange: Exchange): Outcome {
  if (exchange.lease!.budgetCount == 0) return Outcome.NEXT;
  const account = exchange.account!;
  let reservation = account.reservation;
  if (reservation == null) {
    reservation = takeReservation();
    collect(exchange, reservation);
    if (reservation.count == 0) {
      giveReservation(reservation);
      return Outcome.NEXT;
    }
    account.reservation = reservation;
  }
  if (reservation.standing == Standing.OPEN) {
    const nowMs = monotonicMs();
    if (hold(reservation, nowMs)) {
      reservation.standing = Standing.HELD;
      grants.refill(reservation, nowMs);
    } else if (grants.wait(exchange, reservation, nowMs)) {
      return Outcome.WAITING;
    }
  }
  return reservation.standing == Standing.HELD ? begin(exchange, reservation) : refuseBy(exchange, reservation);
}

function collect(exchange: Exchange, reservation: Reservation): void {
  const lease = exchange.lease!;
  let budget = lease.firstBudget;
  for (let i = 0; i < lease.budgetCount; i++) {
    if (countsModel(budget, exchange.modelPointer, exchange.modelLength))
      reservation.add(budget, forecast(exchange, budget));
    budget = nextBudget(budget);
  }
}

/** What the budgets' rules mean for the answer. */
function begin(exchange: Exchange, reservation: Reservation): Outcome {
  let isStrict = false;
  let isCut = false;
  for (let i = 0; i < reservation.count; i++) {
    const budget = reservation.budget(i);
    if (!countsOutput(budget) || hasFlag(budget, BudgetFlag.SHADOW)) continue;
    isStrict = isStrict || hasFlag(budget, BudgetFlag.STRICT);
    isCut = isCut || hasFlag(budget, BudgetFlag.CUT);
  }
  const isUncapped = exchange.outputCap == UNCAPPED && exchange.bodyStart > 0;
  if (isCut) exchange.account!.cutAt = outputOf(exchange, isStrict);
  if (isStrict && isUncapped && metersTokens(exchange.operation)) capOutput(exchange, DEFAULT_CAP);
  return Outcome.NEXT;
}

function refuseBy(exchange: Exchange, reservation: Reservation): Outcome {
  quotaRefusedTotal.add(1);
  const budget = reservation.budget(reservation.refusedBy);
  const id = idOf(budget);
  let code = ErrorCode.QUOTA_UNAVAILABLE;
  if (reservation.standing == Standing.SPENT) {
    code = hasFlag(budget, BudgetFlag.QUOTA) ? ErrorCode.INSUFFICIENT_QUOTA : ErrorCode.RATE_LIMIT_EXCEEDED;
  }
  return refuse(exchange, code, id + 2, load<u16>(id));
}
