// What the script STATE answers, as the state of a budget.
import type { Budget } from "../../resources/budget.js";
import { type Counter, isLevel } from "../counter.js";
import type { BudgetState } from "../ledger.js";
import { stateOf } from "../state.js";
import type { Window } from "../window.js";

export type StateAnswer = [now: string, counter: (string | null)[], leases: string[], window: string[]];

const ACCOUNT = "h:";

/** Lists of a name and a value in turn, as Redis sends maps. */
function pairs(list: readonly string[]): Map<string, string> {
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? ""] as const] : [])));
}

function counterOf([epoch, since, closed]: readonly (string | null)[]): Counter | undefined {
  if (typeof epoch !== "string") return undefined;
  return { epoch, since: Number(since), closedUntil: Number(closed) };
}

export function readState(budget: Budget, window: Window, answer: StateAnswer): BudgetState {
  const now = Number(answer[0]);
  const leases = pairs(answer[2]);
  const holders = [...pairs(answer[3])]
    .filter(([name]) => name.startsWith(ACCOUNT))
    .map(([name, value]) => {
      const holder = name.slice(ACCOUNT.length);
      const [allocated = 0, used = 0, sequence = 0] = value.split(" ").map(Number);
      const lease = leases.get(holder);
      return { holder, allocated, used, sequence, lease: lease === undefined ? undefined : Number(lease) };
    })
    // What lapsed of a level is free, though it is taken off at the next ask only.
    .filter(({ lease }) => !isLevel(budget) || (lease ?? 0) >= now)
    .sort((a, b) => (a.holder < b.holder ? -1 : 1));
  return stateOf({ budget, window, counter: counterOf(answer[1]), holders, now });
}
