// What the callout API says about API keys, read from the store at every ask: a control plane that restarts, or a
// second one, answers alike.
import { LeaseStatus, Priority, SEAL_KEY_BYTES } from "../contract.js";
import type { LeaseAnswer, LeaseBook, LeaseChanges } from "../ports.js";
import type { Keyring } from "../secrets/keyring.js";
import type { ConsumerStore, StoredApiKey } from "../store/store.js";
import { readConsumer } from "./consumers.js";

/** As many as one change record carries; beyond it workers drop every lease. */
const CHANGED_DIGESTS_MAX = 1024;
const EVERY_OPERATION = 2n ** 64n - 1n;

function refusal(status: LeaseAnswer["status"], key?: StoredApiKey): LeaseAnswer {
  return {
    status,
    holder: key === undefined ? {} : { consumer: key.consumerId },
    keyId: key?.id ?? "",
    priority: Priority.STANDARD,
    operations: 0n,
    sealKey: Buffer.alloc(0),
    models: [],
    keyExpiresAtMs: key?.expiresAt === undefined ? undefined : Date.parse(key.expiresAt),
  };
}

export class StoreLeaseBook implements LeaseBook {
  readonly #store: ConsumerStore;
  readonly #keyring: Keyring;
  readonly #now: () => number;

  /** `now`: Unix ms. */
  constructor(store: ConsumerStore, keyring: Keyring, now: () => number = Date.now) {
    this.#store = store;
    this.#keyring = keyring;
    this.#now = now;
  }

  async lookup(keySha256Hex: string): Promise<LeaseAnswer> {
    const found = await this.#store.findApiKey(keySha256Hex);
    if (found === undefined) return refusal(LeaseStatus.UNKNOWN_KEY);
    const { key } = found;
    if (key.expiresAt !== undefined && Date.parse(key.expiresAt) <= this.#now()) {
      return refusal(LeaseStatus.EXPIRED_KEY, key);
    }
    const consumer = readConsumer(found.consumer.json);
    if (consumer.disabled) return refusal(LeaseStatus.DISABLED, key);
    const sealKey = this.#keyring.derive("sealed ids", key.consumerId, SEAL_KEY_BYTES);
    return {
      ...refusal(LeaseStatus.GRANTED, key),
      sealKey,
      operations: EVERY_OPERATION,
      models: [consumer.models],
    };
  }

  changesSince(sequence: bigint): Promise<LeaseChanges> {
    return this.#store.keyChangesSince(sequence, CHANGED_DIGESTS_MAX);
  }
}
