// Rules, tiers and members of a model route, read in place: pointers into a checked configuration (ARCHITECTURE.md §2.4).

import { MEMBER_BYTES, RULE_BYTES, TIER_BYTES } from "../contract";

/** Rules of a model route; the last one has no conditions. */
export function ruleCount(route: usize): i32 {
  return load<i32>(route, 24);
}
export function ruleAt(base: usize, route: usize, index: i32): usize {
  return base + load<u32>(route, 28) + <usize>index * RULE_BYTES;
}
/** str16 */
export function ruleName(base: usize, rule: usize): usize {
  return base + load<u32>(rule);
}
export function conditionCount(rule: usize): i32 {
  return load<i32>(rule, 8);
}
export function firstCondition(base: usize, rule: usize): usize {
  return base + load<u32>(rule, 4);
}

export function tierCount(rule: usize): i32 {
  return load<i32>(rule, 12);
}
export function tierAt(base: usize, rule: usize, index: i32): usize {
  return base + load<u32>(rule, 16) + <usize>index * TIER_BYTES;
}
/** Of the enumeration Strategy. */
export function strategyOf(tier: usize): i32 {
  return load<u8>(tier);
}
/** Different for every tier of a configuration. */
export function tierNumber(tier: usize): u32 {
  return load<u32>(tier, 8);
}

export function memberCount(tier: usize): i32 {
  return load<u16>(tier, 2);
}
export function memberAt(base: usize, tier: usize, index: i32): usize {
  return base + load<u32>(tier, 4) + <usize>index * MEMBER_BYTES;
}
/** Its target record. */
export function recordOf(base: usize, member: usize): usize {
  return base + load<u32>(member);
}
/** Unix seconds from which on it is in no plan; 0 = there is no end. */
export function expiresAt(member: usize): u32 {
  return load<u32>(member, 20);
}
/** Of the enumeration TargetKind. */
export function kindOf(member: usize): i32 {
  return load<i32>(member, 24);
}

/** At an instant, as weights may move evenly from one to another: in 256ths. */
export function weightAt(member: usize, seconds: u32): u64 {
  const before: u64 = load<u32>(member, 4);
  const after: u64 = load<u32>(member, 8);
  const from = load<u32>(member, 12);
  const until = load<u32>(member, 16);
  if (until == 0 || seconds <= from) return before << 8;
  if (seconds >= until) return after << 8;
  const left: u64 = until - seconds;
  const gone: u64 = seconds - from;
  return ((before << 8) * left + (after << 8) * gone) / <u64>(until - from);
}

/** Attempts at one request in all. */
export function attemptsMax(route: usize): i32 {
  return load<i32>(route, 32);
}
/** RETRY_STATUSES_BYTES bytes: a bit for each status from RETRY_STATUS_FIRST on. */
export function retryStatuses(base: usize, route: usize): usize {
  return base + load<u32>(route, 36);
}
/** Further attempts, percent of the requests. */
export function retryBudgetPercent(route: usize): i32 {
  return load<i32>(route, 40);
}
