// Provider credentials in the clear, in memory, beside their ciphertext in the store. They leave this half of the
// control plane in one way only: as the `secrets` of Publisher.publish.
import { type Problem, StartError } from "../errors.js";
import type { ResourceSet } from "../ports.js";
import { credentialDefect } from "../resources/aws.js";
import { type Keyring, SealError } from "../secrets/keyring.js";
import type { ConfigurationStore, StoredCredential } from "../store/store.js";

export interface Credential {
  readonly secret: string;
  /** RFC 3339, UTC. */
  readonly updatedAt: string;
}

export type Credentials = ReadonlyMap<string, Credential>;

/** The name that ties a box to its provider. */
function boxName(providerId: string): string {
  return `provider/${providerId}`;
}

export function sealCredential(keyring: Keyring, providerId: string, credential: Credential): StoredCredential {
  return {
    providerId,
    sealed: keyring.seal(boxName(providerId), credential.secret),
    updatedAt: credential.updatedAt,
  };
}

/**
 * Opens everything, and seals anew what an older master key sealed, so that this one can be taken off the ring.
 * Throws StartError if a credential cannot be opened: running without it would fail requests later and silently.
 */
export async function loadCredentials(store: ConfigurationStore, keyring: Keyring): Promise<Credentials> {
  const stored = await store.credentials();
  const credentials = new Map<string, Credential>();
  for (const { providerId, sealed, updatedAt } of stored) {
    try {
      credentials.set(providerId, { secret: keyring.open(boxName(providerId), sealed), updatedAt });
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new StartError(
        `The credential of provider '${providerId}' cannot be opened: ${error.message}. ` +
          "Set SLUICE_MASTER_KEY or SLUICE_MASTER_KEY_FILE to the master key that SLUICE_DATA_DIR was written with.",
      );
    }
  }
  const outdated = stored.filter(({ sealed }) => sealed.keyId !== keyring.currentKeyId);
  if (outdated.length > 0) {
    await store.reseal(
      outdated.flatMap(({ providerId }) => {
        const credential = credentials.get(providerId);
        return credential === undefined ? [] : [sealCredential(keyring, providerId, credential)];
      }),
    );
  }
  return credentials;
}

/** Credentials, new and kept ones, that are not of the form that their provider's document asks for. */
export function unfitCredentials({ providers }: ResourceSet, credentials: Credentials): readonly Problem[] {
  return providers.flatMap(({ id, aws }): Problem[] => {
    const secret = credentials.get(id)?.secret;
    const defect = secret === undefined ? undefined : credentialDefect(aws, secret);
    return defect === undefined ? [] : [{ kind: "provider", id, path: "/apiKey", code: "invalid_value", ...defect }];
  });
}
