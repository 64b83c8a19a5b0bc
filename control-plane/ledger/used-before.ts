// Asks the usage store what was used of budgets before the ledger knew them: within a stated time, and once for all who
// wait for the same answer.
import { counterOf } from "./counter.js";
import { LedgerError, type Unseeded, type UsageSource } from "./ledger.js";

const TIMEOUT_MS = 1_000;

/** What was used in the window before the ledger knew the budget. */
export interface Seed {
  readonly unseeded: Unseeded;
  readonly used: number;
}

export class UsedBefore {
  readonly #asked = new Map<string, Promise<number>>();

  constructor(private readonly usage: UsageSource) {}

  /** Rejects with LedgerError `usage_unknown`. */
  ask(windows: readonly Unseeded[], now: number): Promise<readonly Seed[]> {
    return Promise.all(windows.map(async (unseeded) => ({ unseeded, used: await this.#once(unseeded, now) })));
  }

  #once(unseeded: Unseeded, now: number): Promise<number> {
    const key = `${counterOf(unseeded.budget)} ${unseeded.window.start}`;
    let answer = this.#asked.get(key);
    if (answer === undefined) {
      answer = this.#inTime(unseeded, now).finally(() => this.#asked.delete(key));
      this.#asked.set(key, answer);
    }
    return answer;
  }

  async #inTime({ budget, window }: Unseeded, now: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new LedgerError("usage_unknown", "it did not answer in time")), TIMEOUT_MS);
    });
    try {
      return await Promise.race([this.usage(budget, { from: window.start, to: now }), late]);
    } catch (error) {
      throw error instanceof LedgerError ? error : new LedgerError("usage_unknown", undefined, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
