// The ledger's records in memory: with them the decision is the oracle that the real ledgers are held against.
import { Accounts, type HeldAccount, type Records } from "../../control-plane/ledger/accounts.js";
import { type Counter, checkAsk, counterOf } from "../../control-plane/ledger/counter.js";
import type { Account } from "../../control-plane/ledger/decide.js";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Window } from "../../control-plane/ledger/window.js";
import type { Budget } from "../../control-plane/resources/budget.js";

export class MemoryRecords implements Records {
  readonly #counters = new Map<string, Counter>();
  readonly #leases = new Map<string, Map<string, number>>();
  readonly #windows = new Map<string, Map<string, Account>>();

  counter(name: string): Counter | undefined {
    return this.#counters.get(name);
  }

  putCounter(name: string, counter: Counter): void {
    this.#counters.set(name, counter);
  }

  leaseOf(name: string, holder: string): number | undefined {
    return this.#leases.get(name)?.get(holder);
  }

  putLease(name: string, holder: string, until: number): void {
    this.#leases.set(name, (this.#leases.get(name) ?? new Map()).set(holder, until));
  }

  liveHolders(name: string, now: number): number {
    return [...(this.#leases.get(name)?.values() ?? [])].filter((until) => until >= now).length;
  }

  allocated(name: string, start: number): number | undefined {
    const accounts = this.#windows.get(`${name} ${start}`);
    return accounts && [...accounts.values()].reduce((sum, { allocated }) => sum + allocated, 0);
  }

  account(name: string, start: number, holder: string): Account | undefined {
    return this.#windows.get(`${name} ${start}`)?.get(holder);
  }

  accounts(name: string, start: number): readonly HeldAccount[] {
    const accounts = this.#windows.get(`${name} ${start}`) ?? [];
    return [...accounts].map(([holder, account]) => ({ holder, ...account }));
  }

  putAccount(budget: Budget, { start }: Window, holder: string, account: Account): void {
    const key = `${counterOf(budget)} ${start}`;
    this.#windows.set(key, (this.#windows.get(key) ?? new Map()).set(holder, account));
  }

  removeLapsed(name: string, now: number): void {
    for (const { holder } of this.accounts(name, 0)) {
      if ((this.leaseOf(name, holder) ?? 0) < now) this.#windows.get(`${name} 0`)?.delete(holder);
    }
  }
}

/** A ledger that forgets with its process: the decision and nothing else. */
export function memoryLedger(now: () => number, leaseMs: number): Ledger {
  const accounts = new Accounts(new MemoryRecords(), leaseMs);
  return {
    ask: async (ask) => {
      checkAsk(ask);
      return accounts.ask(ask, now());
    },
    settleAbsent: async (absent) => accounts.settleAbsent(absent, now()),
    state: async (budget, window) => accounts.state(budget, window, now()),
    close: async () => {},
  };
}
