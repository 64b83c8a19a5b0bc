// A holder as the filter is one: it reserves against what it was allocated, asks the ledger when that runs low, settles,
// and states where it stands. What it admits is decided here alone, so that a test can count it.
import { randomBytes } from "node:crypto";
import {
  type AskEntry,
  type AskReply,
  type AskReplyEntry,
  type Ledger,
  LedgerError,
} from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";

const TRIES = 4;

class Slot {
  window: number | undefined;
  allocated = 0;
  used = 0;
  reserved = 0;
  /** Asked for by requests that wait. */
  pending = 0;
  #applied = 0;
  readonly #sent = new Map<number, number>();

  constructor(readonly budget: Budget) {}

  fits(amount: number): boolean {
    return this.used + this.reserved + amount <= this.allocated;
  }

  entry(sequence: number, headroom: number): AskEntry {
    const { budget, window, used } = this;
    const floor = used + this.reserved + this.pending;
    const wanted = floor + headroom;
    this.allocated = Math.min(this.allocated, wanted);
    this.#sent.set(sequence, wanted);
    return {
      budget,
      sequence,
      used,
      floor,
      wanted,
      allocated: this.allocated,
      ...(window === undefined ? {} : { window }),
    };
  }

  apply({ sequence, allocated, windowStart }: AskReplyEntry): void {
    if (sequence < this.#applied) return;
    this.#applied = sequence;
    this.window = windowStart;
    for (const [sent, wanted] of this.#sent) {
      if (sent <= sequence) this.#sent.delete(sent);
      else allocated = Math.min(allocated, wanted);
    }
    this.allocated = allocated;
  }
}

export class Holder {
  readonly id = randomBytes(8).toString("hex");
  readonly slots: readonly Slot[];
  asks = 0;
  #sequence = 0;

  /** Asks go to the ledgers in turn: workers of one Envoy may be served by several control planes. */
  constructor(
    private readonly ledgers: readonly Ledger[],
    budgets: readonly Budget[],
    private readonly headroom = 1_000,
  ) {
    this.slots = budgets.map((budget) => new Slot(budget));
  }

  get used(): number {
    return this.slots[0]?.used ?? 0;
  }

  /** True if the request may run; then `settle` follows. */
  async reserve(amount: number): Promise<boolean> {
    if (this.#admit(amount)) return true;
    for (const slot of this.slots) slot.pending += amount;
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const reply = await this.ask();
        if (this.#admit(amount)) return true;
        if (reply.entries.some(({ refused, remaining }) => refused === "spent" && remaining === 0)) return false;
      }
      return false;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    } finally {
      for (const slot of this.slots) slot.pending -= amount;
    }
  }

  settle(amount: number, used: number): void {
    for (const slot of this.slots) {
      slot.reserved -= amount;
      slot.used += used;
    }
  }

  async ask(headroom = this.headroom): Promise<AskReply> {
    const sequence = ++this.#sequence;
    const entries = this.slots.map((slot) => slot.entry(sequence, headroom));
    const ledger = this.ledgers[this.asks++ % this.ledgers.length] as Ledger;
    const reply = await ledger.ask({ holder: this.id, entries });
    reply.entries.forEach((entry, index) => void this.slots[index]?.apply(entry));
    return reply;
  }

  #admit(amount: number): boolean {
    if (!this.slots.every((slot) => slot.fits(amount))) return false;
    for (const slot of this.slots) slot.reserved += amount;
    return true;
  }
}
