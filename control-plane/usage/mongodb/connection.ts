// The connection to MongoDB, the shapes of what is kept there, and what its failures are for the caller: all alike, as
// nothing was acknowledged. No message repeats a word of the driver's, which knows the URI and its password.
import { type Collection, type Db, type Long, MongoClient, MongoError, type MongoServerError } from "mongodb";
import { StartError } from "../../errors.js";
import type { Dimension } from "../dimensions.js";
import type { UsageEvent } from "../event.js";
import type { Counter } from "../measures.js";
import type { Floors } from "../roll-up.js";
import { UsageStoreUnavailable } from "../usage-store.js";

/** Bound of every call, a step of a prune included: with tries of the driver and waiting for a server. */
const CALL_TIMEOUT_MS = 10_000;
const DATABASE = "sluice";
/** The server has no transactions. */
const ILLEGAL_OPERATION = 20;

type Dimensions = Readonly<Partial<Record<Dimension, string>>>;
export type Counters = Readonly<Record<Counter, Long>>;

/** What events and rows of roll-ups have in common: sums are made alike of both. */
interface Summable {
  /** Start of the bucket, of an event that of its minute, in minutes since 1970. */
  readonly minute: number;
  readonly dimensions: Dimensions;
  readonly counters: Counters;
  /** Counts of latencies by the names of their cells. */
  readonly latencies?: Readonly<Record<string, number>>;
}

export interface EventDocument extends Summable {
  /** The event's id. */
  readonly _id: string;
  readonly startedAt: number;
  /** As it came. */
  readonly event: UsageEvent;
}

export interface RollUpDocument extends Summable {
  readonly _id: string;
  readonly level: number;
}

export interface FloorsDocument extends Partial<Floors> {
  readonly _id: "floors";
}

export interface Collections {
  readonly events: Collection<EventDocument>;
  readonly rollUps: Collection<RollUpDocument>;
  readonly state: Collection<FloorsDocument>;
}

function collectionsOf(database: Db): Collections {
  return {
    events: database.collection("usage_events"),
    rollUps: database.collection("usage_roll_ups"),
    state: database.collection("usage_state"),
  };
}

async function prepare(client: MongoClient, { events, rollUps, state }: Collections): Promise<void> {
  // By itself the driver never connects again after a first time that failed.
  await client.connect();
  await events.createIndex({ startedAt: 1, _id: 1 });
  await events.createIndex({ minute: 1 });
  await rollUps.createIndex({ level: 1, minute: 1 });
  // So that it exists: a transaction need not make it.
  await state.updateOne({ _id: "floors" }, { $max: { events: 0 } }, { upsert: true });
}

function createClient(uri: string, callTimeoutMs: number): MongoClient {
  try {
    return new MongoClient(uri, {
      socketTimeoutMS: callTimeoutMs,
      waitQueueTimeoutMS: callTimeoutMs,
      serverSelectionTimeoutMS: callTimeoutMs / 2,
      connectTimeoutMS: callTimeoutMs / 2,
      writeConcern: { w: "majority", journal: true },
      readPreference: "primary",
      ignoreUndefined: true,
      appName: "sluice",
    });
  } catch (error) {
    throw new StartError(
      `SLUICE_MONGODB_URI is not understood (${(error as Error).name}). Set it to e.g. mongodb://user:password@host:27017/sluice, ` +
        "with special characters of the password percent-encoded.",
    );
  }
}

/** The database that the URI names, or the usual one. */
function databaseOf(client: MongoClient, uri: string): Db {
  const named = /^[^?]*?\/\/[^/?]*\/([^?]+)/.exec(uri)?.[1];
  return client.db(named === undefined ? DATABASE : decodeURIComponent(named));
}

export class Connection {
  readonly client: MongoClient;
  readonly collections: Collections;
  #prepared: Promise<void> | undefined;

  /** Connects with the first call. Throws StartError if the URI is none. */
  constructor(
    uri: string,
    readonly callTimeoutMs = CALL_TIMEOUT_MS,
  ) {
    this.client = createClient(uri, callTimeoutMs);
    this.collections = collectionsOf(databaseOf(this.client, uri));
  }

  /** Runs `work` once indexes exist. Rejects with UsageStoreUnavailable for whatever the server or the way to it has. */
  async guarded<Value>(work: (collections: Collections) => Promise<Value>): Promise<Value> {
    try {
      return await this.#bounded(this.#prepare().then(() => work(this.collections)));
    } catch (error) {
      const { name, code } = error as MongoServerError;
      // Broken connections come as the system's own errors, which have a code too.
      if (!(error instanceof MongoError) && typeof code !== "string") throw error;
      throw new UsageStoreUnavailable(unavailable(name, code));
    }
  }

  /**
   * The driver's own limits are for each step and each try. What still runs after this one ends by them; if it succeeds
   * all the same, its events are known when they are sent again.
   */
  async #bounded<Value>(work: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const message = `the usage store's MongoDB has not answered within ${this.callTimeoutMs} ms`;
      timer = setTimeout(() => reject(new UsageStoreUnavailable(message)), this.callTimeoutMs);
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Once; after a failure the next call tries again. */
  #prepare(): Promise<void> {
    this.#prepared ??= prepare(this.client, this.collections).catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }
}

function unavailable(name: string, code: unknown): string {
  if (code === ILLEGAL_OPERATION) {
    return "the usage store's MongoDB has no transactions: it must be a replica set (one member is enough)";
  }
  const detail = code === undefined ? name : `${name}, code ${code}`;
  return `the usage store's MongoDB does not answer as it should (${detail})`;
}
