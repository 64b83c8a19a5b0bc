// Many holders on one ledger, with requests of random sizes that end, are aborted or die with their holder, over a network
// that loses, repeats and delays calls. The simulation alone knows what was really used, and holds the ledger to it.
import { expect } from "vitest";
import type { AbsentHolder, Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { type Random, seeded } from "../usage/random-events.js";
import { Holder } from "./holder.js";
import { LossyLedger } from "./lossy-ledger.js";

export interface SimulationOptions {
  /** The same ledger, as different control planes have it open. */
  readonly ledgers: readonly Ledger[];
  /** Every request is counted by all of them. */
  readonly budgets: readonly Budget[];
  readonly exchanges: number;
  readonly holders: number;
  /** About. */
  readonly crashes: number;
  readonly seed: number;
  /** Whether a request may use more than it reserved. */
  readonly overdrafts: boolean;
  /** Lets leases of holders that are gone end. */
  readonly endLeases: () => Promise<void>;
}

export interface SimulationResult {
  readonly admitted: number;
  readonly used: number;
  readonly debts: number;
  /** Charged for holders that are gone, but never used, before their logs were replayed. */
  readonly stranded: number;
}

const TOKENS_MAX = 60;
const OPEN_MAX = 6;
const PARALLEL_MAX = 12;
const HEADROOM_MAX = 4 * TOKENS_MAX;

class Member {
  readonly open: number[] = [];
  /** Really used, reported or not. */
  used = 0;
  isAlive = true;

  constructor(readonly holder: Holder) {}
}

class Simulation {
  readonly #random: Random;
  readonly #ledgers: readonly LossyLedger[];
  readonly #members: Member[] = [];
  readonly #gone: Member[] = [];
  #admitted = 0;
  #debts = 0;

  constructor(private readonly options: SimulationOptions) {
    this.#random = seeded(options.seed);
    this.#ledgers = options.ledgers.map((ledger) => new LossyLedger(ledger, this.#random));
    for (let index = 0; index < options.holders; index++) this.#members.push(this.#newMember());
  }

  async run(): Promise<SimulationResult> {
    const { exchanges, crashes, endLeases, budgets } = this.options;
    const running = new Set<Promise<void>>();
    for (let index = 0; index < exchanges; index++) {
      const exchange: Promise<void> = this.#exchange().finally(() => running.delete(exchange));
      running.add(exchange);
      while (running.size >= 1 + this.#random(PARALLEL_MAX)) await Promise.race(running);
      if (this.#random(exchanges) < crashes) this.#crash();
      if (index % Math.ceil(exchanges / 100) === 0) await this.#check();
    }
    await Promise.all(running);
    await this.#check();
    for (const ledger of this.#ledgers) ledger.lossy = false;
    for (const member of this.#members) while (member.open.length > 0) this.#end(member);
    await endLeases();
    const stranded = await this.#stranded();
    await this.#replayLogs();
    await this.#useUp();
    await this.#check();
    const report = { admitted: this.#admitted, used: this.#used(), debts: this.#debts, stranded };
    for (const budget of budgets) expect((await this.#ledger().state(budget)).settled).toBe(report.used);
    return report;
  }

  async #exchange(): Promise<void> {
    const member = this.#members[this.#random(this.#members.length)] as Member;
    if (member.open.length >= OPEN_MAX || this.#random(2) === 0) this.#end(member);
    const amount = 1 + this.#random(TOKENS_MAX);
    const isAdmitted = await member.holder.reserve(amount);
    if (!isAdmitted || !member.isAlive) return;
    this.#admitted++;
    member.open.push(amount);
  }

  /** A quarter are aborted early. */
  #amountUsed(reserved: number): number {
    if (this.#random(4) === 0) return this.#random(reserved + 1);
    return this.options.overdrafts && this.#random(3) === 0 ? reserved + this.#random(reserved) : reserved;
  }

  #end(member: Member): void {
    const [reserved] = member.open.splice(this.#random(member.open.length), 1);
    if (reserved === undefined) return;
    const used = this.#amountUsed(reserved);
    this.#debts += Math.max(0, used - reserved);
    member.used += used;
    member.holder.settle(reserved, used);
  }

  /** What ran on it has used something that it tells nobody. */
  #crash(): void {
    const at = this.#random(this.#members.length);
    const member = this.#members[at] as Member;
    for (const reserved of member.open.splice(0)) member.used += this.#random(reserved + 1);
    member.isAlive = false;
    this.#gone.push(member);
    this.#members[at] = this.#newMember();
  }

  async #check(): Promise<void> {
    for (const budget of this.options.budgets) {
      const { allocated } = await this.#ledger().state(budget);
      expect(allocated).toBeLessThanOrEqual(budget.limit + this.#debts);
      expect(this.#used()).toBeLessThanOrEqual(budget.limit + this.#debts);
    }
  }

  async #stranded(): Promise<number> {
    const [budget] = this.options.budgets;
    if (budget === undefined) return 0;
    const { holders } = await this.#ledger().state(budget);
    const charged = new Map(holders.map(({ holder, allocated }) => [holder, allocated]));
    return this.#gone.reduce((sum, { holder, used }) => sum + (charged.get(holder.id) ?? 0) - used, 0);
  }

  async #replayLogs(): Promise<void> {
    for (const { holder, used } of this.#gone) {
      for (const budget of this.options.budgets) {
        const absent: AbsentHolder = { holder: holder.id, budget, window: 0, used };
        // One that never reached the ledger has used nothing.
        expect(["settled", used === 0 ? "unknown" : "settled"]).toContain(await this.#ledger().settleAbsent(absent));
      }
    }
  }

  /** Everybody says where it stands, then takes single tokens as long as there are any. */
  async #useUp(): Promise<void> {
    for (const { holder } of this.#members) await holder.ask(0);
    for (const member of this.#members) {
      while (await member.holder.reserve(1)) {
        member.holder.settle(1, 1);
        member.used += 1;
      }
    }
    for (const { holder } of this.#members) await holder.ask(0);
    for (const member of this.#members) {
      while (await member.holder.reserve(1)) {
        member.holder.settle(1, 1);
        member.used += 1;
      }
      await member.holder.ask(0);
    }
  }

  #newMember(): Member {
    // Some want none: what they have changes with every ask.
    const headroom = this.#random(3) === 0 ? HEADROOM_MAX : 0;
    return new Member(new Holder(this.#ledgers, this.options.budgets, headroom));
  }

  #ledger(): Ledger {
    return this.#ledgers[0] as Ledger;
  }

  #used(): number {
    return [...this.#members, ...this.#gone].reduce((sum, { used }) => sum + used, 0);
  }
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}
