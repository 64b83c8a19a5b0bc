// Asks the control plane for grants, and reports what was used: one instance per VM, over slots that all workers share. Requests
// that lack a grant wait here, each until all of its budgets have room, or one of them is spent, or the ledger could not be asked.
//
//   wait ─▶ ask for what lacks ─▶ reply: into the slots ─▶ every waiter again, first come first served ─┬─▶ resumed
//                 ▲                                                                                     └─▶ lacks still ─┐
//                 └─────────────────────────────────────────────────────────────────────────────────────────────────────┘

import { GrantOutcome } from "../contract";
import { Exchange, WaitingRoom } from "../gateway/exchange";
import { BufferKind, getBuffer, hostPointer } from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { monotonicMs } from "../state/monotonic";
import { quotaWaitsTotal } from "../telemetry/metrics";
import { allowanceOf } from "./budget";
import { GrantAsk } from "./grant-ask";
import { GrantBook } from "./grant-book";
import { hold, isKept, runsLow } from "./quota";
import { Reservation, Standing } from "./reservation";
import { NO_SLOT, slots } from "./shared-slots";
import { WaitingList } from "./waiting-list";

/** What the ledger has said is spent counts as spent this long. */
const SPENT_MS: i64 = 500;
/** The same for requests that come: many of them would else ask for each of many more. */
const REFUSED_MS: i64 = 100;
/** The shortest time that an ask is worth. */
const TIMEOUT_MS_MIN: i64 = 10;

export class GrantClient extends WaitingRoom {
  private readonly book: GrantBook = new GrantBook();
  private readonly waiting: WaitingList = new WaitingList();

  /** Makes a request wait for what its reservation lacks. False when that is decided at once: see its standing. */
  wait(exchange: Exchange, reservation: Reservation, nowMs: i64): bool {
    if (this.isSpentLately(reservation, nowMs) || this.isKept(reservation, reservation.lacks, nowMs)) return false;
    reservation.standing = Standing.WAITING;
    reservation.deadlineMs = nowMs + <i64>CalloutApi.timeoutMs;
    reservation.joined = this.book.lastSerial;
    for (let i = 0; i < reservation.count; i++) this.need(reservation, i, reservation.amount(i));
    this.askFor(reservation, nowMs);
    if (this.judge(reservation, nowMs)) {
      this.forget(reservation);
      return false;
    }
    quotaWaitsTotal.add(1);
    exchange.waitsIn = this;
    this.waiting.add(exchange);
    return true;
  }

  leave(exchange: Exchange): void {
    if (this.waiting.remove(exchange)) this.forget(exchange.account!.reservation!);
  }

  /** Call when a reservation was made: asks for more before somebody has to wait for it. */
  refill(reservation: Reservation, nowMs: i64): void {
    for (let i = 0; i < reservation.count; i++) {
      const index = reservation.slotOf(i);
      if (reservation.isVoid(i) || index == NO_SLOT) continue;
      const watch = this.book.watch(index, reservation.tagOf(i));
      if (watch.asks > 0 || !slots.load(index, watch.tag) || !runsLow(slots.slot, nowMs)) continue;
      const ask = this.book.freeAsk();
      if (ask == null) return;
      this.book.add(ask, watch, nowMs, false);
      this.book.send(ask, nowMs, CalloutApi.timeoutMs);
    }
  }

  /** Asks for so much more of one budget in the background. False when the ledger has just said that there is none. */
  mayGrow(index: i32, tag: u64, more: i64, nowMs: i64): bool {
    const watch = this.book.watch(index, tag);
    if (watch.asks > 0 || nowMs < watch.retryMs) return true;
    const wasAsked = slots.load(index, tag) && nowMs - slots.slot.askedMs < SPENT_MS;
    if (watch.outcome == GrantOutcome.SPENT && wasAsked) return false;
    const ask = this.book.freeAsk();
    if (ask == null) return true;
    this.book.add(ask, watch, nowMs, false, more);
    this.book.send(ask, nowMs, CalloutApi.timeoutMs);
    return true;
  }

  tick(): void {
    const nowMs = monotonicMs();
    for (let ask = this.book.findOverdue(nowMs); ask != null; ask = this.book.findOverdue(nowMs)) {
      this.book.end(ask, 0, 0, nowMs);
      this.serveWaiting(nowMs);
    }
    this.book.reportAll(nowMs);
  }

  /** False when the callout is not one of these. */
  onCalloutResponse(token: u32, succeeded: bool, bodySize: i32): bool {
    const ask = this.book.find(token);
    if (ask == null) return false;
    const nowMs = monotonicMs();
    const hasBody = succeeded && bodySize > 0 && getBuffer(BufferKind.CALLOUT_BODY, 0, bodySize);
    this.book.end(ask, hasBody ? hostPointer() : 0, hasBody ? bodySize : 0, nowMs);
    this.serveWaiting(nowMs);
    return true;
  }

  // Waiting

  private need(reservation: Reservation, i: i32, amount: i64): void {
    const index = reservation.slotOf(i);
    if (reservation.isVoid(i) || index == NO_SLOT) return;
    const watch = this.book.watch(index, reservation.tagOf(i));
    watch.pending += amount;
    while (slots.load(index, watch.tag)) {
      slots.slot.pending = max<i64>(slots.slot.pending + amount, 0);
      slots.slot.largest = max(slots.slot.largest, amount);
      if (slots.save()) return;
    }
  }

  private forget(reservation: Reservation): void {
    for (let i = 0; i < reservation.count; i++) this.need(reservation, i, -reservation.amount(i));
    if (reservation.standing == Standing.WAITING) reservation.standing = Standing.OPEN;
  }

