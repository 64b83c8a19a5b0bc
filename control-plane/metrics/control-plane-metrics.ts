// Every metric of the control plane, once. Names and labels are OpenTelemetry's where it has some, in Prometheus' spelling.
import { performance } from "node:perf_hooks";
import type { IngestOutcome } from "../usage/ingest.js";
import type { UsageStore } from "../usage/usage-store.js";
import { Counter, Gauge, Histogram, Registry } from "./registry.js";

/** Those that OpenTelemetry advises for `db.client.operation.duration`. */
const DURATION_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** OpenTelemetry's values of `db.system.name`. */
export type DatabaseSystem = "sqlite" | "mongodb";

export class ControlPlaneMetrics {
  readonly #registry = new Registry();
  readonly #usageEvents = this.#registry.add(
    new Counter(
      "sluice_ingested_usage_events_total",
      "Usage events that came in, by what became of them.",
      ["accepted", "duplicate", "refused"].map((outcome) => ({ outcome })),
    ),
  );
  readonly #storeDuration = this.#registry.add(
    new Histogram(
      "db_client_operation_duration_seconds",
      "Time that calls of the usage store took; error_type is there on those that failed.",
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

  /** The same store, its calls timed. */
  observed(store: UsageStore, system: DatabaseSystem): UsageStore {
    const timed =
      <Argument, Value>(operation: string, call: (argument: Argument) => Promise<Value>) =>
      async (argument: Argument): Promise<Value> => {
        const labels = { db_system_name: system, db_collection_name: "usage", db_operation_name: operation };
        const begin = performance.now();
        const observe = (more: { error_type?: string }) =>
          this.#storeDuration.observe((performance.now() - begin) / 1000, { ...labels, ...more });
        try {
          const value = await call(argument);
          observe({});
          return value;
        } catch (error) {
          observe({ error_type: (error as Error).name });
          throw error;
        }
      };
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
