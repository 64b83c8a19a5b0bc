// The ledger of one machine: one SQLite file, for one control plane. Asks that come together share a transaction, as a
// commit waits for the disk; nothing is answered before it is there.

import { Accounts } from "../accounts.js";
import { checkAsk } from "../counter.js";
import { type Ask, type AskReply, LEASE_MS, type Ledger, LedgerError, type UsageSource } from "../ledger.js";
import { usedBefore } from "../used-before.js";
import { openLedgerDatabase } from "./database.js";
import { SqlRecords } from "./sql-records.js";

const PRUNE_EVERY_MS = 60_000;

export interface EmbeddedLedgerOptions {
  readonly file: string;
  /** Says what was used before the ledger knew a budget; without it, nothing was. */
  readonly usage?: UsageSource;
  readonly leaseMs?: number;
  /** The ledger's clock, Unix ms. */
  readonly now?: () => number;
}

/** SQLite's codes for a file that another process keeps, a full disk and a file that cannot be read. */
const UNREACHABLE = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY)/;

function ledgerError(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code === "SQLITE_FULL") return new LedgerError("full", undefined, { cause: error });
  if (typeof code === "string" && UNREACHABLE.test(code)) return new LedgerError("unreachable", code, { cause: error });
  return error;
}

interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs what has come together in one transaction: all of it is on the disk, or none of it. */
class Batches {
  #waiting: Waiting[] = [];

  constructor(private readonly transaction: (works: readonly Waiting[]) => unknown[]) {}

  run<Value>(work: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const works = this.#waiting;
    this.#waiting = [];
    try {
      const values = this.transaction(works);
      works.forEach(({ resolve }, index) => void resolve(values[index] as never));
    } catch (error) {
      for (const { reject } of works) reject(ledgerError(error));
    }
  }
}

/** Creates the file if there is none. Throws StartError if its schema is unknown. */
export function openEmbeddedLedger({ file, usage, leaseMs = LEASE_MS, now = Date.now }: EmbeddedLedgerOptions): Ledger {
  const database = openLedgerDatabase(file);
  const records = new SqlRecords(database);
  const accounts = new Accounts(records, leaseMs);
  const commit = database.transaction((works: readonly Waiting[]) => works.map(({ work }) => work())).immediate;
  const batches = new Batches((works) => commit(works));
  const prune = () => {
    batches
      .run(() => records.prune(now(), leaseMs))
      .then(
        (more) => more && prune(),
        () => {},
      );
  };
  const pruning = setInterval(prune, PRUNE_EVERY_MS).unref();

  async function ask(wanted: Ask): Promise<AskReply> {
    checkAsk(wanted);
    const unseeded = usage === undefined ? [] : await batches.run(() => accounts.unseeded(wanted, now()));
    const seeds = await Promise.all(
      unseeded.map(async (each) => [each, await usedBefore(usage, each, now())] as const),
    );
    return batches.run(() => {
      for (const [each, used] of seeds) accounts.seed(each, used);
      return accounts.ask(wanted, now());
    });
  }

  return {
    ask,
    settleAbsent: (absent) => batches.run(() => accounts.settleAbsent(absent, now())),
    state: (budget, window) => batches.run(() => accounts.state(budget, window, now())),
    close: async () => {
      clearInterval(pruning);
      await batches.run(() => {});
      database.close();
    },
  };
}
