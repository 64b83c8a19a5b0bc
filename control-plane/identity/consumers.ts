// Consumers and their API keys. A key exists in the clear during the request that makes or registers it, and in its
// one answer; what is stored is its SHA-256. Changes reach workers as lease changes, not as revisions.
import type { Mutex } from "../configuration/mutex.js";
import { OperatorError } from "../errors.js";
import { apiKeyDigest, apiKeyShownPrefix, generateApiKey } from "../keys.js";
import { type ApiKey, type Consumer, consumerSchema } from "../resources/consumer.js";
import type { ConsumerStore, StoredApiKey } from "../store/store.js";

const KEY_ID_CHARACTERS = 16;

export interface ConsumerPut {
  readonly changed: boolean;
  readonly before: Consumer | undefined;
}

export interface ApiKeyOptions {
  readonly name?: string | undefined;
  readonly expiresAt?: string | undefined;
  /** A well-formed key to register instead of a new one. */
  readonly key?: string | undefined;
}

/** Throws OperatorError to refuse the write; runs alone with it. */
export type Precondition = (before: Consumer | undefined) => void;

export function readConsumer(json: string): Consumer {
  return consumerSchema.parse(JSON.parse(json));
}

function shownKey({ id, name, prefix, createdAt, expiresAt }: StoredApiKey): ApiKey {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    prefix,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

export class Consumers {
  readonly #store: ConsumerStore;
  readonly #mutex: Mutex;

  constructor(store: ConsumerStore, mutex: Mutex) {
    this.#store = store;
    this.#mutex = mutex;
  }

  async list(page: { after?: string; limit: number }): Promise<readonly Consumer[]> {
    return (await this.#store.consumers(page)).map(({ json }) => readConsumer(json));
  }

  async find(id: string): Promise<Consumer | undefined> {
    const stored = await this.#store.consumer(id);
    return stored && readConsumer(stored.json);
  }

  put(consumer: Consumer, dryRun: boolean, precondition: Precondition): Promise<ConsumerPut> {
    return this.#mutex.run(async () => {
      const before = await this.find(consumer.id);
      precondition(before);
      const json = JSON.stringify(consumer);
      const changed = before === undefined || JSON.stringify(before) !== json;
      if (changed && !dryRun) await this.#store.putConsumer({ id: consumer.id, json });
      return { changed, before };
    });
  }

  /** Revokes its keys too. Rejects with resource_not_found. */
  delete(id: string, dryRun: boolean, precondition: Precondition): Promise<void> {
    return this.#mutex.run(async () => {
      const before = await this.#existing(id);
      precondition(before);
      if (!dryRun) await this.#store.deleteConsumer(id);
    });
  }

  async keys(consumerId: string): Promise<readonly ApiKey[]> {
    await this.#existing(consumerId);
    return (await this.#store.apiKeys(consumerId)).map(shownKey);
  }

  /** Rejects with resource_not_found or key_taken. The answer is the only place where a new key is ever seen. */
  createKey(consumerId: string, options: ApiKeyOptions): Promise<ApiKey & { readonly key: string }> {
    return this.#mutex.run(async () => {
      await this.#existing(consumerId);
      const key = options.key ?? generateApiKey();
      const digest = apiKeyDigest(key);
      const stored: StoredApiKey = {
        digest,
        consumerId,
        id: digest.slice(0, KEY_ID_CHARACTERS),
        name: options.name,
        prefix: apiKeyShownPrefix(key),
        createdAt: new Date().toISOString(),
        expiresAt: options.expiresAt,
      };
      if (!(await this.#store.addApiKey(stored))) throw new OperatorError("key_taken");
      return { ...shownKey(stored), key };
    });
  }

  /** Rejects with resource_not_found. */
  revokeKey(consumerId: string, keyId: string): Promise<void> {
    return this.#mutex.run(async () => {
      if (await this.#store.deleteApiKey(consumerId, keyId)) return;
      throw new OperatorError("resource_not_found", { message: `Consumer '${consumerId}' has no key '${keyId}'.` });
    });
  }

  async #existing(id: string): Promise<Consumer> {
    const consumer = await this.find(id);
    if (consumer !== undefined) return consumer;
    throw new OperatorError("resource_not_found", { message: `There is no consumer '${id}'.` });
  }
}