  /** Sends one ask for all of its budgets that lack room and are not being asked about. */
  private askFor(reservation: Reservation, nowMs: i64): void {
    let ask: GrantAsk | null = null;
    for (let i = 0; i < reservation.count; i++) {
      const index = reservation.slotOf(i);
      if (reservation.isVoid(i) || index == NO_SLOT || reservation.isLost(i)) continue;
      const watch = this.book.watch(index, reservation.tagOf(i));
      if (watch.asks > 0 || nowMs < watch.retryMs || !slots.load(index, watch.tag)) continue;
      const hasRoom = slots.slot.isUsable(nowMs) && slots.slot.windowAt(0).free >= watch.pending;
      if (hasRoom && i != reservation.lacks) continue;
      if (ask == null) ask = this.book.freeAsk();
      if (ask == null) return;
      this.book.add(ask, watch, nowMs, false);
    }
    if (ask == null) return;
    const left = max(reservation.deadlineMs - nowMs, TIMEOUT_MS_MIN);
    this.book.send(ask, nowMs, <u32>left);
  }

  /** True when a reservation that lacks something need not wait any longer. */
  private judge(reservation: Reservation, nowMs: i64): bool {
    for (let i = 0; i < reservation.count; i++) {
      if (reservation.isVoid(i) || !isLacking(reservation, i, nowMs)) continue;
      reservation.lacks = i;
      if (this.isKept(reservation, i, nowMs)) return true;
      if (reservation.slotOf(i) == NO_SLOT) return this.refuse(reservation, Standing.LOST);
      const watch = this.book.watch(reservation.slotOf(i), reservation.tagOf(i));
      if (watch.answered <= reservation.joined && nowMs >= watch.retryMs) {
        if (watch.asks == 0) return this.refuse(reservation, Standing.LOST);
        continue;
      }
      switch (watch.outcome) {
        case GrantOutcome.SPENT:
          watch.spentFrom = nowMs < watch.spentMs ? min(watch.spentFrom, reservation.amount(i)) : reservation.amount(i);
          watch.spentMs = nowMs + REFUSED_MS;
          return this.refuse(reservation, Standing.SPENT);
        case GrantOutcome.GONE:
          this.need(reservation, i, -reservation.amount(i));
          reservation.makeVoid(i);
          return this.tryAgain(reservation, nowMs);
        case GrantOutcome.LOST:
        case GrantOutcome.REBUILDING:
          if (allowanceOf(reservation.budget(i)) == 0 || reservation.isLost(i)) {
            return this.refuse(reservation, Standing.LOST);
          }
          reservation.makeLost(i);
          return this.tryAgain(reservation, nowMs);
        default:
          // Others were faster, or the window has ended, or another budget was refused.
          if (nowMs >= reservation.deadlineMs || watch.asks == 0) return this.refuse(reservation, Standing.LOST);
      }
    }
    return false;
  }

  /** Whether somebody who needed no more than this was refused a moment ago. */
  private isSpentLately(reservation: Reservation, nowMs: i64): bool {
    const i = reservation.lacks;
    const index = reservation.slotOf(i);
    if (index == NO_SLOT) return false;
    const watch = this.book.watch(index, reservation.tagOf(i));
    if (nowMs >= watch.spentMs || reservation.amount(i) < watch.spentFrom) return false;
    return this.refuse(reservation, Standing.SPENT);
  }

  /** Whether there is room, and it is kept for higher classes: then the ledger need not be asked. */
  private isKept(reservation: Reservation, i: i32, nowMs: i64): bool {
    const index = reservation.slotOf(i);
    if (index == NO_SLOT || !slots.load(index, reservation.tagOf(i))) return false;
    const amount = reservation.amount(i);
    const hasRoom = slots.slot.isUsable(nowMs) && slots.slot.windowAt(0).free >= amount;
    return hasRoom && isKept(slots.slot, reservation.budget(i), amount) && this.refuse(reservation, Standing.SPENT);
  }

  private tryAgain(reservation: Reservation, nowMs: i64): bool {
    if (!hold(reservation, nowMs)) return this.judge(reservation, nowMs);
    reservation.standing = Standing.HELD;
    return true;
  }

  private refuse(reservation: Reservation, standing: Standing): bool {
    reservation.refusedBy = reservation.lacks;
    reservation.standing = standing;
    return true;
  }

  private isDecided(reservation: Reservation, nowMs: i64): bool {
    if (hold(reservation, nowMs)) {
      reservation.standing = Standing.HELD;
      return true;
    }
    this.askFor(reservation, nowMs);
    return this.judge(reservation, nowMs);
  }

  private serveWaiting(nowMs: i64): void {
    let exchange = this.waiting.first;
    while (exchange != null) {
      const next = exchange.nextWaiting;
      const reservation = exchange.account!.reservation!;
      if (this.isDecided(reservation, nowMs)) this.resume(exchange, reservation);
      exchange = next;
    }
  }

  private resume(exchange: Exchange, reservation: Reservation): void {
    this.waiting.remove(exchange);
    this.forget(reservation);
    exchange.waitsIn = null;
    exchange.resumption!.resume();
  }
}

function isLacking(reservation: Reservation, i: i32, nowMs: i64): bool {
  const index = reservation.slotOf(i);
  if (index == NO_SLOT || !slots.load(index, reservation.tagOf(i))) return true;
  const amount = reservation.amount(i);
  const hasRoom = slots.slot.isUsable(nowMs) && slots.slot.windowAt(0).free >= amount;
  return !hasRoom || isKept(slots.slot, reservation.budget(i), amount);
}

export const grants = new GrantClient();
