// Checks the tables of model routes: every rule, condition, tier, member and target record lies within the configuration and has its
// shape, so that whoever walks them later need not look. Null = sound, else where and why.

import {
  BILL_HEADER_BYTES,
  MEMBER_BYTES,
  MODEL_ROUTE_BYTES,
  PRICE_LIST_BYTES,
  RETRY_STATUSES_BYTES,
  ROUTE_TARGETS_MAX,
  RULE_BYTES,
  RULES_MAX,
  Strategy,
  TARGET_HEADER_BYTES,
  TARGETS_MAX,
  TIER_BYTES,
  TIERS_MAX,
} from "../contract";
import { Bounds } from "./bounds";
import { checkConditions } from "./check-conditions";

/** Strings of a target record (ARCHITECTURE.md §2.2), and of a bill record. */
const TARGET_STRINGS: i32 = 6;
const BILL_STRINGS: i32 = 2;

export function checkModelRoutes(bounds: Bounds): string | null {
  const table = bounds.u32(24);
  const count = bounds.u32(20);
  if (!bounds.hasRange(table, <u64>count * MODEL_ROUTE_BYTES)) return "modelRoutes: out of bounds";
  for (let i: u32 = 0; i < count; i++) {
    const problem = checkRoute(bounds, table + i * MODEL_ROUTE_BYTES);
    if (problem != null) return `modelRoutes[${i}]${problem}`;
  }
  return null;
}

function checkRoute(bounds: Bounds, route: u32): string | null {
  if (!bounds.hasString(bounds.u32(route))) return ".name: out of bounds";
  const targets = bounds.u32(route + 12);
  if (targets == 0 || targets > ROUTE_TARGETS_MAX * RULES_MAX) return ".targets: none, or too many";
  if (!bounds.hasRange(bounds.u32(route + 16), <u64>targets * 4)) return ".targets: out of bounds";
  for (let t: u32 = 0; t < targets; t++) {
    if (!checkTarget(bounds, bounds.u32(bounds.u32(route + 16) + t * 4))) {
      return `.targets[${t}]: not a whole target record`;
    }
  }
  const attempts = bounds.u32(route + 32);
  if (attempts == 0 || attempts > TARGETS_MAX) return ".failover: not 1 to 16 attempts";
  if (!bounds.hasRange(bounds.u32(route + 36), RETRY_STATUSES_BYTES)) return ".failover: out of bounds";
  const rules = bounds.u32(route + 24);
  if (rules == 0 || rules > RULES_MAX) return ".rules: none, or too many";
  if (!bounds.hasRange(bounds.u32(route + 28), <u64>rules * RULE_BYTES)) return ".rules: out of bounds";
  for (let i: u32 = 0; i < rules; i++) {
    const rule = bounds.u32(route + 28) + i * RULE_BYTES;
    if (!bounds.hasString(bounds.u32(rule))) return `.rules[${i}].name: out of bounds`;
    const conditions = bounds.u32(rule + 8);
    // The last one takes what is left.
    if ((conditions == 0) != (i + 1 == rules)) return `.rules[${i}].when: only the last rule has none`;
    const problem = checkConditions(bounds, bounds.u32(rule + 4), conditions);
    if (problem != null) return `.rules[${i}].when: ${problem}`;
    if (!checkTiers(bounds, bounds.u32(rule + 16), bounds.u32(rule + 12))) return `.rules[${i}].tiers: not whole`;
  }
  return null;
}

function checkTiers(bounds: Bounds, offset: u32, count: u32): bool {
  if (count == 0 || count > TIERS_MAX || !bounds.hasRange(offset, <u64>count * TIER_BYTES)) return false;
  let all: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const tier = offset + i * TIER_BYTES;
    const members: u32 = load<u16>(bounds.bytes + tier, 2);
    all += members;
    if (load<u8>(bounds.bytes + tier) > <u8>Strategy.RANDOM || members == 0 || all > ROUTE_TARGETS_MAX) return false;
    const first = bounds.u32(tier + 4);
    if (!bounds.hasRange(first, <u64>members * MEMBER_BYTES)) return false;
    for (let m: u32 = 0; m < members; m++) {
      if (!checkTarget(bounds, bounds.u32(first + m * MEMBER_BYTES))) return false;
    }
  }
  return true;
}

function checkTarget(bounds: Bounds, offset: u32): bool {
  if (!bounds.hasRange(offset, TARGET_HEADER_BYTES)) return false;
  const length: u32 = load<u16>(bounds.bytes + offset);
  if (!bounds.hasRange(offset, length)) return false;
  const end = offset + length;
  return bounds.behindStrings(offset + TARGET_HEADER_BYTES, TARGET_STRINGS, end) == end && checkBill(bounds, end);
}

/** The bill record stands right behind its target's. */
function checkBill(bounds: Bounds, offset: u32): bool {
  if (!bounds.hasRange(offset, BILL_HEADER_BYTES)) return false;
  const bill = bounds.bytes + offset;
  const end = offset + <u32>load<u16>(bill);
  if (!bounds.hasRange(offset, end - offset)) return false;
  const lists = bounds.behindStrings(offset + BILL_HEADER_BYTES, BILL_STRINGS, end);
  return lists > 0 && lists + <u32>load<u8>(bill, 2) * PRICE_LIST_BYTES == end;
}
