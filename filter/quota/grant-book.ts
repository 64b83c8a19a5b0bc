// What this worker asks the control plane about grants, and what it learns: it states where a slot stands, and takes over what the
// reply says. Who waits for that is grant-client.ts.

import { GrantOutcome } from "../contract";
import { noteGarbage } from "../sdk";
import { CalloutApi } from "../state/callout-api";
import { grantCalloutsTotal, grantReportsTotal, grantsLostTotal } from "../telemetry/metrics";
import { GrantAsk, GrantReply } from "./grant-ask";
import { slots } from "./shared-slots";
import { NO_WINDOW, Slot, WINDOWS_MAX } from "./slot";
import { Watch } from "./watch";

const ASKS_MAX: i32 = 64;
/** One asks for what will be used in this time: an Envoy that dies takes no more with it. */
const AHEAD_MS: i64 = 5_000;
/** A tick asks when less than one part in so many of that is left. */
const TICK_LOW_PARTS: i64 = 2;
/** A pace over less time than this says nothing. */
const PACE_MS_MIN: i64 = 250;
/** Requests that may come before the pace is known, as large as the largest one lately. */
const REQUESTS_AHEAD: i64 = 8;
/** What is held is renewed this often: the ledger's lease is three times as long. */
const RENEW_MS: i64 = 10_000;
/** A window that is over is reported this soon after it is settled. */
const REPORT_MS: i64 = 1_000;
/** Nobody has asked for it for so long: what is left of the grant goes back. */
const IDLE_MS: i64 = 15_000;
/** A ledger that could not be asked is left alone this long; who needs it meanwhile need not wait. */
const RETRY_MS: i64 = 500;
/** More than any ledger gives; and all sums with it are exact in JavaScript. */
const AS_MUCH_AS_POSSIBLE: i64 = 1 << 40;
const WATCH_BYTES: i32 = 64;

export class GrantBook {
  /** Serial of the last ask. */
  lastSerial: i64 = 0;
  /** As many as ever were under way at once. */
  private readonly asks: GrantAsk[] = [];
  private readonly watches: Map<i32, Watch> = new Map<i32, Watch>();
  private readonly reply: GrantReply = new GrantReply();

  watch(index: i32, tag: u64): Watch {
    if (this.watches.has(index)) {
      const found = this.watches.get(index);
      if (found.tag == tag) return found;
    }
    const watch = new Watch(index, tag);
    this.watches.set(index, watch);
    noteGarbage(WATCH_BYTES);
    return watch;
  }

  /** Null when too many are under way. */
  freeAsk(): GrantAsk | null {
    for (let i = 0; i < this.asks.length; i++) {
      if (unchecked(this.asks[i]).token == 0) return unchecked(this.asks[i]).begin(slots.nonce);
    }
    if (this.asks.length == ASKS_MAX) return null;
    const ask = new GrantAsk();
    this.asks.push(ask);
    return ask.begin(slots.nonce);
  }

  /** States where the current window stands. What is idle asks for no more than it needs. */
  add(ask: GrantAsk, watch: Watch, nowMs: i64, isAlone: bool, more: i64 = 0): void {
    while (slots.load(watch.index, watch.tag)) {
      const slot = slots.slot;
      const window = slot.windowAt(0);
      const isNamed = slot.hasWindow && nowMs < window.end;
      const used: i64 = isNamed ? window.used : 0;
      const held: i64 = isNamed ? used + window.reserved : 0;
      const floor = held + watch.pending + more;
      const isIdle = slot.pending + more == 0 && nowMs - slot.reservedAtMs >= IDLE_MS;
      // What other workers need of it is theirs to ask for, but must not be given up here.
      const others = max<i64>(slot.pending - watch.pending, 0);
      const wanted = isIdle ? floor : floor + others + headroom(slot, held, nowMs);
      const allocated: i64 = isNamed ? min(window.allocated, wanted) : 0;
      const start: i64 = isNamed ? window.start : NO_WINDOW;
      if (isNamed) window.allocated = allocated;
      slot.sequence++;
      slot.askedMs = nowMs;
      slot.floor = held;
      if (isAlone) slot.largest = 0;
      slot.leastWanted = min(slot.leastWanted, wanted);
      if (!slots.save()) continue;
      ask.add(watch.index, slot, start, used, floor, wanted, allocated, isAlone);
      watch.asks++;
      return;
    }
  }

