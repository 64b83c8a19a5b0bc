// What a ledger in one process keeps, and how an ask is applied to it. Where the records lie is the implementation's; it
// also sees to it that an ask is applied as a whole or not at all, and that no two are at once.
import { randomBytes } from "node:crypto";
import type { Budget } from "../resources/budget.js";
import { BEFORE, type Counter, counterOf, isLevel, ruleOf, windowOf } from "./counter.js";
import { type Account, type Case, decide, NO_ACCOUNT, type Verdict } from "./decide.js";
import type {
  AbsentHolder,
  Ask,
  AskEntry,
  AskReply,
  AskReplyEntry,
  BudgetState,
  Refusal,
  SettleOutcome,
  Unseeded,
} from "./ledger.js";
import { stateOf } from "./state.js";
import { type Window, windowAt } from "./window.js";

export interface HeldAccount extends Account {
  readonly holder: string;
}

export interface Records {
  counter(name: string): Counter | undefined;
  putCounter(name: string, counter: Counter): void;
  /** Unix ms until which the holder counts as alive for the budget. */
  leaseOf(name: string, holder: string): number | undefined;
  putLease(name: string, holder: string, until: number): void;
  liveHolders(name: string, now: number): number;
  /** Sum over all holders; undefined if nobody asked for this window yet. */
  allocated(name: string, start: number): number | undefined;
  account(name: string, start: number, holder: string): Account | undefined;
  accounts(name: string, start: number): readonly HeldAccount[];
  putAccount(budget: Budget, window: Window, holder: string, account: Account): void;
  /** Removes the accounts of a level whose holders are not alive any more. */
  removeLapsed(name: string, now: number): void;
}

interface Facts {
  readonly entry: AskEntry;
  readonly name: string;
  readonly window: Window;
  readonly facts: Case;
}

export class Accounts {
  constructor(
    private readonly records: Records,
    private readonly leaseMs: number,
  ) {}

  /** Windows that began before the ledger knew the budget, and that nobody has asked for yet. */
  unseeded({ entries }: Ask, now: number): readonly Unseeded[] {
    return entries.flatMap(({ budget, window: start }) => {
      const name = counterOf(budget);
      const window = windowOf(budget, start, now);
      const since = this.records.counter(name)?.since ?? now;
      const known = window.start >= since || this.records.allocated(name, window.start) !== undefined;
      return known || isLevel(budget) ? [] : [{ budget, window }];
    });
  }

  seed({ budget, window }: Unseeded, used: number): void {
    if (this.records.allocated(counterOf(budget), window.start) !== undefined) return;
    this.records.putAccount(budget, window, BEFORE, { allocated: used, used, sequence: 0 });
  }

  ask({ holder, entries }: Ask, now: number): AskReply {
    const cases = entries.map((entry) => this.#facts(entry, holder, now));
    const verdicts = decide(cases.map(({ facts }) => facts));
    const replies = cases.map((each, index) => this.#apply(each, verdicts[index] as Verdict, holder, now));
    return { nowMs: now, granted: replies.every(({ refused }) => refused === undefined), entries: replies };
  }

  settleAbsent({ holder, budget, window: start, used }: AbsentHolder, now: number): SettleOutcome {
    const name = counterOf(budget);
    const account = this.records.account(name, start, holder);
    if (account === undefined) return "unknown";
    if ((this.records.leaseOf(name, holder) ?? 0) >= now) return "alive";
    const settled = Math.max(account.used, used);
    this.records.putAccount(budget, windowOf(budget, start, now), holder, {
      ...account,
      allocated: settled,
      used: settled,
    });
    return "settled";
  }

  state(budget: Budget, start: number | undefined, now: number): BudgetState {
    const name = counterOf(budget);
    const window = windowOf(budget, start, now);
    const counter = this.records.counter(name);
    if (isLevel(budget)) this.records.removeLapsed(name, now);
    const holders = this.records.accounts(name, window.start).map((account) => ({
      ...account,
      lease: this.records.leaseOf(name, account.holder),
    }));
    return stateOf({ budget, window, counter, holders, now });
  }

  #facts(entry: AskEntry, holder: string, now: number): Facts {
    const { budget } = entry;
    const name = counterOf(budget);
    const window = windowOf(budget, entry.window, now);
    const rule = ruleOf(budget);
    // A level is what runs now: with its holder it is gone.
    if (rule.level) this.records.removeLapsed(name, now);
    const known = this.records.account(name, window.start, holder);
    if (entry.sequence > (known?.sequence ?? 0)) this.records.putLease(name, holder, now + this.leaseMs);
    const closed = this.#closed(entry, name, window, known !== undefined, now);
    if (known === undefined) this.#takeFromBefore(budget, window, entry.used);
    const facts: Case = {
      claim: entry,
      account: known ?? NO_ACCOUNT,
      rule,
      allocated: this.records.allocated(name, window.start) ?? 0,
      liveHolders: this.records.liveHolders(name, now),
      closed,
    };
    return { entry, name, window, facts };
  }

  /** Makes the counter if there is none. A holder that has what nobody knows of shows that data was lost. */
  #closed(entry: AskEntry, name: string, window: Window, known: boolean, now: number): Refusal | undefined {
    let counter = this.records.counter(name);
    const before = counter;
    counter ??= { epoch: randomBytes(8).toString("hex"), since: now, closedUntil: 0 };
    const inDoubt = window.start < counter.since && now < counter.since + this.leaseMs;
    if (inDoubt && !known && entry.allocated > 0) counter = { ...counter, closedUntil: counter.since + this.leaseMs };
    if (counter !== before) this.records.putCounter(name, counter);
    if (window.start !== windowAt(entry.budget, now).start) return "over";
    return window.start < counter.since && now < counter.closedUntil ? "rebuilding" : undefined;
  }

  /** What the usage store counted of this holder is its own now. */
  #takeFromBefore(budget: Budget, window: Window, used: number): void {
    const before = this.records.account(counterOf(budget), window.start, BEFORE);
    if (before === undefined || used === 0) return;
    const rest = Math.max(0, before.used - used);
    this.records.putAccount(budget, window, BEFORE, { allocated: rest, used: rest, sequence: 0 });
  }

  #apply({ entry, name, window, facts }: Facts, verdict: Verdict, holder: string, now: number): AskReplyEntry {
    const { account, refused } = verdict;
    if (account !== facts.account) this.records.putAccount(entry.budget, window, holder, account);
    const allocated = this.records.allocated(name, window.start) ?? 0;
    return {
      budgetId: entry.budget.id,
      windowStart: window.start,
      windowEnd: window.end,
      sequence: account.sequence,
      allocated: account.allocated,
      remaining: Math.max(0, entry.budget.limit - allocated),
      limit: entry.budget.limit,
      notAfter: this.records.leaseOf(name, holder) ?? now,
      ...(refused === undefined ? {} : { refused }),
    };
  }
}
