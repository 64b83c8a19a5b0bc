// What the callout API says about API keys and identities, read from the store at every ask: a control plane that restarts, or a
// second one, answers alike.
import { LeaseStatus, Priority, SEAL_KEY_BYTES } from "../contract.js";
import type { LeaseAnswer, LeaseBook, LeaseChanges, LeaseHolder } from "../ports.js";
import { readAccess } from "../resources/access.js";
import { readPrincipal } from "../resources/principal.js";
import { rankOf } from "../resources/priority-class.js";
import type { Keyring } from "../secrets/keyring.js";
import type { ApiKeyStore, PrincipalStore, StandingStore, StoredApiKey, StoredPrincipal } from "../store/store.js";
import { budgetsOf, keptPercent } from "./budgets.js";
import { effectiveAccess } from "./effective-access.js";
import type { KeyUses } from "./key-uses.js";

/** As many as one change record carries; beyond it workers drop every lease. */
const CHANGED_DIGESTS_MAX = 1024;

const UNKNOWN_KEY: LeaseAnswer = {
  status: LeaseStatus.UNKNOWN_KEY,
  holder: {},
  keyId: "",
  priority: Priority.STANDARD,
  operations: 0n,
  sealKey: Buffer.alloc(0),
  models: [],
  budgets: [],
  keyExpiresAtMs: undefined,
};

export interface LeaseBookParts {
  readonly store: ApiKeyStore & PrincipalStore & StandingStore;
  readonly keyring: Keyring;
  readonly uses: Pick<KeyUses, "note">;
  /** From the highest to the lowest. */
  readonly priorityClasses: readonly string[];
  /** Unix ms. */
  readonly now?: () => number;
}

function statusOf(disabled: boolean, expiresAtMs: number | undefined, nowMs: number): LeaseAnswer["status"] {
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return LeaseStatus.EXPIRED_KEY;
  return disabled ? LeaseStatus.DISABLED : LeaseStatus.GRANTED;
}

function endOf(key: StoredApiKey | undefined): number | undefined {
  return key?.expiresAt === undefined ? undefined : Date.parse(key.expiresAt);
}

interface Caller {
  /** None where a token took its place. */
  readonly key: StoredApiKey | undefined;
  readonly principals: readonly StoredPrincipal[];
}

export class StoreLeaseBook implements LeaseBook {
  readonly #parts: LeaseBookParts;
  readonly #now: () => number;

  constructor(parts: LeaseBookParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  async lookup(sha256Hex: string): Promise<LeaseAnswer> {
    const caller = await this.#callerBy(sha256Hex);
    if (caller === undefined) return UNKNOWN_KEY;
    const { key } = caller;
    const principals = caller.principals.map(({ kind, json }) => ({ kind, principal: readPrincipal(kind, json) }));
    const access = key === undefined ? {} : readAccess(key.accessJson);
    const { holder, disabled, priority, ...allowed } = effectiveAccess(access, principals);
    const keyExpiresAtMs = endOf(key);
    const nowMs = this.#now();
    const status = statusOf(disabled, keyExpiresAtMs, nowMs);
    const known = { ...UNKNOWN_KEY, status, holder, keyId: key?.id ?? "", keyExpiresAtMs };
    if (status !== LeaseStatus.GRANTED) return known;
    if (key !== undefined) this.#parts.uses.note(sha256Hex, nowMs);
    const rank = rankOf(this.#parts.priorityClasses, priority);
    const budgets = (await budgetsOf(this.#parts.store, holder)).map((budget) => ({
      ...budget,
      keptPercent: keptPercent(budget, this.#parts.priorityClasses, rank),
    }));
    return { ...known, ...allowed, priority: rank, budgets, sealKey: this.#sealKeyOf(holder) };
  }

  changesSince(sequence: bigint): Promise<LeaseChanges> {
    return this.#parts.store.keyChangesSince(sequence, CHANGED_DIGESTS_MAX);
  }

  async #callerBy(digest: string): Promise<Caller | undefined> {
    const { store } = this.#parts;
    const byKey = await store.findApiKey(digest);
    if (byKey !== undefined) return byKey;
    const principals = await store.findIdentity(digest);
    return principals && { key: undefined, principals };
  }

  #sealKeyOf({ consumer = "" }: LeaseHolder): Buffer {
    return this.#parts.keyring.derive("sealed ids", consumer, SEAL_KEY_BYTES);
  }
}