  private report(ask: GrantAsk, watch: Watch, nowMs: i64): void {
    if (watch.asks > 0) return;
    if (!slots.load(watch.index, watch.tag) || (watch.isIdle && slots.slot.isIdle(nowMs))) {
      this.watches.delete(watch.index);
      return;
    }
    const slot = slots.slot;
    const since = nowMs - slot.askedMs;
    const isCurrent = slot.hasWindow && nowMs < slot.windowAt(0).end;
    const isLow = since >= PACE_MS_MIN * 2 && slot.windowAt(0).free < slot.pace / TICK_LOW_PARTS;
    if ((isCurrent && (isLow || since >= RENEW_MS)) || (slot.unplaced > 0 && since >= RENEW_MS))
      this.add(ask, watch, nowMs, true);
    else if (since >= REPORT_MS) this.reportOld(ask, watch, nowMs, isCurrent ? 1 : 0);
  }

  /** What a window that is over has used, once it is settled. */
  private reportOld(ask: GrantAsk, watch: Watch, nowMs: i64, first: i32): void {
    while (slots.load(watch.index, watch.tag)) {
      const slot = slots.slot;
      let place = first;
      while (place < WINDOWS_MAX && isDone(slot, place)) place++;
      if (place == WINDOWS_MAX) return;
      const window = slot.windowAt(place);
      const start = window.start;
      const used = window.used;
      const allocated = window.allocated;
      slot.sequence++;
      slot.askedMs = nowMs;
      if (!slots.save()) continue;
      ask.add(watch.index, slot, start, used, used, used, min(allocated, used), true);
      watch.asks++;
      return;
    }
  }

  /** For somebody who waits, or will have to. */
  send(ask: GrantAsk, nowMs: i64, timeoutMs: u32): void {
    if (this.dispatch(ask, nowMs, timeoutMs)) grantCalloutsTotal.add(1);
  }

  /** Renews what is held, reports what was used, gives back what nobody needs. */
  reportAll(nowMs: i64): void {
    if (this.watches.size == 0) return;
    const watches = this.watches.values();
    noteGarbage(watches.length * 8 + 32);
    let ask = this.freeAsk();
    for (let i = 0; i < watches.length && ask != null; i++) {
      this.report(ask, watches[i], nowMs);
      if (!ask.isFull) continue;
      this.sendReport(ask, nowMs);
      ask = this.freeAsk();
    }
    if (ask != null) this.sendReport(ask, nowMs);
  }

  /** The ask of a callout; null when it is none of these. */
  find(token: u32): GrantAsk | null {
    for (let i = 0; i < this.asks.length; i++) {
      if (unchecked(this.asks[i]).token == token) return unchecked(this.asks[i]);
    }
    return null;
  }

  /** One whose answer never came (its root context went away); null when there is none. */
  findOverdue(nowMs: i64): GrantAsk | null {
    for (let i = 0; i < this.asks.length; i++) {
      const ask = unchecked(this.asks[i]);
      if (ask.token != 0 && nowMs >= ask.deadlineMs) return ask;
    }
    return null;
  }

  /** Takes over what the reply says; `bytes` 0 = nobody has answered. */
  end(ask: GrantAsk, bytes: usize, length: i32, nowMs: i64): void {
    ask.token = 0;
    this.take(ask, bytes != 0 && ask.accepts(bytes, length) ? bytes : 0, nowMs);
  }

  private sendReport(ask: GrantAsk, nowMs: i64): void {
    if (ask.count > 0 && this.dispatch(ask, nowMs, CalloutApi.timeoutMs)) grantReportsTotal.add(1);
  }

