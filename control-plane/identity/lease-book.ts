// What the callout API says about API keys, read from the store at every ask: a control plane that restarts, or a
// second one, answers alike.
import { LeaseStatus, Priority, SEAL_KEY_BYTES } from "../contract.js";
import type { LeaseAnswer, LeaseBook, LeaseChanges } from "../ports.js";
import { readAccess } from "../resources/access.js";
import { readPrincipal } from "../resources/principal.js";
import type { Keyring } from "../secrets/keyring.js";
import type { ApiKeyStore, StoredApiKey } from "../store/store.js";
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
  keyExpiresAtMs: undefined,
};

export interface LeaseBookParts {
  readonly store: ApiKeyStore;
  readonly keyring: Keyring;
  readonly uses: Pick<KeyUses, "note">;
  /** Unix ms. */
  readonly now?: () => number;
}

function statusOf(disabled: boolean, expiresAtMs: number | undefined, nowMs: number): LeaseAnswer["status"] {
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return LeaseStatus.EXPIRED_KEY;
  return disabled ? LeaseStatus.DISABLED : LeaseStatus.GRANTED;
}

function endOf({ expiresAt }: StoredApiKey): number | undefined {
  return expiresAt === undefined ? undefined : Date.parse(expiresAt);
}

export class StoreLeaseBook implements LeaseBook {
  readonly #parts: LeaseBookParts;
  readonly #now: () => number;

  constructor(parts: LeaseBookParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  async lookup(keySha256Hex: string): Promise<LeaseAnswer> {
    const { store, uses, keyring } = this.#parts;
    const found = await store.findApiKey(keySha256Hex);
    if (found === undefined) return UNKNOWN_KEY;
    const { key } = found;
    const principals = found.principals.map(({ kind, json }) => ({ kind, principal: readPrincipal(kind, json) }));
    const { holder, disabled, ...allowed } = effectiveAccess(readAccess(key.accessJson), principals);
    const keyExpiresAtMs = endOf(key);
    const nowMs = this.#now();
    const status = statusOf(disabled, keyExpiresAtMs, nowMs);
    const known = { ...UNKNOWN_KEY, status, holder, keyId: key.id, keyExpiresAtMs };
    if (status !== LeaseStatus.GRANTED) return known;
    uses.note(keySha256Hex, nowMs);
    return { ...known, ...allowed, sealKey: keyring.derive("sealed ids", key.consumerId, SEAL_KEY_BYTES) };
  }

  changesSince(sequence: bigint): Promise<LeaseChanges> {
    return this.#parts.store.keyChangesSince(sequence, CHANGED_DIGESTS_MAX);
  }
}
