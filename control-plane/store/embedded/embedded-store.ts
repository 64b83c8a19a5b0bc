// The store of one machine: a single SQLite file. Not for several control planes at once.
import type { ConfigurationStore, ConsumerStore, Store } from "../store.js";
import { EmbeddedConfigurationStore } from "./configuration-store.js";
import { EmbeddedConsumerStore } from "./consumer-store.js";
import { openDatabase } from "./database.js";

/** Creates the file if there is none. Throws StartError if another process has it. */
export function openEmbeddedStore(file: string): Store {
  const { database, close } = openDatabase(file);
  const configuration: ConfigurationStore = new EmbeddedConfigurationStore(database);
  const consumers: ConsumerStore = new EmbeddedConsumerStore(database);
  return {
    liveRevision: () => configuration.liveRevision(),
    revision: (number) => configuration.revision(number),
    revisions: (page) => configuration.revisions(page),
    firstStored: (kind) => configuration.firstStored(kind),
    commit: (revision) => configuration.commit(revision),
    credentials: () => configuration.credentials(),
    reseal: (credentials) => configuration.reseal(credentials),
    consumers: (page) => consumers.consumers(page),
    consumer: (id) => consumers.consumer(id),
    putConsumer: (consumer) => consumers.putConsumer(consumer),
    deleteConsumer: (id) => consumers.deleteConsumer(id),
    apiKeys: (consumerId) => consumers.apiKeys(consumerId),
    addApiKey: (key) => consumers.addApiKey(key),
    deleteApiKey: (consumerId, keyId) => consumers.deleteApiKey(consumerId, keyId),
    findApiKey: (digest) => consumers.findApiKey(digest),
    keyChangesSince: (since, limit) => consumers.keyChangesSince(since, limit),
    close: async () => {
      close();
    },
  };
}
