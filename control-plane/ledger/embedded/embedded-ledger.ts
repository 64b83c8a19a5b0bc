// The ledger of one machine: one SQLite file, for one control plane. Asks that come together share a transaction, as a
// commit waits for the disk; nothing is answered before it is there.

import { Accounts } from "../accounts.js";
import { checkAsk } from "../counter.js";
import { type Ask, type AskReply, LEASE_MS, type Ledger, type UsageSource } from "../ledger.js";
import { UsedBefore } from "../used-before.js";
import { Batches } from "./batches.js";
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

/** Creates the file if there is none. Throws StartError if its schema is unknown. */
export function openEmbeddedLedger({ file, usage, leaseMs = LEASE_MS, now = Date.now }: EmbeddedLedgerOptions): Ledger {
  const database = openLedgerDatabase(file);
  const records = new SqlRecords(database);
  const accounts = new Accounts(records, leaseMs);
  const batches = new Batches(database);
  const before = usage && new UsedBefore(usage);
  const prune = async () => {
    while (await batches.run(() => records.prune(now(), leaseMs)));
  };
  // What could not be forgotten now is forgotten next time.
  const tidy = () => void prune().catch(() => {});
  const tidying = setInterval(tidy, PRUNE_EVERY_MS).unref();
  tidy();

  async function ask(wanted: Ask): Promise<AskReply> {
    checkAsk(wanted);
    const seeds = before && (await before.ask(await batches.run(() => accounts.unseeded(wanted, now())), now()));
    return batches.run(() => {
      for (const { unseeded, used } of seeds ?? []) accounts.seed(unseeded, used);
      return accounts.ask(wanted, now());
    });
  }

  return {
    ask,
    settleAbsent: (absent) => batches.run(() => accounts.settleAbsent(absent, now())),
    state: (budget, window) => batches.run(() => accounts.state(budget, window, now())),
    close: async () => {
      clearInterval(tidying);
      if (database.open) await batches.run(() => {});
      database.close();
    },
  };
}