  private dispatch(ask: GrantAsk, nowMs: i64, timeoutMs: u32): bool {
    ask.serial = ++this.lastSerial;
    ask.sentMs = nowMs;
    ask.deadlineMs = nowMs + <i64>timeoutMs * 2;
    const body = ask.finish();
    ask.token = body.overflow ? 0 : CalloutApi.askGrants(body.pointer, body.length, timeoutMs);
    if (ask.token != 0) return true;
    this.take(ask, 0, nowMs);
    return false;
  }

  private take(ask: GrantAsk, bytes: usize, nowMs: i64): void {
    const reply = this.reply;
    for (let i = 0; i < ask.count; i++) {
      const index = unchecked(ask.slots[i]);
      const watch = this.watches.has(index) ? this.watches.get(index) : null;
      if (bytes == 0 || !ask.read(bytes, i, reply)) reply.outcome = GrantOutcome.LOST;
      if (reply.outcome == GrantOutcome.LOST) grantsLostTotal.add(1);
      if (reply.outcome < GrantOutcome.GONE) takeReply(ask, i, reply);
      if (watch == null || watch.tag != unchecked(ask.tags[i])) continue;
      watch.asks--;
      watch.answered = ask.serial;
      watch.outcome = reply.outcome;
      const isLost = reply.outcome == GrantOutcome.LOST || reply.outcome == GrantOutcome.REBUILDING;
      watch.retryMs = isLost ? nowMs + RETRY_MS : 0;
    }
  }
}

/** What to ask for beyond the need, and the pace from which that follows. */
function headroom(slot: Slot, held: i64, nowMs: i64): i64 {
  if (slot.sequence == 0) return AS_MUCH_AS_POSSIBLE;
  const taken = max<i64>(held - slot.floor, 0);
  const since = max(nowMs - slot.askedMs, PACE_MS_MIN);
  slot.pace = max((taken * AHEAD_MS) / since, slot.pace / 2);
  return min(max(slot.pace, slot.largest * REQUESTS_AHEAD), AS_MUCH_AS_POSSIBLE);
}

/** Nothing is left to be said of a window that is over. */
function isDone(slot: Slot, place: i32): bool {
  const window = slot.windowAt(place);
  return window.start == NO_WINDOW || window.reserved != 0 || window.used == window.told;
}

/** Into the slot. What comes late does no harm: it may only lower what is allocated. */
function takeReply(ask: GrantAsk, i: i32, reply: GrantReply): void {
  while (slots.load(unchecked(ask.slots[i]), unchecked(ask.tags[i]))) {
    const slot = slots.slot;
    let place = slot.placeOf(reply.windowStart);
    if (place < 0) {
      if (slot.hasWindow && reply.windowStart < slot.windowAt(0).start) return;
      slot.open(reply.windowStart);
      place = 0;
    }
    const window = slot.windowAt(place);
    if (unchecked(ask.windows[i]) == reply.windowStart) window.told = max(window.told, unchecked(ask.used[i]));
    window.limit = reply.limit;
    window.remaining = reply.remaining;
    window.end = ask.here(reply.windowEnd);
    if (place == 0 && reply.sequence >= slot.applied)
      takeGrant(slot, reply, ask.here(reply.notAfter), unchecked(ask.floors[i]));
    if (slots.save()) return;
  }
}

function takeGrant(slot: Slot, reply: GrantReply, notAfterMs: i64, floor: i64): void {
  const isNewest = reply.sequence >= slot.sequence;
  const window = slot.windowAt(0);
  window.allocated = isNewest ? reply.allocated : min(reply.allocated, slot.leastWanted);
  if (isNewest) slot.leastWanted = i64.MAX_VALUE;
  slot.applied = reply.sequence;
  slot.notAfterMs = notAfterMs;
  slot.allowance = 0;
  slot.grain = max<i64>(window.allocated - floor, 0);
}
