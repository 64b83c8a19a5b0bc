// Every metric of the control plane, once. Names and labels are OpenTelemetry's where it has some, in Prometheus' spelling.
import { performance } from "node:perf_hooks";
import { GRANT_OUTCOMES, type GrantOutcomeName } from "../grants/grants.js";
import { WEBHOOK_OUTCOMES, type WebhookOutcome } from "../grants/warnings.js";
import { LEDGER_ERRORS, type Ledger, LedgerError, type LedgerErrorCode } from "../ledger/ledger.js";
import type { IngestOutcome } from "../usage/ingest.js";
import type { UsageStore } from "../usage/usage-store.js";
import { Counter, Gauge, Histogram, Registry } from "./registry.js";

/** Those that OpenTelemetry advises for `db.client.operation.duration`. */
const DURATION_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** OpenTelemetry's values of `db.system.name`. */
export type DatabaseSystem = "sqlite" | "mongodb" | "redis";

type Timed = <Argument, Value>(
  operation: string,
  call: (argument: Argument) => Promise<Value>,
) => (argument: Argument) => Promise<Value>;

export class ControlPlaneMetrics {
  readonly #registry = new Registry();
  readonly #usageEvents = this.#registry.add(
    new Counter(
      "sluice_ingested_usage_events_total",
      "Usage events that came in, by what became of them.",
      ["accepted", "duplicate", "refused"].map((outcome) => ({ outcome })),
    ),
  );
  readonly #grants = this.#registry.add(
    new Counter(
      "sluice_ledger_asks_total",
      "What gateways have asked of budgets, by what they were told.",
      GRANT_OUTCOMES.map((outcome) => ({ outcome })),
    ),
  );
  readonly #ledgerErrors = this.#registry.add(
    new Counter(
      "sluice_ledger_errors_total",
      "Asks of the ledger that it could not answer, by the reason.",
      Object.keys(LEDGER_ERRORS).map((code) => ({ code })),
    ),
  );
  readonly #webhooks = this.#registry.add(
    new Counter(
      "sluice_budget_webhooks_total",
      "Warnings to webhooks of budgets, by what became of them.",
      WEBHOOK_OUTCOMES.map((outcome) => ({ outcome })),
    ),
  );
  readonly #storeDuration = this.#registry.add(
    new Histogram(
      "db_client_operation_duration_seconds",
      "Time that calls of the usage store and the ledger took; error_type is there on those that failed.",
      DURATION_BOUNDS_SECONDS,
    ),
  );

  /** `read` is asked at every scrape. */
  addEnvoys(read: () => number): void {
    this.#registry.add(new Gauge("sluice_connected_envoys", "Envoys that are connected to this control plane.", read));
  }

  countIngest({ accepted, duplicates, refused }: IngestOutcome): void {
    this.#usageEvents.add(accepted, { outcome: "accepted" });
    this.#usageEvents.add(duplicates, { outcome: "duplicate" });
    this.#usageEvents.add(refused, { outcome: "refused" });
  }

  countGrant(outcome: GrantOutcomeName): void {
    this.#grants.add(1, { outcome });
  }

  countLedgerError(code: LedgerErrorCode): void {
    this.#ledgerErrors.add(1, { code });
  }

  countWebhook(outcome: WebhookOutcome): void {
    this.#webhooks.add(1, { outcome });
  }

  #timed(system: DatabaseSystem, collection: string): Timed {
    return (operation, call) => {
      const labels = { db_system_name: system, db_collection_name: collection, db_operation_name: operation };
      return async (argument) => {
        const begin = performance.now();
        const observe = (more: { error_type?: string }) =>
          this.#storeDuration.observe((performance.now() - begin) / 1000, { ...labels, ...more });
        try {
          const value = await call(argument);
          observe({});
          return value;
        } catch (error) {
          observe({ error_type: error instanceof LedgerError ? error.code : (error as Error).name });
          throw error;
        }
      };
    };
  }

  /** The same ledger, its calls timed. */
  observedLedger(ledger: Ledger, system: DatabaseSystem): Ledger {
    const timed = this.#timed(system, "ledger");
    return {
      ask: timed("ask", (ask) => ledger.ask(ask)),
      settleAbsent: timed("settleAbsent", (absent) => ledger.settleAbsent(absent)),
      state: (budget, window) => ledger.state(budget, window),
      close: () => ledger.close(),
    };
  }

  /** The same store, its calls timed. */
  observed(store: UsageStore, system: DatabaseSystem): UsageStore {
    const timed = this.#timed(system, "usage");
    return {
      append: timed("append", (events) => store.append(events)),
      query: timed("query", (query) => store.query(query)),
      event: timed("event", (id) => store.event(id)),
      events: timed("events", (request) => store.events(request)),
      floors: () => store.floors(),
      prune: timed("prune", (floors) => store.prune(floors)),
      close: () => store.close(),
    };
  }

  text(): string {
    return this.#registry.text();
  }
}
