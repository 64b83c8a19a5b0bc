// Asks for budgets of one scope: one script call, unless windows have changed or the usage store must be asked first.
import { randomBytes } from "node:crypto";
import type { Budget } from "../../resources/budget.js";
import { forgetAt, ruleOf, windowOf } from "../counter.js";
import { type AskEntry, LedgerError, type Refusal, type Unseeded } from "../ledger.js";
import type { Seed, UsedBefore } from "../used-before.js";
import { type Window, windowAt } from "../window.js";
import type { Clock } from "./clock.js";
import type { Connection } from "./connection.js";
import { keysOf } from "./keys.js";
import { ASK, ASK_FIELDS, ASK_REPLY_FIELDS } from "./scripts.js";

/** A window may end while a call is under way, but hardly one after the other. */
const TRIES = 4;
/** Budgets whose loss this process would notice by itself; beyond it forgets, and only holders notice. */
const KNOWN_MAX = 200_000;

export interface PartitionAsk {
  readonly holder: string;
  readonly entries: readonly AskEntry[];
  /** A budget of another scope has refused: nothing may grow. */
  readonly withheld: boolean;
  readonly deadline: number;
}

/** What the script decided of one entry. */
export interface Decision {
  readonly entry: AskEntry;
  readonly window: Window;
  readonly allocated: number;
  readonly sequence: number;
  readonly remaining: number;
  readonly notAfter: number;
  readonly refused: Refusal | undefined;
  /** What the holder has without growth; undefined if the call was late and changed nothing. */
  readonly kept: number | undefined;
}

export interface PartitionReply {
  readonly nowMs: number;
  readonly decisions: readonly Decision[];
}

export interface PartitionAskerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly before: UsedBefore | undefined;
}

type Field = string | number;
const flag = (value: boolean): number => (value ? 1 : 0);

export class PartitionAsker {
  readonly #known = new Set<string>();

  constructor(private readonly options: PartitionAskerOptions) {}

  async ask(wanted: PartitionAsk): Promise<PartitionReply> {
    const { connection, clock, before } = this.options;
    let seeds: readonly Seed[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      const now = clock.now();
      const windows = wanted.entries.map(({ budget, window }) => windowOf(budget, window, now));
      const keys = wanted.entries.flatMap(({ budget }, index) => {
        const { counter, leases, window } = keysOf(budget, windows[index]?.start ?? 0);
        return [counter, leases, window];
      });
      const answer = await connection.run(ASK, keys, this.#arguments(wanted, windows, now, seeds), wanted.deadline);
      const [outcome, nowMs, ...rest] = answer as string[];
      clock.set(Number(nowMs));
      if (outcome === "ok") return { nowMs: Number(nowMs), decisions: this.#decisions(wanted, windows, rest) };
      if (outcome === "unseeded" && before !== undefined) {
        seeds = await before.ask(unseededOf(wanted.entries, windows, rest), Number(nowMs));
      }
    }
    throw new LedgerError("misconfigured", "its clock does not agree with itself");
  }

  #arguments(wanted: PartitionAsk, windows: readonly Window[], now: number, seeds: readonly Seed[]): Field[] {
    const epoch = randomBytes(8).toString("hex");
    const seeding = flag(this.options.before !== undefined);
    const head = [wanted.holder, this.options.leaseMs, epoch, seeding, flag(wanted.withheld)];
    const entries = wanted.entries.flatMap((entry, index) => {
      const fields = this.#fields(entry, windows[index] as Window, now, seeds);
      return ASK_FIELDS.map((name) => fields[name]);
    });
    return [...head, ...entries];
  }

  #fields(
    entry: AskEntry,
    window: Window,
    now: number,
    seeds: readonly Seed[],
  ): Record<(typeof ASK_FIELDS)[number], Field> {
    const { budget, sequence, used, floor, wanted, allocated } = entry;
    const { limit, level, shared, shadow } = ruleOf(budget);
    const current = windowAt(budget, now);
    const forget = forgetAt(budget, window);
    const seed = seeds.find(({ unseeded }) => unseeded.budget === budget && unseeded.window.start === window.start);
    return {
      ...{ sequence, used, floor, wanted, allocated, limit },
      ...{ level: flag(level), shared: flag(shared), shadow: flag(shadow) },
      start: window.start,
      currentStart: current.start,
      // Lua reads "inf" as the largest of all.
      currentEnd: Number.isFinite(current.end) ? current.end : "inf",
      forgetAt: Number.isFinite(forget) ? forget : 0,
      known: flag(this.#known.has(knownName(budget))),
      seed: seed?.used ?? "",
    };
  }

  #decisions({ entries }: PartitionAsk, windows: readonly Window[], rest: readonly string[]): readonly Decision[] {
    return entries.map((entry, index) => {
      const at = index * ASK_REPLY_FIELDS;
      const [allocated, sequence, remaining, notAfter, refused, kept] = rest.slice(at, at + ASK_REPLY_FIELDS);
      this.#remember(entry.budget);
      return {
        entry,
        window: windows[index] as Window,
        allocated: Number(allocated),
        sequence: Number(sequence),
        remaining: Number(remaining),
        notAfter: Number(notAfter),
        refused: refused === "" ? undefined : (refused as Refusal),
        kept: kept === "" ? undefined : Number(kept),
      };
    });
  }

  #remember(budget: Budget): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(knownName(budget));
  }
}

function knownName(budget: Budget): string {
  return keysOf(budget, 0).counter;
}

/** Numbers of entries, from 1, as the script says them. */
function unseededOf(entries: readonly AskEntry[], windows: readonly Window[], numbers: readonly string[]): Unseeded[] {
  return numbers.flatMap((number) => {
    const [entry, window] = [entries[Number(number) - 1], windows[Number(number) - 1]];
    return entry === undefined || window === undefined ? [] : [{ budget: entry.budget, window }];
  });
}
