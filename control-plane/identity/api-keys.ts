// API keys of consumers. A key exists in the clear during the request that makes or registers it, and in its one answer;
// what is stored is its SHA-256.
import type { Mutex } from "../configuration/mutex.js";
import { OperatorError } from "../errors.js";
import { apiKeyDigest, apiKeyShownPrefix, generateApiKey } from "../keys.js";
import { readAccess } from "../resources/access.js";
import type { ApiKey, ApiKeyCreated, ApiKeyInput, ApiKeyRotated, RotationInput } from "../resources/api-key.js";
import type { ApiKeyStore, PrincipalStore, StoredApiKey } from "../store/store.js";
import { documentNotFound, requireClass } from "./documents.js";

const KEY_ID_CHARACTERS = 16;

function shownKey(stored: StoredApiKey): ApiKey {
  const { id, name, prefix, createdAt, expiresAt, lastUsedAt, replacedBy, accessJson } = stored;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    prefix,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
    ...readAccess(accessJson),
  };
}

function after(moment: number, milliseconds: number): string {
  return new Date(moment + milliseconds).toISOString();
}

/** As long from now as the key was made to live; undefined for one without an end. */
function sameLifetime({ createdAt, expiresAt }: StoredApiKey, now: number): string | undefined {
  return expiresAt === undefined ? undefined : after(now, Date.parse(expiresAt) - Date.parse(createdAt));
}

function endOfOverlap({ expiresAt }: StoredApiKey, overlapSeconds: number, now: number): string {
  const end = after(now, overlapSeconds * 1_000);
  return expiresAt !== undefined && Date.parse(expiresAt) < Date.parse(end) ? expiresAt : end;
}

export class ApiKeys {
  readonly #store: PrincipalStore & ApiKeyStore;
  readonly #mutex: Mutex;
  readonly #priorityClasses: readonly string[];

  constructor(store: PrincipalStore & ApiKeyStore, mutex: Mutex, priorityClasses: readonly string[]) {
    this.#store = store;
    this.#mutex = mutex;
    this.#priorityClasses = priorityClasses;
  }

  /** Rejects with resource_not_found. */
  async list(consumerId: string): Promise<readonly ApiKey[]> {
    await this.#requireConsumer(consumerId);
    return (await this.#store.apiKeys(consumerId)).map(shownKey);
  }

  /** Rejects with resource_not_found, invalid_configuration or key_taken. The answer is the only place where a new key is ever seen. */
  create(consumerId: string, { key, name, expiresAt, ...access }: ApiKeyInput): Promise<ApiKeyCreated> {
    return this.#mutex.run(async () => {
      await this.#requireConsumer(consumerId);
      requireClass(this.#priorityClasses, { kind: "consumer", id: consumerId }, access.priority);
      const clear = key ?? generateApiKey();
      const stored = this.#describe(clear, { consumerId, name, expiresAt, accessJson: JSON.stringify(access) });
      if (!(await this.#store.addApiKey(stored))) throw new OperatorError("key_taken");
      return { ...shownKey(stored), key: clear };
    });
  }

  /** A new key like this one, which ends after the overlap. Rejects with resource_not_found or key_replaced. */
  rotate(consumerId: string, keyId: string, { overlapSeconds, expiresAt }: RotationInput): Promise<ApiKeyRotated> {
    return this.#mutex.run(async () => {
      const old = (await this.#store.apiKeys(consumerId)).find(({ id }) => id === keyId);
      if (old === undefined) throw this.#keyNotFound(consumerId, keyId);
      if (old.replacedBy !== undefined) throw new OperatorError("key_replaced");
      const now = Date.now();
      const clear = generateApiKey();
      const stored = this.#describe(clear, { ...old, expiresAt: expiresAt ?? sameLifetime(old, now) });
      const end = endOfOverlap(old, overlapSeconds, now);
      if (!(await this.#store.replaceApiKey(old.digest, end, stored))) throw new OperatorError("key_taken");
      const replaces = shownKey({ ...old, expiresAt: end, replacedBy: stored.id });
      return { ...shownKey(stored), key: clear, replaces };
    });
  }

  /** Rejects with resource_not_found. */
  revoke(consumerId: string, keyId: string): Promise<void> {
    return this.#mutex.run(async () => {
      if (!(await this.#store.deleteApiKey(consumerId, keyId))) throw this.#keyNotFound(consumerId, keyId);
    });
  }

  #describe(
    clear: string,
    { consumerId, name, expiresAt, accessJson }: Pick<StoredApiKey, "consumerId" | "name" | "expiresAt" | "accessJson">,
  ): StoredApiKey {
    const digest = apiKeyDigest(clear);
    return {
      digest,
      consumerId,
      id: digest.slice(0, KEY_ID_CHARACTERS),
      name,
      prefix: apiKeyShownPrefix(clear),
      createdAt: new Date().toISOString(),
      expiresAt,
      lastUsedAt: undefined,
      replacedBy: undefined,
      accessJson,
    };
  }

  #keyNotFound(consumerId: string, keyId: string): OperatorError {
    return new OperatorError("resource_not_found", { message: `Consumer '${consumerId}' has no key '${keyId}'.` });
  }

  async #requireConsumer(id: string): Promise<void> {
    const ref = { kind: "consumer", id } as const;
    if ((await this.#store.principal(ref)) === undefined) throw documentNotFound(ref);
  }
}
