// Puts together what answers for budgets: the ledger that the settings name, what Envoys ask of it, and the warnings that follow.
import type { Closers } from "../closers.js";
import { fetchFromProvider } from "../discovery/provider-fetch.js";
import type { Ledger } from "../ledger/ledger.js";
import { openLedger } from "../ledger/open-ledger.js";
import type { Logger } from "../logger.js";
import type { ControlPlaneMetrics } from "../metrics/control-plane-metrics.js";
import type { Settings } from "../settings.js";
import type { StandingStore } from "../store/store.js";
import type { UsageStore } from "../usage/usage-store.js";
import { Grants } from "./grants.js";
import { usedBefore } from "./used-before.js";
import { Warnings } from "./warnings.js";

export interface GrantsSource {
  readonly settings: Settings;
  readonly store: StandingStore;
  readonly usage: UsageStore;
  readonly metrics: ControlPlaneMetrics;
  readonly closers: Closers;
  readonly log: Logger;
}

/** Throws StartError if the ledger's file is of a later release. */
export function openGrants({ settings, store, usage, metrics, closers, log }: GrantsSource): {
  readonly ledger: Ledger;
  readonly grants: Grants;
} {
  const opened = openLedger(settings, usedBefore(usage));
  closers.add(() => opened.close());
  const ledger = metrics.observedLedger(opened, settings.redis === undefined ? "sqlite" : "redis");
  const warnings = new Warnings({
    fetch: fetchFromProvider,
    count: (outcome) => metrics.countWebhook(outcome),
    log,
  });
  closers.add(() => warnings.close());
  const grants = new Grants({
    ledger,
    store,
    calloutTimeoutMs: settings.calloutTimeoutMs,
    count: (outcome) => metrics.countGrant(outcome),
    countError: (code) => metrics.countLedgerError(code),
    watch: (budget, answer) => warnings.watch(budget, answer),
    log,
  });
  return { ledger, grants };
}
