// When keys were last used, as far as their leases tell: gathered in memory and written once a minute, all in one
// transaction. A process that is killed forgets what it gathered.
import type { Logger } from "../logger.js";
import type { ApiKeyStore } from "../store/store.js";

const WRITE_INTERVAL_MS = 60_000;

export class KeyUses {
  readonly #store: Pick<ApiKeyStore, "markUsed">;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #uses = new Map<string, string>();

  constructor(store: Pick<ApiKeyStore, "markUsed">, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#timer = setInterval(() => void this.write(), WRITE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** `nowMs`: Unix milliseconds. */
  note(digest: string, nowMs: number): void {
    this.#uses.set(digest, new Date(nowMs).toISOString());
  }

  /** Never rejects: what could not be written is tried again with the next. */
  async write(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    try {
      await this.#store.markUsed(uses);
    } catch (error) {
      this.#log.error("last use of keys not written", {
        reason: error instanceof Error ? error.message : String(error),
      });
      this.#uses = new Map([...uses, ...this.#uses]);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
