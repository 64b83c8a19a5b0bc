// What the name of a Gemini model says: where it is called, and how it is told to think.

import { equalsAscii } from "../../bytes/compare";
import { Plan } from "../plan";

/** Gemini 2.5 takes a budget of thinking tokens and no level; all that came later takes a level. */
export function thinksByBudget(plan: Plan): bool {
  return contains(plan, "gemini-2") || contains(plan, "gemini-1");
}

/** The models named "pro" cannot stop thinking. */
export function isPro(plan: Plan): bool {
  return contains(plan, "-pro");
}

function contains(plan: Plan, part: string): bool {
  for (let i = 0; i <= plan.modelLength - part.length; i++) {
    if (equalsAscii(plan.modelPointer + <usize>i, part.length, part)) return true;
  }
  return false;
}
