// Sets aside, tops up and settles what exchanges use of their budgets, in the slots that all workers share. Nothing here asks the
// ledger: what does not fit into what was granted is said to be lacking, and grant-client.ts sees to it.
//
//   allocated  [ used | reserved | free ]        a reservation is settled in the window in which it was made

import { BudgetFlag, BudgetMeasure } from "../contract";
import { quotaShadowedTotal, quotaUnledgeredTotal } from "../telemetry/metrics";
import { allowanceOf, hasFlag, idOf, keptPercent, measureOf } from "./budget";
import { NONE, Reservation, Standing, UNKNOWN } from "./reservation";
import { NO_SLOT, slots } from "./shared-slots";
import { NO_WINDOW, Slot } from "./slot";

/** Below this part of the last grant's surplus the next one is asked for, while requests still go on. */
const LOW_PARTS: i64 = 16;
const HUNDRED: i64 = 100;

/** All budgets or none. False: the budget `lacks` has no room, or its slot is not to be had. */
export function hold(reservation: Reservation, nowMs: i64): bool {
  reservation.lacks = NONE;
  for (let i = 0; i < reservation.count; i++) {
    if (reservation.isVoid(i) || holdOne(reservation, i, nowMs)) continue;
    reservation.lacks = i;
    for (let held = 0; held < i; held++) give(reservation, held, reservation.amount(held), 0);
    for (let other = i + 1; other < reservation.count; other++) locate(reservation, other, nowMs);
    return false;
  }
  return true;
}

/** Whether this much may not be taken because it is kept for higher classes: by what nobody held when the ledger was last asked. */
export function isKept(slot: Slot, budget: usize, amount: i64): bool {
  const percent = keptPercent(budget);
  if (percent == 0) return false;
  const window = slot.windowAt(0);
  return (window.remaining + window.free - amount) * HUNDRED < window.limit * percent;
}

/** More of one budget, for a stream that runs longer than was thought. */
export function extend(reservation: Reservation, i: i32, by: i64, nowMs: i64): bool {
  while (slots.load(reservation.slotOf(i), reservation.tagOf(i))) {
    const slot = slots.slot;
    const place = slot.placeOf(reservation.windowOf(i));
    if (place != 0 || !slot.isUsable(nowMs) || slot.windowAt(0).free < by) return false;
    if (isKept(slot, reservation.budget(i), by)) return false;
    slot.windowAt(0).reserved += by;
    if (!slots.save()) continue;
    reservation.raise(i, by);
    return true;
  }
  return false;
}

/** The exchange is over: what it has used takes the place of what was set aside. */
export function settle(reservation: Reservation): void {
  if (reservation.standing != Standing.HELD) return;
  for (let i = 0; i < reservation.count; i++) give(reservation, i, reservation.amount(i), reservation.usedOf(i));
}

/** Whether the grant of a budget that was just held runs low, or lacks a window. */
export function runsLow(slot: Slot, nowMs: i64): bool {
  if (!slot.isUsable(nowMs)) return true;
  return slot.grain > 0 && slot.windowAt(0).free < slot.grain / LOW_PARTS;
}

function locate(reservation: Reservation, i: i32, nowMs: i64): void {
  const index = slots.find(idOf(reservation.budget(i)), nowMs);
  reservation.isAt(i, index, index == NO_SLOT ? 0 : slots.slot.tag, NO_WINDOW);
}

function holdOne(reservation: Reservation, i: i32, nowMs: i64): bool {
  const budget = reservation.budget(i);
  const amount = reservation.amount(i);
  while (true) {
    const index = slots.find(idOf(budget), nowMs);
    if (index == NO_SLOT) {
      reservation.isAt(i, NO_SLOT, 0, NO_WINDOW);
      return hasFlag(budget, BudgetFlag.SHADOW);
    }
    const slot = slots.slot;
    const window = slot.windowAt(0);
    const start = window.start;
    reservation.isAt(i, index, slot.tag, start);
    const limit = start == NO_WINDOW ? UNKNOWN : window.limit;
    reservation.describe(i, limit, window.remaining + max<i64>(window.free - amount, 0), window.end);
    const fits = slot.isUsable(nowMs) && window.free >= amount && !isKept(slot, budget, amount);
    const isAllowed = !fits && reservation.isLost(i) && slot.allowance + amount <= allowanceOf(budget);
    const isShadowed = !fits && !isAllowed && hasFlag(budget, BudgetFlag.SHADOW);
    if (!fits && !isAllowed && !isShadowed) return false;
    if (start != NO_WINDOW) slot.windowAt(0).reserved += amount;
    if (isAllowed) slot.allowance += amount;
    slot.reservedAtMs = nowMs;
    slot.largest = max(slot.largest, amount);
    if (!slots.save()) continue;
    if (isAllowed) quotaUnledgeredTotal.add(1);
    if (isShadowed && start != NO_WINDOW) quotaShadowedTotal.add(1);
    return true;
  }
}

/** Takes a reservation back and counts what was used instead. */
function give(reservation: Reservation, i: i32, reserved: i64, used: i64): void {
  if (reservation.isVoid(i) || reservation.slotOf(i) == NO_SLOT) return;
  const start = reservation.windowOf(i);
  const isLevel = measureOf(reservation.budget(i)) == BudgetMeasure.CONCURRENT_REQUESTS;
  while (slots.load(reservation.slotOf(i), reservation.tagOf(i))) {
    const slot = slots.slot;
    // What went on before any grant is counted in the window that came then.
    const place = start == NO_WINDOW ? 0 : slot.placeOf(start);
    if (place == NONE) return;
    const window = slot.windowAt(place);
    if (start != NO_WINDOW) window.reserved = max<i64>(window.reserved - reserved, 0);
    if (!isLevel && slot.hasWindow) slot.windowAt(place).used += used;
    else if (!isLevel) slot.unplaced += used;
    if (slots.save()) return;
  }
}
