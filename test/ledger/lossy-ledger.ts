// A ledger behind a bad network: asks and replies are lost, overtake each other, come twice, or come long after their
// sender gave up.
import { type Ask, type AskReply, type Ledger, LedgerError } from "../../control-plane/ledger/ledger.js";
import type { Random } from "../usage/random-events.js";

const LATE_MAX = 20;

export class LossyLedger implements Ledger {
  readonly #late: Ask[] = [];
  /** Set to false when the network is to be well again. */
  lossy = true;

  constructor(
    private readonly inner: Ledger,
    private readonly random: Random,
  ) {}

  async ask(ask: Ask): Promise<AskReply> {
    if (!this.lossy) return this.inner.ask(ask);
    if (this.#late.length > 0 && this.random(4) === 0) await this.#deliverLate();
    switch (this.random(20)) {
      case 0:
        throw new LedgerError("timeout", "lost on the way");
      case 1:
        await this.inner.ask(ask);
        throw new LedgerError("timeout", "the reply was lost");
      case 2:
        await this.inner.ask(ask);
        return this.inner.ask(ask);
      case 3:
        if (this.#late.length < LATE_MAX) this.#late.push(ask);
        throw new LedgerError("timeout", "it comes later");
      default:
        await this.#dawdle();
        return this.#answer(ask);
    }
  }

  settleAbsent: Ledger["settleAbsent"] = (absent) => this.inner.settleAbsent(absent);
  state: Ledger["state"] = (budget, window) => this.inner.state(budget, window);
  close: Ledger["close"] = () => this.inner.close();

  async #answer(ask: Ask): Promise<AskReply> {
    const reply = await this.inner.ask(ask);
    await this.#dawdle();
    return reply;
  }

  /** Others come in between. */
  async #dawdle(): Promise<void> {
    for (let turns = this.random(4); turns > 0; turns--) await new Promise(setImmediate);
  }

  async #deliverLate(): Promise<void> {
    const [ask] = this.#late.splice(this.random(this.#late.length), 1);
    if (ask !== undefined) await this.inner.ask(ask);
  }
}
