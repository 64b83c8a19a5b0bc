// The ports of what the control plane must not lose. An implementation is dumb: it keeps JSON text, ciphertext and
// digests as given, holds each method to all-or-nothing, and answers only when the write is on disk. It validates no
// resource and sees no credential and no API key in the clear.
import type { Kind, PrincipalKind, PrincipalRef, StandingKind } from "../resources/common.js";

/**
 * The nouns that make up a revision. Who may call, how much, and who vouches for callers is not among them: a rollback
 * must not give back revoked access.
 */
export type ConfigurationKind = Exclude<Kind, PrincipalKind | StandingKind>;

export interface StoredDocument {
  readonly kind: ConfigurationKind;
  readonly id: string;
  /** JSON text, kept byte for byte. */
  readonly json: string;
}

export interface RevisionSummary {
  readonly number: bigint;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** What made it, e.g. `put provider/openai`. */
  readonly cause: string;
}

export interface StoredRevision extends RevisionSummary {
  /** The whole set, ascending by kind and then by id (UTF-8 bytes). */
  readonly documents: readonly StoredDocument[];
}

/** AES-256-GCM under a master key; see secrets/keyring.ts. */
export interface SealedSecret {
  /** Which master key opens it. */
  readonly keyId: string;
  /** Nonce, ciphertext and tag, base64. */
  readonly box: string;
}

export interface StoredCredential {
  readonly providerId: string;
  readonly sealed: SealedSecret;
  readonly updatedAt: string;
}

export interface RevisionCommit extends StoredRevision {
  /** Credentials to create or replace. Those of providers that are no longer among `documents` are erased. */
  readonly credentials: readonly StoredCredential[];
}

/** The revision to be committed does not follow the stored one: somebody else has changed the configuration. */
export class RevisionConflict extends Error {
  override readonly name = "RevisionConflict";
}

export interface ConfigurationStore {
  /** The newest revision; undefined in a new store. */
  liveRevision(): Promise<StoredRevision | undefined>;
  revision(number: bigint): Promise<StoredRevision | undefined>;
  /** Newest first, those below `before` if given. */
  revisions(page: { readonly before?: bigint; readonly limit: number }): Promise<readonly RevisionSummary[]>;
  /** When a document of each id was first stored, RFC 3339, whether or not it still is. */
  firstStored(kind: ConfigurationKind): Promise<ReadonlyMap<string, string>>;
  /** Rejects with RevisionConflict unless `number` is the live number + 1 (1 in a new store). */
  commit(revision: RevisionCommit): Promise<void>;
  credentials(): Promise<readonly StoredCredential[]>;
  /** Replaces the ciphertext of credentials that still exist, for a new master key; `updatedAt` stays. */
  reseal(credentials: readonly StoredCredential[]): Promise<void>;
}

export interface StoredPrincipal extends PrincipalRef {
  readonly parent: PrincipalRef | undefined;
  readonly json: string;
}

export interface PrincipalPage {
  readonly kind: PrincipalKind;
  /** Only those that name it as their parent. */
  readonly parent?: PrincipalRef;
  readonly after?: string;
  readonly limit: number;
}

export interface StoredApiKey {
  /** SHA-256 of the key, 64 lower case hex characters. */
  readonly digest: string;
  readonly consumerId: string;
  /** First 16 characters of the digest; unique, as digests are. */
  readonly id: string;
  readonly name: string | undefined;
  readonly prefix: string;
  /** RFC 3339, UTC, as are all times here. */
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
  readonly lastUsedAt: string | undefined;
  /** Id of the key that took its place. */
  readonly replacedBy: string | undefined;
  /** JSON text of what the key narrows. */
  readonly accessJson: string;
}

/** Digests of keys whose meaning changed, as `LeaseChanges` in ports.ts has it. */
export interface KeyChanges {
  readonly all: boolean;
  readonly digests: readonly string[];
  readonly sequence: bigint;
}

/** Every write puts the digests of the keys and identities below it into the change sequence, in the same transaction. */
export interface PrincipalStore {
  /** Ascending by id (UTF-8 bytes), those above `after` if given. */
  principals(page: PrincipalPage): Promise<readonly StoredPrincipal[]>;
  principal(ref: PrincipalRef): Promise<StoredPrincipal | undefined>;
  /**
   * Creates or replaces. `identities`: SHA-256, 64 lower case hex characters each, that a consumer has leases under
   * besides its keys. Rejects if its parent is not there, or another consumer has one of them.
   */
  putPrincipal(principal: StoredPrincipal, identities?: readonly string[]): Promise<void>;
  /** The consumer that has it and all that this is part of, the nearest first. */
  findIdentity(digest: string): Promise<readonly StoredPrincipal[] | undefined>;
  /** The keys of a consumer go with it. False if there is none; rejects while another document names it. */
  deletePrincipal(ref: PrincipalRef): Promise<boolean>;
}

/** Every write but `markUsed` puts the digests that it concerns into the change sequence, in the same transaction. */
export interface ApiKeyStore {
  /** Oldest first. */
  apiKeys(consumerId: string): Promise<readonly StoredApiKey[]>;
  /** False, and nothing stored, if the digest or the id is taken. The consumer must exist. */
  addApiKey(key: StoredApiKey): Promise<boolean>;
  /** Adds `successor` and gives the key `digest` this end. False, and nothing stored, if one of the two cannot be. */
  replaceApiKey(digest: string, expiresAt: string, successor: StoredApiKey): Promise<boolean>;
  deleteApiKey(consumerId: string, keyId: string): Promise<boolean>;
  /** With its consumer and all that this is part of, the nearest first. */
  findApiKey(
    digest: string,
  ): Promise<{ readonly key: StoredApiKey; readonly principals: readonly StoredPrincipal[] } | undefined>;
  /** Digest → when it was last used. Never moves a time back; keys that are gone are passed over. */
  markUsed(uses: ReadonlyMap<string, string>): Promise<void>;
  /**
   * What changed after `since`. `all` when that cannot be said: `since` is no number that this store gave out, is older
   * than what is remembered, or more keys changed than `limit`, or too many at once to be remembered.
   */
  keyChangesSince(since: bigint, limit: number): Promise<KeyChanges>;
}

export interface StoredStanding {
  readonly kind: StandingKind;
  readonly id: string;
  /** Whom it applies to; undefined = everybody. */
  readonly scope: PrincipalRef | undefined;
  readonly json: string;
}

export interface StandingPage {
  readonly kind: StandingKind;
  /** Only those of this very scope. */
  readonly scope?: PrincipalRef;
  readonly after?: string;
  readonly limit: number;
}

/** Every write of a budget puts the digests of all keys that it applies to, or did, into the change sequence. */
export interface StandingStore {
  /** Ascending by id (UTF-8 bytes), those above `after` if given. */
  standing(page: StandingPage): Promise<readonly StoredStanding[]>;
  standingById(kind: StandingKind, id: string): Promise<StoredStanding | undefined>;
  /** All that apply to one who is part of `scopes`: those of any of these, and those of everybody. Ascending by id. */
  standingFor(kind: StandingKind, scopes: readonly PrincipalRef[]): Promise<readonly StoredStanding[]>;
  /** Creates or replaces. Rejects if its scope is not there. */
  putStanding(document: StoredStanding): Promise<void>;
  /** False if there is none. */
  deleteStanding(kind: StandingKind, id: string): Promise<boolean>;
}

export interface Store extends ConfigurationStore, PrincipalStore, ApiKeyStore, StandingStore {
  close(): Promise<void>;
}
