// Requests that wait for room at a target: one waiting room per VM over all targets. It is looked at whenever a request of this VM ends
// and, while anybody waits, at every tick. Who waits is served by class, then by arrival; one in a while who has waited long comes first.
//
//   enter ─┬─▶ held at the first target with room             ┌─▶ held: resumed
//          ├─▶ waiting in the queue of the first that has one ┼─▶ shed: too long, or more important ones came
//          └─▶ shed                                           └─▶ gone: its client went away

import { Exchange, WaitingRoom } from "../gateway/exchange";
import { monotonicMs } from "../state/monotonic";
import { Admission, Claim } from "./admission";
import { capacities } from "./capacities";
import { CapacityTarget } from "./capacity-target";
import { CLASSES, NO_GROUP } from "./declaration";
import { isAgedDue } from "./gate";
import { Lane } from "./lane";
import { places } from "./places";
import { hold, take } from "./room";
import { slots } from "./shared-slots";

/** How often it is looked at while anybody waits. */
export const TICK_MS: u32 = 5;
/** A refusal is to be with the client by the time that the longest wait is over: it is sent this much earlier, at most so much. */
const HASTE_PARTS: i64 = 50;
const HASTE_MS_MAX: i64 = 50;
/** Long is this part of the longest wait. */
const AGED_PARTS: i64 = 2;

/** Has the root context tick soon, and fast from then on. */
export abstract class Alarm {
  abstract ring(): void;
}

export class CapacityQueue extends WaitingRoom {
  alarm: Alarm | null = null;
  private count: i32 = 0;
  private isServing: bool = false;

  get isEmpty(): bool {
    return this.count == 0;
  }

  /** Decides the claim of an admission: see there. */
  enter(exchange: Exchange, admission: Admission): void {
    if (takeAny(exchange, null, admission.arrivedMs) || this.wait(exchange, admission)) return;
    admission.claim = Claim.SHED;
    const target = capacityOf(exchange, 0);
    if (target != null) target.series.addShed(admission.rank);
  }

  leave(exchange: Exchange): void {
    const admission = exchange.account!.admission!;
    const target = admission.target;
    if (admission.claim != Claim.WAITING || target == null) return;
    this.remove(exchange, admission, target, monotonicMs());
    target.publish(monotonicMs());
    admission.claim = Claim.OPEN;
    admission.target = null;
  }

  /** Call when room has come, or may have. */
  serve(): void {
    if (this.count == 0 || this.isServing) return;
    this.isServing = true;
    const nowMs = monotonicMs();
    const targets = capacities.targets;
    for (let i = 0; i < targets.length; i++) this.serveTarget(unchecked(targets[i]), nowMs);
    this.isServing = false;
  }

  /** Call when declarations have changed: shares, and who has them, may be others. */
  sortAgain(): void {
    const targets = capacities.targets;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i];
      const lanes = target.lanes.splice(0);
      for (let l = 0; l < lanes.length; l++) {
        const lane = lanes[l];
        for (let exchange = lane.first; exchange != null; exchange = lane.first) {
          lane.remove(exchange);
          this.laneOf(exchange, target).add(exchange);
        }
      }
    }
    this.serve();
  }

  private wait(exchange: Exchange, admission: Admission): bool {
    for (let i = 0; i < exchange.targetCount; i++) {
      const target = capacityOf(exchange, i);
      if (target == null || !canWait(target, admission)) continue;
      admission.claim = Claim.WAITING;
      admission.target = target;
      admission.deadlineMs = deadlineOf(admission, target.declaration!.maxWaitMs);
      this.laneOf(exchange, target).add(exchange);
      target.own.waiting[admission.rank]++;
      target.noteOldest(admission.rank);
      target.publish(admission.arrivedMs);
      exchange.waitsIn = this;
      if (this.count++ == 0) this.alarm!.ring();
      return true;
    }
    return false;
  }

  private laneOf(exchange: Exchange, target: CapacityTarget): Lane {
    const admission = exchange.account!.admission!;
    return target.laneOf(admission.rank, target.tenantGroupOf(admission.tenant));
  }

  private remove(exchange: Exchange, admission: Admission, target: CapacityTarget, nowMs: i64): void {
    this.laneOf(exchange, target).remove(exchange);
    target.own.waiting[admission.rank]--;
    target.noteOldest(admission.rank);
    this.count--;
    admission.waitedMs = nowMs - admission.arrivedMs;
    target.series.addWaited(admission.rank, admission.waitedMs);
  }

  private serveTarget(target: CapacityTarget, nowMs: i64): void {
    if (target.own.waitingUpTo(CLASSES - 1) == 0) return;
    const before = this.count;
    this.shedOverdue(target, nowMs);
    this.shedSurplus(target, nowMs);
    this.serveAged(target, nowMs);
    for (let i = 0; i < target.lanes.length; i++) unchecked(target.lanes[i]).isBlocked = false;
    for (let lane = next(target); lane != null; lane = next(target)) {
      if (!this.serveFirst(lane, target, nowMs)) lane.isBlocked = true;
    }
    if (this.count != before) target.publish(nowMs);
  }

  /** One of those that have waited long, if it is their turn. */
  private serveAged(target: CapacityTarget, nowMs: i64): void {
    const declaration = target.declaration;
    if (declaration == null || !slots.open(target.place, nowMs) || !isAgedDue(slots.slot)) return;
    let oldest: Lane | null = null;
    for (let i = 0; i < target.lanes.length; i++) {
      const lane = unchecked(target.lanes[i]);
      if (oldest == null || lane.firstArrivedMs < oldest.firstArrivedMs) oldest = lane;
    }
    if (oldest == null || nowMs - oldest.firstArrivedMs < declaration.maxWaitMs / AGED_PARTS) return;
    const exchange = oldest.first;
    if (exchange == null) return;
    if (takeOf(exchange, target, true, nowMs)) this.resume(exchange, target, Claim.HELD, nowMs);
  }

  /** At its own target, or at another one of its plan. */
  private serveFirst(lane: Lane, target: CapacityTarget, nowMs: i64): bool {
    const exchange = lane.first!;
    if (!takeOf(exchange, target, false, nowMs) && !takeAny(exchange, target, nowMs)) return false;
    this.resume(exchange, target, Claim.HELD, nowMs);
    return true;
  }

  private shedOverdue(target: CapacityTarget, nowMs: i64): void {
    for (let i = 0; i < target.lanes.length; i++) {
      const lane = unchecked(target.lanes[i]);
      for (let first = lane.first; first != null; first = lane.first) {
        if (first.account!.admission!.deadlineMs > nowMs) break;
        this.shed(first, target, nowMs);
      }
    }
  }

  /** More important ones came, here or in another worker: the last of the least important ones make place. */
  private shedSurplus(target: CapacityTarget, nowMs: i64): void {
    const declaration = target.declaration;
    if (declaration == null || !slots.open(target.place, nowMs)) return;
    places.of(declaration, target.own, slots.slot.others);
    let surplus = places.surplus;
    for (let rank = CLASSES - 1; rank >= 0 && surplus > 0; rank--) {
      const spare = places.spare(rank, surplus);
      this.shedLast(target, rank, places.partOf(spare, rank), nowMs);
      surplus -= spare;
    }
  }

  private shedLast(target: CapacityTarget, rank: i32, count: i32, nowMs: i64): void {
    let left = count;
    for (let i = target.lanes.length - 1; i >= 0 && left > 0; i--) {
      const lane = unchecked(target.lanes[i]);
      if (lane.rank != rank) continue;
      for (let last = lane.last; last != null && left > 0; last = lane.last, left--) this.shed(last, target, nowMs);
    }
  }

  private shed(exchange: Exchange, target: CapacityTarget, nowMs: i64): void {
    target.series.addShed(exchange.account!.admission!.rank);
    this.resume(exchange, target, Claim.SHED, nowMs);
  }

  private resume(exchange: Exchange, target: CapacityTarget, claim: Claim, nowMs: i64): void {
    const admission = exchange.account!.admission!;
    this.remove(exchange, admission, target, nowMs);
    admission.claim = claim;
    if (claim == Claim.SHED) admission.target = null;
    exchange.waitsIn = null;
    exchange.resumption!.resume();
  }
}

