// The port of the ledger, which shares budgets out among holders (Envoy processes): never more than the limit, whatever is
// lost, repeated, late or killed. Every number that a holder sends is absolute and its own, so that a call is a statement
// of where it stands and not a change; the ledger's clock is the only one.
import type { Budget } from "../resources/budget.js";
import type { Window } from "./window.js";

/** How long a holder counts as alive after an ask. Then it must not use what it holds any more. */
export const LEASE_MS = 30_000;
/** An ask is one transaction, and others wait for it. */
export const ENTRIES_MAX = 64;

/**
 * Where a holder stands with one budget in one window. `used` ≤ `floor` ≤ `wanted`. Before it sends a `wanted` below what
 * it holds, it stops using more than that: the rest may be another's at once.
 */
export interface AskEntry {
  readonly budget: Budget;
  /**
   * Start of the window; absent = the current one, for a holder that has nothing in it yet. What is left of older windows
   * goes in asks of its own, as a window that is over refuses what it has not granted.
   */
  readonly window?: number;
  /** Rises with every ask of this holder. What comes with a lower one than before is late, and changes nothing. */
  readonly sequence: number;
  /** Settled in this window so far; always 0 for concurrent requests. */
  readonly used: number;
  /** `used` and what it has reserved: it needs this much. */
  readonly floor: number;
  /** `floor` and what it would like beyond. */
  readonly wanted: number;
  /** What it may use by the last reply that it knows, or less, if it wants less now. 0 = no reply yet. */
  readonly allocated: number;
}

export interface Ask {
  /** 16 to 64 hex characters: the nonce of an Envoy process, and a number. One that starts again is another holder. */
  readonly holder: string;
  /** All or nothing: if one is refused, none of the others grows. */
  readonly entries: readonly AskEntry[];
}

/**
 * `spent`: the limit does not allow it. `over`: the window is not the current one any more, ask without `window`.
 * `rebuilding`: the ledger lost its data and takes reports for one lease time before it grants again. `withheld`: another
 * entry of the ask was refused.
 */
export type Refusal = "spent" | "over" | "rebuilding" | "withheld";

export interface AskReplyEntry {
  readonly budgetId: string;
  readonly windowStart: number;
  /** Infinity for totals and levels. */
  readonly windowEnd: number;
  /** Of the newest ask that the ledger has seen of this holder and window. */
  readonly sequence: number;
  /**
   * What the holder may use of this window, all that it has used included, whether refused or not: but no more than the
   * smallest `wanted` of the asks that it has sent after `sequence`. More than the limit only by debts.
   */
  readonly allocated: number;
  /** What nobody holds. */
  readonly remaining: number;
  readonly limit: number;
  /** Unix ms by the ledger's clock. */
  readonly notAfter: number;
  /** Present if `allocated` < `floor`. */
  readonly refused?: Refusal;
}

export interface AskReply {
  readonly nowMs: number;
  /** True if no entry was refused. */
  readonly granted: boolean;
  /** In the order of the ask. */
  readonly entries: readonly AskReplyEntry[];
}

export interface HolderState {
  readonly holder: string;
  readonly allocated: number;
  readonly used: number;
  /** Unix ms; absent if it has not asked for a lease time. */
  readonly notAfter?: number;
}

export interface BudgetState {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly limit: number;
  readonly allocated: number;
  /** What was used, by reports. */
  readonly settled: number;
  /** What holders that are gone may have used beyond their reports. It stays charged until `settleAbsent`. */
  readonly unsettled: number;
  readonly remaining: number;
  /** Random; another one means that the data was lost in between. Absent before the first ask. */
  readonly epoch?: string;
  readonly rebuilding: boolean;
  /** Holder "" is what the usage store knows to have been used before the ledger knew the budget. */
  readonly holders: readonly HolderState[];
}

export interface AbsentHolder {
  readonly holder: string;
  readonly budget: Budget;
  readonly window: number;
  /** What it has really used in the window, e.g. by its log. */
  readonly used: number;
}

/** `alive`: it settles by itself. `unknown`: it holds nothing in this window. Neither changes anything. */
export type SettleOutcome = "settled" | "alive" | "unknown";

/** A window of which the usage store must first say what was used in it. */
export interface Unseeded {
  readonly budget: Budget;
  readonly window: Window;
}

/** What all holders together have used of a budget in a span of time, by the usage store. */
export type UsageSource = (budget: Budget, span: { readonly from: number; readonly to: number }) => Promise<number>;

export const LEDGER_ERRORS = {
  invalid_ask: "The ask is not one that a holder can make.",
  unreachable: "The ledger's store cannot be reached. Check that it runs, and that this machine may connect to it.",
  timeout: "The ledger's store did not answer in time. Look at its load and its latency.",
  overloaded: "Too many calls wait for the ledger's store. Look at its load and its latency.",
  unauthorised: "The ledger's Redis refuses the user name or password. Correct them in SLUICE_REDIS_URL.",
  full: "The ledger's store is full. Give it more memory or disk; Redis must have the maxmemory-policy noeviction.",
  misconfigured: "The ledger's Redis does not work as it is set up. Read what it says, and correct it.",
  usage_unknown:
    "The usage store cannot say what was used before. Mend the usage store; the ledger then asks it again.",
} as const;
export type LedgerErrorCode = keyof typeof LEDGER_ERRORS;

/** Nothing is known about the call's effect; sending it again is always safe. Never holds a credential. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";

  constructor(
    readonly code: LedgerErrorCode,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail === undefined ? LEDGER_ERRORS[code] : `${LEDGER_ERRORS[code]} (${detail})`, options);
  }
}

/** Every method rejects with LedgerError, within a stated time, while the ledger's store cannot be used. */
export interface Ledger {
  ask(ask: Ask): Promise<AskReply>;
  /** Corrects what a holder that is gone left unsettled. */
  settleAbsent(absent: AbsentHolder): Promise<SettleOutcome>;
  /** `window` = its start; without it the current one. */
  state(budget: Budget, window?: number): Promise<BudgetState>;
  close(): Promise<void>;
}
