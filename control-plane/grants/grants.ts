// What Envoys ask the ledger, on their behalf: finds the budgets, asks once for what belongs together, and answers in time whatever
// the ledger does. Whether an Envoy may go on without an answer is the budget's policy, and the filter's to follow.
import type { Ledger } from "../ledger/ledger.js";
import { type AskEntry, type AskReply, LedgerError, type LedgerErrorCode } from "../ledger/ledger.js";
import type { Logger } from "../logger.js";
import { type Budget, budgetSchema } from "../resources/budget.js";
import type { StandingStore } from "../store/store.js";
import { type GrantAnswer, type GrantAsk, grantReplyRecord, readGrantAsks } from "./records.js";

/** An answer that comes as the callout ends is one that nobody reads. */
const EARLY_MS = 20;
const BUDGETS_KEPT_MAX = 10_000;

export const GRANT_OUTCOMES = ["granted", "spent", "over", "rebuilding", "withheld", "gone", "lost"] as const;
export type GrantOutcomeName = (typeof GRANT_OUTCOMES)[number];

export interface GrantsParts {
  readonly ledger: Ledger;
  readonly store: StandingStore;
  /** Within which a callout must be answered. */
  readonly calloutTimeoutMs: number;
  readonly count: (outcome: GrantOutcomeName) => void;
  readonly countError: (code: LedgerErrorCode) => void;
  /** Told of every answer of the ledger's. */
  readonly watch: (budget: Budget, answer: Exclude<GrantAnswer, string>) => void;
  readonly log: Logger;
}

/** One ask of the ledger: where its answers go, and what it says. */
interface Group {
  readonly holder: string;
  readonly places: readonly number[];
}

/** Entries of one holder are one ask, all or nothing; those that are alone are asks of their own. */
function groupsOf(asks: readonly GrantAsk[]): readonly Group[] {
  const together = new Map<string, number[]>();
  const groups: Group[] = [];
  for (const [place, { holder, isAlone }] of asks.entries()) {
    const places = together.get(holder);
    if (isAlone) groups.push({ holder, places: [place] });
    else if (places === undefined) together.set(holder, [place]);
    else places.push(place);
  }
  for (const [holder, places] of together) groups.push({ holder, places });
  return groups;
}

export class Grants {
  readonly #parts: GrantsParts;
  readonly #budgets = new Map<string, { readonly json: string; readonly budget: Budget }>();
  #failing: LedgerErrorCode | undefined;

  constructor(parts: GrantsParts) {
    this.#parts = parts;
  }

  /** Undefined if the bytes are no request for grants. Never later than the callout's time-out. */
  async answer(bytes: Buffer): Promise<Buffer | undefined> {
    const asks = readGrantAsks(bytes);
    if (asks === undefined) return undefined;
    const answers: GrantAnswer[] = asks.map(() => "lost");
    // By the latest of the ledger's clocks: what ends by it ends rather too early.
    let nowMs = 0;
    const ask = async ({ holder, places }: Group): Promise<void> => {
      const reply = await this.#ask(holder, places, asks, answers);
      if (reply !== undefined) nowMs = Math.max(nowMs, reply.nowMs);
    };
    await Promise.all(groupsOf(asks).map(ask));
    for (const answer of answers) this.#parts.count(outcomeOf(answer));
    return grantReplyRecord(nowMs, answers);
  }

  /** Fills in the answers of one ask. Undefined if the ledger had nothing to answer, or could not. */
  async #ask(
    holder: string,
    places: readonly number[],
    asks: readonly GrantAsk[],
    answers: GrantAnswer[],
  ): Promise<AskReply | undefined> {
    const entries: AskEntry[] = [];
    const asked: number[] = [];
    for (const place of places) {
      const { budgetId, holder: _, isAlone: __, ...claim } = asks[place] as GrantAsk;
      const budget = await this.#budget(budgetId);
      if (budget === undefined) answers[place] = "gone";
      else entries.push({ budget, ...claim }) && asked.push(place);
    }
    if (entries.length === 0) return undefined;
    const reply = await this.#inTime(this.#parts.ledger.ask({ holder, entries }));
    for (const [index, place] of asked.entries()) {
      const answer = reply?.entries[index];
      const entry = entries[index];
      if (answer === undefined || entry === undefined) continue;
      answers[place] = answer;
      this.#parts.watch(entry.budget, answer);
    }
    return reply;
  }

  async #budget(id: string): Promise<Budget | undefined> {
    const stored = await this.#parts.store.standingById("budget", id);
    if (stored === undefined) return undefined;
    const known = this.#budgets.get(id);
    if (known?.json === stored.json) return known.budget;
    const budget = budgetSchema.parse(JSON.parse(stored.json));
    if (this.#budgets.size >= BUDGETS_KEPT_MAX) this.#budgets.clear();
    this.#budgets.set(id, { json: stored.json, budget });
    return budget;
  }

  /** Undefined when the ledger cannot be asked, or takes too long. */
  async #inTime(asked: Promise<AskReply>): Promise<AskReply | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const ms = Math.max(this.#parts.calloutTimeoutMs - EARLY_MS, EARLY_MS);
      timer = setTimeout(() => reject(new LedgerError("timeout")), ms);
    });
    try {
      const reply = await Promise.race([asked, late]);
      this.#failing = undefined;
      return reply;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#fail(error);
      return undefined;
    } finally {
      clearTimeout(timer);
      // Its outcome is nobody's business any more.
      asked.catch(() => {});
    }
  }

  /** Says it once, as long as it is the same. */
  #fail({ code, message }: LedgerError): void {
    this.#parts.countError(code);
    if (this.#failing !== code) this.#parts.log.error("the ledger cannot be asked", { code, reason: message });
    this.#failing = code;
  }
}

function outcomeOf(answer: GrantAnswer): GrantOutcomeName {
  return typeof answer === "string" ? answer : (answer.refused ?? "granted");
}
