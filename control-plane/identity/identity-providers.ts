// Whose tokens are taken in place of API keys. Documents with the keys that prove these tokens; every Envoy is told at each
// change. Keys behind a URL are fetched when the document is stored and every few minutes after; what was fetched last
// is kept, so that an issuer that cannot be reached changes nothing.
import type { Mutex } from "../configuration/mutex.js";
import { OperatorError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Publisher, TrustedIssuer } from "../ports.js";
import {
  type IdentityProvider,
  identityProviderSchema,
  type KeySet,
  keySetSchema,
} from "../resources/identity-provider.js";
import type { StandingStore } from "../store/store.js";
import {
  type DocumentPage,
  type DocumentPut,
  type Documents,
  documentNotFound,
  type Precondition,
  unchanged,
} from "./documents.js";
import { type FetchKeySet, fetchKeySet, KeySetError } from "./key-set.js";

const KIND = "identity-provider";
const REFRESH_MS = 300_000;
/** Envoy tries each at every token: this is for a handful. */
const PROVIDERS_MAX = 32;

interface Stored {
  readonly document: IdentityProvider;
  /** Fetched; absent where the document has its own. */
  readonly keys?: KeySet | undefined;
}

export interface IdentityProvidersParts {
  readonly store: StandingStore;
  readonly mutex: Mutex;
  readonly publisher: Pick<Publisher, "trust">;
  readonly log: Logger;
  readonly fetchKeys?: FetchKeySet;
}

function read(json: string): Stored {
  const { document, keys } = JSON.parse(json) as { document: unknown; keys?: unknown };
  return { document: identityProviderSchema.parse(document), keys: keySetSchema.optional().parse(keys) };
}

function refuse(id: string, path: string, code: string, message: string, mend: string): OperatorError {
  return new OperatorError("invalid_configuration", { problems: [{ kind: KIND, id, path, code, message, mend }] });
}

export class IdentityProviders implements Documents<IdentityProvider> {
  readonly #parts: IdentityProvidersParts;
  readonly #fetchKeys: FetchKeySet;
  readonly #timer: NodeJS.Timeout;

  private constructor(parts: IdentityProvidersParts) {
    this.#parts = parts;
    this.#fetchKeys = parts.fetchKeys ?? fetchKeySet;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
  }

  /** Tells the publisher what is stored, with the keys that were fetched last. */
  static async open(parts: IdentityProvidersParts): Promise<IdentityProviders> {
    const providers = new IdentityProviders(parts);
    await providers.#trust();
    void providers.refresh();
    return providers;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async list({ after, limit }: DocumentPage): Promise<readonly IdentityProvider[]> {
    const page = { kind: KIND, ...(after === undefined ? {} : { after }), limit } as const;
    return (await this.#parts.store.standing(page)).map(({ json }) => read(json).document);
  }

  async find(id: string): Promise<IdentityProvider | undefined> {
    return (await this.#find(id))?.document;
  }

  async put(
    document: IdentityProvider,
    dryRun: boolean,
    precondition: Precondition<IdentityProvider>,
  ): Promise<DocumentPut<IdentityProvider>> {
    // Before the lock: nobody else has to wait for an issuer.
    const keys = await this.#fetched(document);
    return this.#parts.mutex.run(async () => {
      const before = await this.find(document.id);
      precondition(before);
      await this.#requireRoom(document);
      const changed = !unchanged(before, JSON.stringify(document));
      if (!dryRun) await this.#write({ document, keys });
      return { changed, before };
    });
  }

  delete(id: string, dryRun: boolean, precondition: Precondition<IdentityProvider>): Promise<void> {
    return this.#parts.mutex.run(async () => {
      const before = await this.find(id);
      if (before === undefined) throw documentNotFound({ kind: KIND, id });
      precondition(before);
      if (dryRun) return;
      await this.#parts.store.deleteStanding(KIND, id);
      await this.#trust();
    });
  }

  /** Never rejects: a provider whose keys cannot be had keeps those that it has. */
  async refresh(): Promise<void> {
    for (const { document, keys } of await this.#all()) {
      if (document.keysUrl === undefined) continue;
      try {
        const fetched = await this.#fetchKeys(document, document.keysUrl);
        if (JSON.stringify(fetched) !== JSON.stringify(keys)) await this.#renew(document, fetched);
      } catch (error) {
        const reason = error instanceof KeySetError ? error.message : String(error);
        this.#parts.log.warn("keys of an identity provider not fetched", { id: document.id, reason });
      }
    }
  }

  /** Unless the document was changed or deleted in the meantime. */
  #renew(document: IdentityProvider, keys: KeySet): Promise<void> {
    return this.#parts.mutex.run(async () => {
      if (!unchanged(await this.find(document.id), JSON.stringify(document))) return;
      await this.#write({ document, keys });
      this.#parts.log.info("keys of an identity provider renewed", { id: document.id, keys: keys.keys.length });
    });
  }

  async #write(stored: Stored): Promise<void> {
    const { id } = stored.document;
    await this.#parts.store.putStanding({ kind: KIND, id, scope: undefined, json: JSON.stringify(stored) });
    await this.#trust();
  }

  async #trust(): Promise<void> {
    const issuers = (await this.#all()).flatMap(({ document, keys }): TrustedIssuer[] => {
      const { id, issuer, audiences, subjectClaim, clockSkewSeconds } = document;
      const proof = document.keys ?? keys;
      return proof === undefined ? [] : [{ id, issuer, audiences, subjectClaim, clockSkewSeconds, keys: proof }];
    });
    this.#parts.publisher.trust(issuers);
  }

  async #find(id: string): Promise<Stored | undefined> {
    const stored = await this.#parts.store.standingById(KIND, id);
    return stored && read(stored.json);
  }

  async #all(): Promise<readonly Stored[]> {
    const stored = await this.#parts.store.standing({ kind: KIND, limit: PROVIDERS_MAX });
    return stored.map(({ json }) => read(json));
  }

  async #fetched(document: IdentityProvider): Promise<KeySet | undefined> {
    if (document.keysUrl === undefined) return undefined;
    try {
      return await this.#fetchKeys(document, document.keysUrl);
    } catch (error) {
      if (!(error instanceof KeySetError)) throw error;
      const mend =
        "Correct keysUrl, or make the issuer reachable from the control plane, or give its public keys as keys.";
      throw refuse(document.id, "/keysUrl", "keys_not_fetched", error.message, mend);
    }
  }

  async #requireRoom({ id, issuer }: IdentityProvider): Promise<void> {
    const others = (await this.#all()).map(({ document }) => document).filter((other) => other.id !== id);
    const same = others.find((other) => other.issuer === issuer);
    if (same !== undefined) {
      const mend = `Change the identity provider '${same.id}' instead, or delete it first.`;
      throw refuse(id, "/issuer", "issuer_taken", `is that of the identity provider '${same.id}'`, mend);
    }
    if (others.length >= PROVIDERS_MAX) {
      throw refuse(id, "", "too_many", `there are ${PROVIDERS_MAX} already`, "Delete one that is not used first.");
    }
  }
}
