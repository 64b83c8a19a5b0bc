// One budget as a lease describes it (ARCHITECTURE.md §2.5), read in place: what it counts, and by which rules.

import { BUDGET_HEADER_BYTES, BudgetFlag, BudgetMeasure } from "../contract";
import { covers } from "../state/lease";
import { TokenUsage } from "../usage/token-usage";

const WEIGHT: i64 = 1000;
/** Costs are counted in billionths, budgets in millionths. */
const COST: i64 = 1000;

export function nextBudget(budget: usize): usize {
  return budget + <usize>load<u16>(budget);
}

/** Of the enumeration BudgetMeasure. */
export function measureOf(budget: usize): i32 {
  return load<u8>(budget, 2);
}

export function hasFlag(budget: usize, flag: BudgetFlag): bool {
  return (<i32>load<u8>(budget, 3) & flag) != 0;
}

/** Percent of the limit from which on replies carry a warning; 0 = never. */
export function warnAtPercent(budget: usize): i64 {
  return load<u8>(budget, 16);
}

/** Percent of the limit that is kept for higher priority classes than the key's. */
export function keptPercent(budget: usize): i64 {
  return load<u8>(budget, 17);
}

/** What this Envoy may use while the ledger cannot be asked. */
export function allowanceOf(budget: usize): i64 {
  return load<i64>(budget, 20);
}

/** str16 */
export function idOf(budget: usize): usize {
  return budget + BUDGET_HEADER_BYTES;
}

export function countsModel(budget: usize, name: usize, length: i32): bool {
  const id = idOf(budget);
  let at = id + 2 + <usize>load<u16>(id);
  let patterns: i32 = load<u16>(at);
  if (patterns == 0) return true;
  for (at += 2; patterns > 0; patterns--) {
    if (covers(at + 2, load<u16>(at), name, length)) return true;
    at += 2 + <usize>load<u16>(at);
  }
  return false;
}

/** What this usage is in the budget's measure, rounded up. A request itself counts as `requests`. */
export function amountOf(budget: usize, usage: TokenUsage, costNanos: i64, requests: i64): i64 {
  switch (measureOf(budget)) {
    case BudgetMeasure.INPUT_TOKENS:
      return max<i64>(usage.input, 0);
    case BudgetMeasure.OUTPUT_TOKENS:
      return max<i64>(usage.output, 0);
    case BudgetMeasure.TOTAL_TOKENS:
      return max<i64>(usage.input, 0) + max<i64>(usage.output, 0);
    case BudgetMeasure.WEIGHTED_TOKENS:
      return weighted(budget, usage);
    case BudgetMeasure.COST:
      return (max<i64>(costNanos, 0) + COST - 1) / COST;
    default:
      return requests;
  }
}

function weighted(budget: usize, usage: TokenUsage): i64 {
  const cached = max<i64>(usage.cached, 0);
  const sum =
    max<i64>(usage.input - cached, 0) * <i64>load<u32>(budget, 4) +
    cached * <i64>load<u32>(budget, 8) +
    max<i64>(usage.output, 0) * <i64>load<u32>(budget, 12);
  return (sum + WEIGHT - 1) / WEIGHT;
}
