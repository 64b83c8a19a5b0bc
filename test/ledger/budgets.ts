// Budgets and asks for tests: plain ones, with what a test cares about changed.
import type { AskEntry } from "../../control-plane/ledger/ledger.js";
import { type Budget, budgetSchema } from "../../control-plane/resources/budget.js";

export const ALICE = "00000000000000a1";
export const BOB = "00000000000000b0";

/** A fixed total of 1,000 tokens. */
export function budget(changes: Record<string, unknown> = {}): Budget {
  return budgetSchema.parse({ id: "budget", measure: "total_tokens", limit: 1_000, window: "total", ...changes });
}

/** Wants exactly what it needs, and says that it has nothing so far. */
export function entry(of: Budget, sequence: number, floor: number, changes: Partial<AskEntry> = {}): AskEntry {
  return { budget: of, sequence, used: 0, floor, wanted: floor, allocated: 0, ...changes };
}
