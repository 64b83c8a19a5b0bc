// What of a budget's document the ledger goes by: which numbers belong together, where they are kept, and which rule they
// follow. And what an ask must be before anything is decided.
import type { Budget } from "../resources/budget.js";
import { BUDGET_SCOPES } from "../resources/budget.js";
import type { Rule } from "./decide.js";
import { type Ask, type AskEntry, ENTRIES_MAX, LedgerError } from "./ledger.js";
import { type Window, windowAt } from "./window.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Holder of what was used before the ledger knew the budget. */
export const BEFORE = "";

/** Made when a budget is first asked for; when it is gone, so are all numbers of the budget. */
export interface Counter {
  readonly epoch: string;
  /** Unix ms. */
  readonly since: number;
  /** Unix ms; until then windows that began before `since` are closed. 0 = nothing was lost. */
  readonly closedUntil: number;
}

/** The largest instant that a Date can hold. */
const UNIX_MS_MAX = 8.64e15;
const SHARED_WINDOWS: readonly (string | undefined)[] = ["second", "minute"];
/** Longer than any stream runs; and for windows of an hour or more, long enough for a log to be found and replayed. */
const RETENTION_MS = { short: HOUR_MS, long: 7 * DAY_MS };

/**
 * Names the numbers of a budget. A limit may change while they count; another measure or window makes other numbers, as
 * tokens are not money and a day is not an hour.
 */
export function counterOf({ id, measure, window }: Budget): string {
  return `${id}/${measure}/${window ?? "level"}`;
}

/** Budgets of one scope are kept together. By the scope, and not by its tenant, as a consumer may move to another. */
export function partitionOf({ scope }: Budget): string {
  const kind = BUDGET_SCOPES.find((name) => scope[name] !== undefined);
  return kind === undefined ? "-" : `${kind}:${scope[kind]}`;
}

export function isLevel({ measure }: Budget): boolean {
  return measure === "concurrent_requests";
}

export function isShared({ window }: Budget): boolean {
  return SHARED_WINDOWS.includes(window);
}

export function ruleOf(budget: Budget): Rule {
  const { limit, shadowMode: shadow } = budget;
  return { limit, level: isLevel(budget), shared: isShared(budget), shadow };
}

/** From this instant on a window may be forgotten. */
export function forgetAt(budget: Budget, { end }: Window): number {
  return end + (isShared(budget) ? RETENTION_MS.short : RETENTION_MS.long);
}

/** The window that an entry means, at an instant. An old window keeps its start, whatever the budget says now. */
export function windowOf(budget: Budget, start: number | undefined, now: number): Window {
  if (start === undefined) return windowAt(budget, now);
  return { start, end: windowAt(budget, start).end };
}

/** The nonce of an Envoy process, and which of its holders it is. */
const HOLDER = /^[0-9a-f]{16,64}$/;

function amount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function entryDefect({ budget, window, sequence, used, floor, wanted, allocated }: AskEntry): string | undefined {
  if (window !== undefined && !(amount(window) && window <= UNIX_MS_MAX)) return "window must be the start of a window";
  if (!amount(sequence) || sequence === 0) return "sequence must be a whole number above 0";
  if (![used, floor, wanted, allocated].every(amount)) return "amounts must be whole numbers of 0 or more";
  if (used > floor || floor > wanted) return "used must be at most floor, and floor at most wanted";
  if (isLevel(budget) && used > 0) return "used must be 0 for concurrent requests";
  return undefined;
}

/** The current window may be one that is named, too: nobody can say before the ledger's clock has. */
function repeats({ budget, window }: AskEntry, earlier: readonly AskEntry[]): string | undefined {
  const name = counterOf(budget);
  const same = earlier.filter((other) => counterOf(other.budget) === name).map((other) => other.window);
  const collides = same.some((other) => other === window || other === undefined || window === undefined);
  return collides ? "comes twice for what may be one window" : undefined;
}

/** Throws LedgerError `invalid_ask`. */
export function checkAsk({ holder, entries }: Ask): void {
  const refuse = (detail: string) => {
    throw new LedgerError("invalid_ask", detail);
  };
  if (!HOLDER.test(holder)) refuse("holder must be 16 to 64 hex characters");
  if (entries.length > ENTRIES_MAX) refuse(`more than ${ENTRIES_MAX} entries`);
  const defect = entries.map((entry, index) => entryDefect(entry) ?? repeats(entry, entries.slice(0, index)));
  const first = defect.findIndex((text) => text !== undefined);
  if (first >= 0) refuse(`budget ${entries[first]?.budget.id}: ${defect[first]}`);
}
