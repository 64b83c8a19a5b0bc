// Is there room at a target for one request more? Pure: it reads a slot and what this worker has there, and changes the slot alone.
//
// A group (a class, or a tenant) may always take of its own share. What is left is for everybody, the highest class first, but for the
// shares of groups that have asked in the last seconds and do not use theirs: so an idle share is lent, and comes back.

import { Admission } from "./admission";
import { CapacityTarget } from "./capacity-target";
import { Declaration, GROUPS, NO_GROUP } from "./declaration";
import { Slot } from "./slot";

/** A token, as the slot counts it. */
const TOKEN: i64 = 60_000;
/** So much of a minute's tokens may be taken at once after a pause. */
const BURST_MS: i64 = 5_000;
/** So long after its last request a group's share is kept for it. */
const RECENT_MS: i64 = 2_000;
/** Requests of one class that wait in different workers keep their order but for this. */
const ORDER_SLACK_MS: i64 = 10;
/** One of so many admissions goes to whom has waited long, whatever its class: nobody starves, and it costs the others half a percent. */
const AGED_EVERY: i64 = 200;

/** Lets time pass. */
export function fill(slot: Slot, declaration: Declaration, nowMs: i64): void {
  const rate = declaration.tokensPerMinute;
  const depth = rate * BURST_MS;
  const gain = rate * max<i64>(nowMs - slot.filledAtMs, 0);
  slot.filledAtMs = nowMs;
  slot.level = filled(slot.level, gain, depth);
  for (let i = 0; i < GROUPS; i++) {
    const percent = declaration.percentOf(i);
    slot.setReserve(i, filled(slot.reserve(i), (gain * percent) / 100, (depth * percent) / 100));
  }
}

function filled(level: i64, gain: i64, depth: i64): i64 {
  return level >= depth ? depth : min(level + gain, depth);
}

/** The group that pays for it; NO_GROUP when there is no room. `isAged`: it goes in front of all classes and needs nobody's leave. */
export function groupWithRoom(slot: Slot, target: CapacityTarget, admission: Admission, isAged: bool, nowMs: i64): i32 {
  const declaration = target.declaration!;
  if (!hasRoom(slot, target, declaration, admission)) return NO_GROUP;
  const rank = admission.rank;
  const tenantGroup = declaration.groupOf(admission.tenant);
  if (tenantGroup != NO_GROUP && ownsRoom(slot, target, declaration, tenantGroup, admission)) return tenantGroup;
  if (isAged) return rank;
  if (isOvertaking(slot, rank, admission.arrivedMs)) return NO_GROUP;
  if (ownsRoom(slot, target, declaration, rank, admission)) return rank;
  for (let i = 0; i < rank; i++) if (slot.others.waiting[i] + target.own.waiting[i] > 0) return NO_GROUP;
  return isCommonRoom(slot, target, declaration, admission, tenantGroup, nowMs) ? rank : NO_GROUP;
}

/** Whether the next one of those that have waited long goes first. */
export function isAgedDue(slot: Slot): bool {
  return slot.sinceAged >= AGED_EVERY;
}

/**
 * Counts tokens as taken; true when they are of the group's own share. A request larger than the whole share takes of what comes next;
 * one that takes what is common owes its share nothing.
 */
export function takeTokens(slot: Slot, declaration: Declaration, group: i32, tokens: i64): bool {
  if (declaration.tokensPerMinute == 0) return false;
  const amount = tokens * TOKEN;
  const reserve = slot.reserve(group);
  const isOwn = reserve >= min(amount, depthOf(declaration, group));
  slot.level -= amount;
  slot.setReserve(group, isOwn ? reserve - amount : min<i64>(reserve, 0));
  return isOwn;
}

/** What was used differs from what was thought. `group`: whose own share it was; NO_GROUP for what is common. */
export function correctTokens(slot: Slot, declaration: Declaration, group: i32, tokens: i64): void {
  if (declaration.tokensPerMinute == 0) return;
  const amount = tokens * TOKEN;
  slot.level -= amount;
  if (group != NO_GROUP) slot.setReserve(group, slot.reserve(group) - amount);
}

/** Until there could be room, at best. */
export function retryAfterMs(slot: Slot, declaration: Declaration, admission: Admission): i64 {
  const rate = declaration.tokensPerMinute;
  if (rate == 0) return 0;
  const lacking = min(admission.tokens * TOKEN, rate * BURST_MS) - slot.level;
  return lacking <= 0 ? 0 : (lacking + rate - 1) / rate;
}

function inFlight(slot: Slot, target: CapacityTarget, group: i32): i32 {
  return unchecked(slot.others.inFlight[group]) + unchecked(target.own.inFlight[group]);
}

function hasRoom(slot: Slot, target: CapacityTarget, declaration: Declaration, admission: Admission): bool {
  const limit = declaration.concurrentRequests;
  if (limit > 0 && slot.others.total + target.own.total >= limit) return false;
  const rate = declaration.tokensPerMinute;
  // What is more than ever can be there may go into debt.
  return rate == 0 || slot.level >= min(admission.tokens * TOKEN, rate * BURST_MS);
}

function shareOfRequests(declaration: Declaration, group: i32): i32 {
  return <i32>((<i64>declaration.concurrentRequests * declaration.percentOf(group)) / 100);
}

function ownsRoom(
  slot: Slot,
  target: CapacityTarget,
  declaration: Declaration,
  group: i32,
  admission: Admission,
): bool {
  const percent = declaration.percentOf(group);
  if (percent == 0) return false;
  const limit = declaration.concurrentRequests;
  if (limit > 0 && inFlight(slot, target, group) >= shareOfRequests(declaration, group)) return false;
  return slot.reserve(group) >= min(admission.tokens * TOKEN, depthOf(declaration, group));
}

/** The most that a group's share can hold. */
function depthOf(declaration: Declaration, group: i32): i64 {
  return (declaration.tokensPerMinute * BURST_MS * declaration.percentOf(group)) / 100;
}

/** Somebody of the same class has waited longer in another worker. */
function isOvertaking(slot: Slot, rank: i32, arrivedMs: i64): bool {
  const oldest = unchecked(slot.others.oldestMs[rank]);
  return oldest < arrivedMs - ORDER_SLACK_MS;
}

function isCommonRoom(
  slot: Slot,
  target: CapacityTarget,
  declaration: Declaration,
  admission: Admission,
  tenantGroup: i32,
  nowMs: i64,
): bool {
  const limit = declaration.concurrentRequests;
  const rate = declaration.tokensPerMinute;
  let requests = slot.others.total + target.own.total;
  let level = slot.level;
  let depth = rate * BURST_MS;
  for (let i = 0; i < GROUPS; i++) {
    const percent = declaration.percentOf(i);
    const isOther = i != tenantGroup && i != admission.rank;
    if (percent == 0 || !isOther || slot.askedAtMs(i) < nowMs - RECENT_MS) continue;
    requests += max(shareOfRequests(declaration, i) - inFlight(slot, target, i), 0);
    level -= max<i64>(slot.reserve(i), 0);
    depth -= depthOf(declaration, i);
  }
  if (limit > 0 && requests >= limit) return false;
  return rate == 0 || (depth > 0 && level >= min(admission.tokens * TOKEN, depth));
}
