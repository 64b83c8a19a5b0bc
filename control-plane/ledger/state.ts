// How a budget stands, for operators: sums over what its holders have.
import type { Budget } from "../resources/budget.js";
import { BEFORE, type Counter } from "./counter.js";
import type { Account } from "./decide.js";
import type { BudgetState } from "./ledger.js";
import type { Window } from "./window.js";

export interface StateFacts {
  readonly budget: Budget;
  readonly window: Window;
  readonly counter: Counter | undefined;
  /** `lease`: Unix ms until which the holder counts as alive. */
  readonly holders: readonly (Account & { readonly holder: string; readonly lease: number | undefined })[];
  readonly now: number;
}

export function stateOf({ budget, window, counter, holders, now }: StateFacts): BudgetState {
  const isAlive = (lease: number | undefined) => lease !== undefined && lease >= now;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const gone = holders.filter(({ holder, lease }) => holder !== BEFORE && !isAlive(lease));
  const allocated = sum(holders.map((each) => each.allocated));
  return {
    windowStart: window.start,
    windowEnd: window.end,
    limit: budget.limit,
    allocated,
    settled: sum(holders.map(({ used }) => used)),
    unsettled: sum(gone.map((each) => each.allocated - each.used)),
    remaining: Math.max(0, budget.limit - allocated),
    ...(counter === undefined ? {} : { epoch: counter.epoch }),
    rebuilding: counter !== undefined && window.start < counter.since && now < counter.closedUntil,
    holders: holders.map(({ holder, allocated, used, lease }) => ({
      holder,
      allocated,
      used,
      ...(lease !== undefined && isAlive(lease) ? { notAfter: lease } : {}),
    })),
  };
}
