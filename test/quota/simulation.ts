// Many exchanges of random sizes through Envoys that a test plays, over one ledger and a bad network: they complete, are aborted in
// the middle of a stream, or die with their Envoy. The simulation alone knows what the provider really made.
import { expect } from "vitest";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { type Random, seeded } from "../usage/random-events.js";
import { type Fate, type Played, PlayedEnvoy } from "./played-envoy.js";

export interface SimulationOptions {
  readonly ledger: Ledger;
  /** Strict, of output tokens, and total. */
  readonly budget: Budget;
  /** Others that count every exchange too. */
  readonly others: readonly Budget[];
  readonly exchanges: number;
  readonly envoys: number;
  /** About. */
  readonly crashes: number;
  readonly seed: number;
  /** Time goes on, for the ledger. */
  readonly pass: (ms: number) => void;
}

export interface SimulationResult {
  readonly admitted: number;
  readonly used: number;
  readonly crashes: number;
  /** Callouts for grants that requests have caused. */
  readonly asks: number;
  /** Charged for Envoys that are gone, but never used. */
  readonly stranded: number;
}

const TOKENS_MAX = 60;
const OPEN_MAX = 8;
const BURST_MAX = 4;
const STEP_MS = 100;
/** Bursts between ticks, about: 200 requests a second in all. */
const TICKS = 8;
const LEASE_MS = 30_000;

interface Open {
  readonly played: Played;
  readonly cap: number;
}

class Member {
  readonly open: Open[] = [];
  used = 0;

  constructor(readonly envoy: PlayedEnvoy) {}
}

class Simulation {
  readonly #random: Random;
  readonly #members: Member[] = [];
  readonly #gone: Member[] = [];
  #admitted = 0;

  constructor(private readonly options: SimulationOptions) {
    this.#random = seeded(options.seed);
    for (let index = 0; index < options.envoys; index++) this.#members.push(this.#newMember());
  }

  async run(): Promise<SimulationResult> {
    const { exchanges, crashes } = this.options;
    for (let done = 0; done < exchanges; ) {
      done += await this.#burst();
      if (this.#random(exchanges) < crashes * BURST_MAX) this.#crash();
      if (this.#random(TICKS) === 0) await this.#tick(() => this.#fate());
    }
    for (const member of this.#members) while (member.open.length > 0) this.#end(member);
    const asks = [...this.#members, ...this.#gone].reduce((sum, { envoy }) => sum + envoy.asks, 0);
    await this.#giveBack();
    const stranded = await this.#stranded();
    await this.#useUp();
    this.#check();
    return { admitted: this.#admitted, used: this.#used(), crashes: this.#gone.length, asks, stranded };
  }

  #newMember(): Member {
    const { ledger, budget, others } = this.options;
    return new Member(new PlayedEnvoy({ workers: 2, budgets: [budget, ...others], ledger }));
  }

  /** Lost on the way, or on the way back, once in twenty times each. */
  #fate(): Fate {
    const chance = this.#random(20);
    return chance === 0 ? "lost" : chance === 1 ? "unheard" : "answered";
  }

  /** Some requests at once at one Envoy; returns how many. */
  async #burst(): Promise<number> {
    const member = this.#members[this.#random(this.#members.length)] as Member;
    const { envoy, open } = member;
    while (open.length > 0 && (open.length >= OPEN_MAX || this.#random(2) === 0)) this.#end(member);
    const opened = Array.from({ length: 1 + this.#random(BURST_MAX) }, () => {
      const cap = 1 + this.#random(TOKENS_MAX);
      return { played: envoy.open({ max_tokens: cap, stream: true }), cap };
    });
    const left = opened.filter(({ played }) => !this.#leaves(member, played));
    await envoy.answerAll(() => this.#fate());
    for (const each of left) {
      if (!envoy.isAdmitted(each.played)) {
        envoy.end(each.played);
        continue;
      }
      open.push(each);
      this.#admitted++;
    }
    this.#check();
    return opened.length;
  }

  /** Some clients do not wait. */
  #leaves({ envoy }: Member, played: Played): boolean {
    if (envoy.isAdmitted(played) || envoy.code(played) !== undefined || this.#random(8) !== 0) return false;
    envoy.end(played);
    return true;
  }

  /** A quarter are aborted, somewhere in the middle. */
  #end(member: Member): void {
    const [each] = member.open.splice(this.#random(member.open.length), 1);
    if (each === undefined) return;
    const isAborted = this.#random(4) === 0;
    const tokens = isAborted ? this.#random(each.cap + 1) : each.cap;
    member.used += tokens;
    member.envoy.stream(each.played, tokens, isAborted ? "aborted" : "complete");
  }

  /** What ran on it has used something that it tells nobody. */
  #crash(): void {
    const at = this.#random(this.#members.length);
    const member = this.#members[at] as Member;
    for (const { cap } of member.open.splice(0)) member.used += this.#random(cap + 1);
    this.#gone.push(member);
    this.#members[at] = this.#newMember();
  }

  async #tick(fate: () => Fate): Promise<void> {
    this.options.pass(STEP_MS);
    for (const { envoy } of this.#members) {
      envoy.pass(STEP_MS);
      envoy.tick();
      await envoy.answerReports(fate);
    }
  }

  /** Leases of Envoys that are gone end, and the others report what they have used and keep nothing. */
  async #giveBack(): Promise<void> {
    for (let ms = 0; ms < 2 * LEASE_MS; ms += STEP_MS) await this.#tick(() => "answered");
  }

  async #stranded(): Promise<number> {
    const { allocated } = await this.options.ledger.state(this.options.budget);
    return allocated - this.#used();
  }

  /** Single tokens, as long as there are any. */
  async #useUp(): Promise<void> {
    const [member] = this.#members as [Member];
    const { envoy } = member;
    for (;;) {
      const played = envoy.open({ max_tokens: 1, stream: true });
      await envoy.answerAll();
      const isAdmitted = envoy.isAdmitted(played);
      if (isAdmitted) {
        member.used++;
        envoy.stream(played, 1, "complete");
      } else {
        envoy.end(played);
        return;
      }
    }
  }

  #used(): number {
    return [...this.#members, ...this.#gone].reduce((sum, { used }) => sum + used, 0);
  }

  #check(): void {
    const running = this.#members.flatMap(({ open }) => open).reduce((sum, { cap }) => sum + cap, 0);
    expect(this.#used() + running).toBeLessThanOrEqual(this.options.budget.limit);
  }
}

export const simulate = (options: SimulationOptions) => new Simulation(options).run();
