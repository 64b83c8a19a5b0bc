// Forgets usage that is older than the settings say, once at the start and then every hour. A store that does not answer
// is asked again an hour later: nothing waits for it.
import type { Logger } from "../logger.js";
import { BUCKET_MS } from "./roll-up.js";
import type { UsageStore } from "./usage-store.js";

const EVERY_MS = 3_600_000;

/** Days that each is kept; sums by the day are kept for good. */
export interface RetentionDays {
  readonly events: number;
  readonly minutes: number;
  readonly hours: number;
}

export class Retention {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void>;
  #stopped = false;

  constructor(
    private readonly store: UsageStore,
    private readonly days: RetentionDays,
    private readonly log: Logger,
  ) {
    this.#running = this.#run();
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#run());
    }, EVERY_MS).unref();
  }

  /** No run begins after it; one that has begun ends in silence when the store is closed. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    const before = (days: number) => Math.max(0, Date.now() - days * BUCKET_MS.day);
    const { events, minutes, hours } = this.days;
    try {
      await this.store.prune({ events: before(events), minutes: before(minutes), hours: before(hours), days: 0 });
    } catch (error) {
      if (this.#stopped) return;
      this.log.warn("usage could not be pruned", { reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
