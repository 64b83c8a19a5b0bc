// The store of one machine: a single SQLite file. Not for several control planes at once.
import type { ApiKeyStore, ConfigurationStore, PrincipalStore, StandingStore, Store } from "../store.js";
import { EmbeddedApiKeyStore } from "./api-key-store.js";
import { EmbeddedConfigurationStore } from "./configuration-store.js";
import { openDatabase } from "./database.js";
import { KeyChangeSequence } from "./key-changes.js";
import { EmbeddedPrincipalStore } from "./principal-store.js";
import { EmbeddedStandingStore } from "./standing-store.js";

/** Creates the file if there is none. Throws StartError if another process has it. */
export function openEmbeddedStore(file: string): Store {
  const { database, close } = openDatabase(file);
  const configuration: ConfigurationStore = new EmbeddedConfigurationStore(database);
  const changes = new KeyChangeSequence(database);
  const principals: PrincipalStore = new EmbeddedPrincipalStore(database, changes);
  const keys: ApiKeyStore = new EmbeddedApiKeyStore(database, changes);
  const standing: StandingStore = new EmbeddedStandingStore(database, changes);
  return {
    liveRevision: () => configuration.liveRevision(),
    revision: (number) => configuration.revision(number),
    revisions: (page) => configuration.revisions(page),
    firstStored: (kind) => configuration.firstStored(kind),
    commit: (revision) => configuration.commit(revision),
    credentials: () => configuration.credentials(),
    reseal: (credentials) => configuration.reseal(credentials),
    principals: (page) => principals.principals(page),
    principal: (ref) => principals.principal(ref),
    putPrincipal: (principal, identities) => principals.putPrincipal(principal, identities),
    findIdentity: (digest) => principals.findIdentity(digest),
    deletePrincipal: (ref) => principals.deletePrincipal(ref),
    apiKeys: (consumerId) => keys.apiKeys(consumerId),
    addApiKey: (key) => keys.addApiKey(key),
    replaceApiKey: (digest, expiresAt, successor) => keys.replaceApiKey(digest, expiresAt, successor),
    deleteApiKey: (consumerId, keyId) => keys.deleteApiKey(consumerId, keyId),
    findApiKey: (digest) => keys.findApiKey(digest),
    markUsed: (uses) => keys.markUsed(uses),
    keyChangesSince: (since, limit) => keys.keyChangesSince(since, limit),
    standing: (page) => standing.standing(page),
    standingById: (kind, id) => standing.standingById(kind, id),
    standingFor: (kind, scopes) => standing.standingFor(kind, scopes),
    putStanding: (document) => standing.putStanding(document),
    deleteStanding: (kind, id) => standing.deleteStanding(kind, id),
    close: async () => {
      close();
    },
  };
}