/** The lane whose first is next. */
function next(target: CapacityTarget): Lane | null {
  let best: Lane | null = null;
  for (let i = 0; i < target.lanes.length; i++) {
    const lane = unchecked(target.lanes[i]);
    if (lane.isBlocked || lane.first == null) continue;
    if (best == null || goesBefore(lane, best)) best = lane;
  }
  return best;
}

function goesBefore(lane: Lane, other: Lane): bool {
  if (lane.rank != other.rank) return lane.rank < other.rank;
  return lane.firstArrivedMs < other.firstArrivedMs;
}

function capacityOf(exchange: Exchange, i: i32): CapacityTarget | null {
  return capacities.find(exchange.config!.targetId(exchange.targets[i]));
}

/** The first target with room. `but`: was tried already. */
function takeAny(exchange: Exchange, but: CapacityTarget | null, nowMs: i64): bool {
  const admission = exchange.account!.admission!;
  for (let i = 0; i < exchange.targetCount; i++) {
    const target = capacityOf(exchange, i);
    if (target === null) {
      hold(admission, null, NO_GROUP);
    } else {
      if (target === but || target.isQueued(admission) || !take(target, admission, false, nowMs)) continue;
      target.series.addAdmitted(admission.rank);
    }
    admission.record = exchange.targets[i];
    countSpilled(exchange, i);
    return true;
  }
  return false;
}

/** At the target in whose queue it is. */
function takeOf(exchange: Exchange, target: CapacityTarget, isAged: bool, nowMs: i64): bool {
  const admission = exchange.account!.admission!;
  for (let i = 0; i < exchange.targetCount; i++) {
    const record = exchange.targets[i];
    if (!target.is(exchange.config!.targetId(record))) continue;
    if (!take(target, admission, isAged, nowMs)) return false;
    admission.record = record;
    target.series.addAdmitted(admission.rank);
    return true;
  }
  return false;
}

/** Of targets that had no room. */
function countSpilled(exchange: Exchange, before: i32): void {
  for (let i = 0; i < before; i++) {
    const target = capacityOf(exchange, i);
    if (target != null) target.series.addSpilled(exchange.account!.admission!.rank);
  }
}

function deadlineOf(admission: Admission, maxWaitMs: i64): i64 {
  return admission.arrivedMs + maxWaitMs - min(<i64>TICK_MS + maxWaitMs / HASTE_PARTS, HASTE_MS_MAX);
}

function canWait(target: CapacityTarget, admission: Admission): bool {
  const declaration = target.declaration!;
  if (declaration.maxWaitMs == 0 || !slots.open(target.place, admission.arrivedMs)) return false;
  return places.of(declaration, target.own, slots.slot.others).has(admission.rank);
}

export const queue = new CapacityQueue();
