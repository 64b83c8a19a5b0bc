// The usage store of one machine: one SQLite file. Its calls hold their thread while SQLite works, so the control plane
// runs it in a thread of its own (see worker-client.ts).
import { type Floors, roundedFloors } from "../roll-up.js";
import { BATCH_EVENTS_MAX, type UsageStore, UsageStoreUnavailable } from "../usage-store.js";
import { openUsageDatabase } from "./database.js";
import { UsageReader } from "./reader.js";
import { UsageWriter } from "./writer.js";

/** SQLite's codes for a file that another process keeps, a full disk and a file that cannot be read. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY)/;

async function guarded<Value>(work: () => Value): Promise<Value> {
  try {
    return work();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string" || !UNAVAILABLE.test(code)) throw error;
    throw new UsageStoreUnavailable(`the usage store's file cannot be used now (${code})`, { cause: error });
  }
}

/** Creates the file if there is none. Throws StartError if its schema is unknown. */
export function openEmbeddedUsageStore(file: string): UsageStore {
  const database = openUsageDatabase(file);
  const writer = new UsageWriter(database);
  const reader = new UsageReader(database);
  return {
    append: (events) =>
      guarded(() => {
        if (events.length > BATCH_EVENTS_MAX) throw new RangeError(`more than ${BATCH_EVENTS_MAX} events in a batch`);
        return writer.append(events);
      }),
    query: (query) => guarded(() => reader.query(query, writer.floors())),
    event: (id) => guarded(() => reader.event(id, writer.floors())),
    events: (request) => guarded(() => reader.events(request, writer.floors())),
    floors: () => guarded(() => writer.floors()),
    prune: async (floors: Floors) => {
      await guarded(() => writer.raiseFloors(roundedFloors(floors)));
      while (await guarded(() => writer.deleteSome())) await new Promise(setImmediate);
    },
    close: async () => {
      database.close();
    },
  };
}
