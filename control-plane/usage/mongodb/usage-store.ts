// The usage store of several control planes: MongoDB, a replica set of one member or more. What is acknowledged is in the
// journals of a majority. While it cannot be reached every call ends with UsageStoreUnavailable within ten seconds.
import { roundedFloors } from "../roll-up.js";
import { BATCH_EVENTS_MAX, type UsageStore } from "../usage-store.js";
import { Connection } from "./connection.js";
import { readEvent, readEvents, readSums } from "./reader.js";
import { MongoUsageWriter, readFloors } from "./writer.js";

export interface MongoUsageStoreOptions {
  /** Bound of every call; a prune takes many steps of which each is bounded. */
  readonly callTimeoutMs?: number;
}

/** Connects with the first call. Throws StartError if the URI is none. */
export function openMongoUsageStore(uri: string, { callTimeoutMs }: MongoUsageStoreOptions = {}): UsageStore {
  const connection = new Connection(uri, callTimeoutMs);
  const writer = new MongoUsageWriter(connection);
  return {
    append: async (events) => {
      if (events.length > BATCH_EVENTS_MAX) throw new RangeError(`more than ${BATCH_EVENTS_MAX} events in a batch`);
      return writer.append(events);
    },
    query: (query) => connection.guarded((collections) => readSums(collections, query)),
    event: (id) => connection.guarded((collections) => readEvent(collections, id)),
    events: (request) => connection.guarded((collections) => readEvents(collections, request)),
    floors: () => connection.guarded((collections) => readFloors(collections)),
    prune: async (floors) => {
      await writer.raiseFloors(roundedFloors(floors));
      while (await writer.deleteSome());
    },
    close: () => connection.client.close(),
  };
}
