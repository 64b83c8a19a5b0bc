// Asks the usage store what was used of a budget before the ledger knew it, within a stated time.
import type { Unseeded } from "./accounts.js";
import { LedgerError, type UsageSource } from "./ledger.js";

const TIMEOUT_MS = 1_000;

export async function usedBefore(
  usage: UsageSource | undefined,
  { budget, window }: Unseeded,
  now: number,
): Promise<number> {
  if (usage === undefined) return 0;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new LedgerError("usage_unknown", "it did not answer in time")));
  });
  try {
    return await Promise.race([usage(budget, { from: window.start, to: now }), late]);
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    throw new LedgerError("usage_unknown", error instanceof Error ? error.name : undefined, { cause: error });
  }
}
