// Tells a budget's webhook that it runs low, or is spent: once for each window and each of the two, by this process. It never holds
// an ask up, and says in the log only that a webhook could not be told, and never what it was told.

import { PrivateAddressError, type ProviderReply, type ProviderRequest } from "../discovery/provider-fetch.js";
import type { Logger } from "../logger.js";
import type { Budget } from "../resources/budget.js";
import type { GrantAnswer } from "./records.js";

const TRIES = 3;
const TIMEOUT_MS = 5_000;
const PAUSE_MS = 1_000;
const REPLY_BYTES_MAX = 64 * 1024;
/** More warnings at once than anybody reads. */
const UNDER_WAY_MAX = 100;
/** Windows remembered, so that nothing is told twice. */
const TOLD_MAX = 10_000;

export type WarningKind = "warning" | "exhausted";
export const WEBHOOK_OUTCOMES = ["told", "failed", "refused", "dropped"] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

export interface WarningsParts {
  readonly fetch: (request: ProviderRequest) => Promise<ProviderReply>;
  readonly count: (outcome: WebhookOutcome) => void;
  readonly log: Logger;
  readonly pauseMs?: number;
}

export interface BudgetWarning {
  readonly kind: WarningKind;
  readonly budget: string;
  readonly scope: Budget["scope"];
  readonly measure: Budget["measure"];
  readonly limit: number;
  /** Used, or held by gateways for what they are about to use. */
  readonly used: number;
  readonly usedPercent: number;
  readonly windowStart: string;
  /** Absent where there is none. */
  readonly windowEnd?: string;
}

/** What an answer of the ledger's gives reason to say. */
function kindOf({ warnAtPercent, limit }: Budget, answer: Exclude<GrantAnswer, string>): WarningKind | undefined {
  if (answer.refused === "spent") return "exhausted";
  const used = limit - answer.remaining;
  return warnAtPercent !== undefined && limit > 0 && used * 100 >= warnAtPercent * limit ? "warning" : undefined;
}

function warningOf(budget: Budget, kind: WarningKind, answer: Exclude<GrantAnswer, string>): BudgetWarning {
  const { id, scope, measure, limit } = budget;
  const used = limit - answer.remaining;
  return {
    kind,
    budget: id,
    scope,
    measure,
    limit,
    used,
    usedPercent: limit === 0 ? 100 : Math.floor((used * 100) / limit),
    windowStart: new Date(answer.windowStart).toISOString(),
    ...(Number.isFinite(answer.windowEnd) ? { windowEnd: new Date(answer.windowEnd).toISOString() } : {}),
  };
}

export class Warnings {
  readonly #parts: WarningsParts;
  readonly #told = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: WarningsParts) {
    this.#parts = parts;
  }

  watch(budget: Budget, answer: Exclude<GrantAnswer, string>): void {
    const kind = budget.webhook === undefined ? undefined : kindOf(budget, answer);
    if (kind === undefined) return;
    const name = `${budget.id} ${answer.windowStart} ${kind}`;
    if (this.#told.has(name)) return;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(name);
    if (this.#underWay.size >= UNDER_WAY_MAX) {
      this.#told.delete(name);
      this.#parts.count("dropped");
      return;
    }
    const telling: Promise<void> = this.#tell(budget, warningOf(budget, kind, answer)).then((wasHeard) => {
      this.#underWay.delete(telling);
      // The next answer of the ledger's tries again.
      if (!wasHeard) this.#told.delete(name);
    });
    this.#underWay.add(telling);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
  }

  /** False if it may be worth another try later. */
  async #tell(budget: Budget, warning: BudgetWarning): Promise<boolean> {
    const { log, count } = this.#parts;
    let reason = "";
    for (let attempt = 1; attempt <= TRIES && !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#post(budget, warning);
        count("told");
        return true;
      } catch (error) {
        if (error instanceof PrivateAddressError) {
          log.error("a budget's webhook leads to a private network", { budget: budget.id });
          count("refused");
          return true;
        }
        reason = error instanceof Error ? error.message : String(error);
      }
      if (attempt < TRIES) await this.#pause(attempt);
    }
    log.error("a budget's webhook could not be told", { budget: budget.id, reason });
    count("failed");
    return false;
  }

  async #post({ webhook = "", allowPrivateAddress }: Budget, warning: BudgetWarning): Promise<void> {
    const { status } = await this.#parts.fetch({
      url: new URL(webhook),
      headers: { "content-type": "application/json" },
      body: JSON.stringify(warning),
      allowPrivateAddress,
      caCertificates: undefined,
      bytesMax: REPLY_BYTES_MAX,
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#closing.signal]),
    });
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
  }

  #pause(attempt: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, (this.#parts.pauseMs ?? PAUSE_MS) * attempt);
      signal.addEventListener("abort", end);
    });
  }
}
