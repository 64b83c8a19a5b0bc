// Takes room at a target for one exchange, and gives it back: in the slot that all workers share and in this worker's own row of it.

import { capacityUnlimitedTotal } from "../telemetry/metrics";
import { Admission, Claim } from "./admission";
import { CapacityTarget } from "./capacity-target";
import { CLASSES, NO_GROUP } from "./declaration";
import { correctTokens, fill, groupWithRoom, retryAfterMs, takeTokens } from "./gate";
import { slots } from "./shared-slots";
import { FORMER } from "./slot";

/** What others are told of who asks is at most so old. */
const ASKED_MS: i64 = 200;

/** False when there is no room; the admission then knows when there could be. `isAged`: it has waited so long that it comes first. */
export function take(target: CapacityTarget, admission: Admission, isAged: bool, nowMs: i64): bool {
  const declaration = target.declaration;
  if (declaration == null) {
    hold(admission, null, NO_GROUP);
    return true;
  }
  const slot = slots.slot;
  while (slots.open(target.place, nowMs)) {
    fill(slot, declaration, nowMs);
    const group = groupWithRoom(slot, target, admission, isAged, nowMs);
    const isNews = noteAsked(target, admission, nowMs);
    if (group == NO_GROUP) {
      admission.retryAfterMs = retryAfterMs(slot, declaration, admission);
      if (isNews && !slots.save(target.own, nowMs)) continue;
      return false;
    }
    const isOwnShare = takeTokens(slot, declaration, group, admission.tokens);
    slot.sinceAged = isAged ? 0 : slot.sinceAged + 1;
    target.own.inFlight[group]++;
    if (slots.save(target.own, nowMs)) {
      hold(admission, target, group);
      admission.isOwnShare = isOwnShare;
      return true;
    }
    target.own.inFlight[group]--;
  }
  capacityUnlimitedTotal.add(1);
  hold(admission, null, NO_GROUP);
  return true;
}

/** The exchange is over, or goes elsewhere: what it used takes the place of what it was thought to use. */
export function giveBack(admission: Admission, nowMs: i64): void {
  const target = admission.target;
  if (target == null || admission.claim != Claim.HELD) return;
  const isFormer = admission.generation != target.generation && admission.group >= CLASSES;
  target.own.inFlight[isFormer ? FORMER : admission.group]--;
  const share = admission.isOwnShare && !isFormer ? admission.group : NO_GROUP;
  settle(target, share, admission.used - admission.tokens, nowMs);
  admission.target = null;
}

/** An attempt goes to a target without leave: nobody throws away what was admitted. Null = the target's capacity is not limited. */
export function move(admission: Admission, to: CapacityTarget | null, nowMs: i64): void {
  giveBack(admission, nowMs);
  admission.used = 0;
  if (to == null || to.declaration == null) return;
  to.own.inFlight[admission.rank]++;
  hold(admission, to, admission.rank);
  settle(to, NO_GROUP, admission.tokens, nowMs);
}

function settle(target: CapacityTarget, share: i32, tokens: i64, nowMs: i64): void {
  while (slots.open(target.place, nowMs)) {
    const declaration = target.declaration;
    if (declaration != null) {
      fill(slots.slot, declaration, nowMs);
      correctTokens(slots.slot, declaration, share, tokens);
    }
    if (slots.save(target.own, nowMs)) return;
  }
}

/** `target`: null = its capacity is not limited. */
export function hold(admission: Admission, target: CapacityTarget | null, group: i32): void {
  admission.claim = Claim.HELD;
  admission.target = target;
  admission.group = group;
  admission.used = 0;
  admission.isOwnShare = false;
  if (target != null) admission.generation = target.generation;
}

/** True when it is worth telling the other workers. */
function noteAsked(target: CapacityTarget, admission: Admission, nowMs: i64): bool {
  const slot = slots.slot;
  const tenantGroup = target.tenantGroupOf(admission.tenant);
  const group = tenantGroup == NO_GROUP ? admission.rank : tenantGroup;
  const isNews = slot.askedAtMs(group) < nowMs - ASKED_MS;
  slot.setAskedAtMs(group, nowMs);
  slot.setAskedAtMs(admission.rank, nowMs);
  return isNews;
}
