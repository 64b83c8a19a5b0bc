// The ledger of many machines: Redis, alone or as a cluster, whose clock is the ledger's. Budgets of one scope are decided
// by one script; a request under several scopes asks one after the other, always in the same order, and takes growth back
// where a later one refuses.
import type { Budget } from "../../resources/budget.js";
import { checkAsk, partitionOf, windowOf } from "../counter.js";
import {
  type AbsentHolder,
  type Ask,
  type AskEntry,
  type AskReply,
  type AskReplyEntry,
  type BudgetState,
  LEASE_MS,
  type Ledger,
  type SettleOutcome,
  type UsageSource,
} from "../ledger.js";
import { UsedBefore } from "../used-before.js";
import { Clock } from "./clock.js";
import { Connection, type RedisOptions } from "./connection.js";
import { keysOf } from "./keys.js";
import { type Decision, PartitionAsker, type PartitionReply } from "./partition.js";
import { SETTLE_ABSENT, STATE, TAKE_BACK } from "./scripts.js";
import { readState, type StateAnswer } from "./state.js";

/** The longest that a callout of the filter waits. */
const TIMEOUT_MS = 200;

export interface RedisLedgerOptions extends Omit<RedisOptions, "timeoutMs"> {
  readonly timeoutMs?: number;
  readonly leaseMs?: number;
  /** Says what was used before the ledger knew a budget; without it, nothing was. */
  readonly usage?: UsageSource;
}

/** In a fixed order, so that two asks meet at the same budget first. */
function byPartition(entries: readonly AskEntry[]): readonly (readonly AskEntry[])[] {
  const partitions = new Map<string, AskEntry[]>();
  for (const entry of entries) {
    const name = partitionOf(entry.budget);
    partitions.set(name, [...(partitions.get(name) ?? []), entry]);
  }
  return [...partitions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, inOne]) => inOne);
}

function isRefused({ decisions }: PartitionReply): boolean {
  return decisions.some(({ refused }) => refused !== undefined);
}

function replyEntry({ entry, window, allocated, sequence, remaining, notAfter, refused }: Decision): AskReplyEntry {
  return {
    budgetId: entry.budget.id,
    windowStart: window.start,
    windowEnd: window.end,
    sequence,
    allocated,
    remaining,
    limit: entry.budget.limit,
    notAfter,
    ...(refused === undefined ? {} : { refused }),
  };
}

class RedisLedger implements Ledger {
  readonly #connection: Connection;
  readonly #clock = new Clock();
  readonly #asker: PartitionAsker;

  constructor({ timeoutMs = TIMEOUT_MS, leaseMs = LEASE_MS, usage, ...redis }: RedisLedgerOptions) {
    this.#connection = new Connection({ ...redis, timeoutMs });
    const before = usage && new UsedBefore(usage);
    this.#asker = new PartitionAsker({ connection: this.#connection, clock: this.#clock, leaseMs, before });
  }

  async ask(ask: Ask): Promise<AskReply> {
    checkAsk(ask);
    const deadline = this.#connection.deadline();
    const replies: PartitionReply[] = [];
    let withheld = false;
    for (const entries of byPartition(ask.entries)) {
      const reply = await this.#asker.ask({ holder: ask.holder, entries, withheld, deadline });
      replies.push(reply);
      withheld ||= isRefused(reply);
    }
    const decisions = withheld
      ? await this.#takeBack(ask.holder, replies, deadline)
      : replies.flatMap((each) => each.decisions);
    const byEntry = new Map(decisions.map((decision) => [decision.entry, decision]));
    const inOrder = ask.entries.flatMap((entry) => byEntry.get(entry) ?? []);
    return { nowMs: replies[0]?.nowMs ?? this.#clock.now(), granted: !withheld, entries: inOrder.map(replyEntry) };
  }

  async settleAbsent({ holder, budget, window, used }: AbsentHolder): Promise<SettleOutcome> {
    const keys = keysOf(budget, window);
    const deadline = this.#connection.deadline();
    const outcome = await this.#connection.run(SETTLE_ABSENT, [keys.leases, keys.window], [holder, used], deadline);
    return outcome as SettleOutcome;
  }

  async state(budget: Budget, start?: number): Promise<BudgetState> {
    const deadline = this.#connection.deadline();
    for (;;) {
      const window = windowOf(budget, start, this.#clock.now());
      const keys = keysOf(budget, window.start);
      const answer = await this.#connection.run(STATE, [keys.counter, keys.leases, keys.window], [], deadline);
      const now = Number((answer as StateAnswer)[0]);
      this.#clock.set(now);
      const isCurrent = now >= window.start && now < window.end;
      if (start !== undefined || isCurrent) return readState(budget, window, answer as StateAnswer);
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** Scopes that granted before another refused give back; their growth was for nothing. */
  async #takeBack(holder: string, replies: readonly PartitionReply[], deadline: number): Promise<readonly Decision[]> {
    const all = replies.map(async (reply) => {
      if (isRefused(reply)) return reply.decisions;
      const grown = reply.decisions.filter(({ kept, allocated }) => kept !== undefined && kept < allocated);
      const rest = reply.decisions.filter((decision) => !grown.includes(decision));
      return [...rest, ...(await this.#takeBackIn(holder, grown, deadline))];
    });
    return (await Promise.all(all)).flat();
  }

  async #takeBackIn(holder: string, grown: readonly Decision[], deadline: number): Promise<readonly Decision[]> {
    if (grown.length === 0) return [];
    const keys = grown.map(({ entry, window }) => keysOf(entry.budget, window.start).window);
    const args = grown.flatMap(({ sequence, kept = 0, entry }) => [sequence, kept, entry.budget.limit]);
    const answer = (await this.#connection.run(TAKE_BACK, keys, [holder, ...args], deadline)) as string[];
    return grown.map((decision, index) => {
      const [allocated, remaining] = [Number(answer[2 * index]), Number(answer[2 * index + 1])];
      const refused = allocated < decision.entry.floor ? "withheld" : undefined;
      return { ...decision, allocated, remaining, refused };
    });
  }
}

/** Connects by itself, now and whenever the connection is lost: nothing is thrown if Redis is not there yet. */
export function openRedisLedger(options: RedisLedgerOptions): Ledger {
  return new RedisLedger(options);
}
