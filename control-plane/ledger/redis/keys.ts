// Where a budget's numbers are in Redis. The hash tag keeps those of one scope on one node of a cluster.
import type { Budget } from "../../resources/budget.js";
import { counterOf, partitionOf } from "../counter.js";

const PREFIX = "sluice:ledger";

export interface Keys {
  readonly counter: string;
  readonly leases: string;
  readonly window: string;
}

export function keysOf(budget: Budget, start: number): Keys {
  const place = `${PREFIX}:{${partitionOf(budget)}}`;
  const counter = counterOf(budget);
  return {
    counter: `${place}:c:${counter}`,
    leases: `${place}:l:${counter}`,
    window: `${place}:w:${counter}:${start}`,
  };
}
