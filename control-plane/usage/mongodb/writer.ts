// Appends and prunes in MongoDB. Events and their sums are in one transaction, which sees the store as it was when it began:
// what others add in the meantime makes it begin again.
import { createHash } from "node:crypto";
import {
  type AnyBulkWriteOperation,
  type ClientSession,
  Long,
  type MongoServerError,
  type TransactionOptions,
} from "mongodb";
import { Mutex } from "../../configuration/mutex.js";
import { dimensionsOf } from "../dimensions.js";
import type { UsageEvent } from "../event.js";
import { addCells, type Counts, cellsOf, namedCounts } from "../histogram.js";
import { COUNTERS, countersOf } from "../measures.js";
import {
  bucketMinute,
  type Floors,
  type Increment,
  Increments,
  MINUTE_MS,
  RETENTION_CLASSES,
  ROLL_UPS,
} from "../roll-up.js";
import { type AppendOutcome, UsageStoreUnavailable } from "../usage-store.js";
import type { Collections, Connection, Counters, EventDocument, RollUpDocument } from "./connection.js";

/** Of one transaction: far below the 60 s that a server lets one run. */
const TRANSACTION_EVENTS = 1_000;
const PRUNE_DOCUMENTS = 1_000;
const TRANSACTION: TransactionOptions = {
  readConcern: { level: "snapshot" },
  writeConcern: { w: "majority", journal: true },
};
const DUPLICATE_KEY = 11_000;
/** Two writers that bring the same new events meet once; a third time is another fault. */
const TRIES = 3;

function countersAsLongs(counters: readonly number[]): Counters {
  return Object.fromEntries(COUNTERS.map((name, index) => [name, Long.fromNumber(counters[index] ?? 0)])) as Counters;
}

function documentOf(event: UsageEvent): EventDocument {
  const latencies: Counts = new Map();
  addCells(latencies, cellsOf(event));
  return {
    _id: event.id,
    startedAt: event.startedAt,
    minute: bucketMinute("minute", event.startedAt),
    dimensions: dimensionsOf(event),
    counters: countersAsLongs(countersOf(event)),
    latencies: namedCounts(latencies),
    event,
  };
}

/** The same bucket of the same series is the same document. */
function rollUpId({ level, minute, series }: Increment): string {
  return `${level.number}.${minute}.${createHash("sha256").update(series.key).digest("base64url").slice(0, 22)}`;
}

function addition(increment: Increment): AnyBulkWriteOperation<RollUpDocument> {
  const { level, minute, series, counters, latencies } = increment;
  const sums = Object.entries(countersAsLongs(counters))
    .filter(([, value]) => !value.isZero())
    .map(([name, value]) => [`counters.${name}`, value]);
  const cells = Object.entries(namedCounts(latencies)).map(([name, count]) => [`latencies.${name}`, count]);
  return {
    updateOne: {
      filter: { _id: rollUpId(increment) },
      update: {
        $setOnInsert: { level: level.number, minute, dimensions: series.values },
        $inc: Object.fromEntries([...sums, ...cells]),
      },
      upsert: true,
    },
  };
}

export async function readFloors({ state }: Collections, session?: ClientSession): Promise<Floors> {
  const found = await state.findOne({ _id: "floors" }, { session });
  return Object.fromEntries(RETENTION_CLASSES.map((name) => [name, found?.[name] ?? 0])) as unknown as Floors;
}

/** The events that are new, each once, and how many were not. */
async function sort({ events }: Collections, session: ClientSession, batch: readonly UsageEvent[], floor: number) {
  const young = batch.filter(({ startedAt }) => startedAt >= floor);
  const byId = new Map([...young].reverse().map((event) => [event.id, event]));
  const known = events.find({ _id: { $in: [...byId.keys()] } }, { session, projection: { _id: 1 } });
  for await (const { _id } of known) byId.delete(_id);
  const fresh = [...byId.values()];
  return { fresh, tooOld: batch.length - young.length, repeated: young.length - fresh.length };
}

async function appendIn(
  session: ClientSession,
  collections: Collections,
  batch: readonly UsageEvent[],
): Promise<AppendOutcome> {
  const { events: floor } = await readFloors(collections, session);
  const { fresh, tooOld, repeated } = await sort(collections, session, batch, floor);
  if (fresh.length > 0) {
    const increments = new Increments();
    for (const event of fresh) increments.add(event);
    await collections.events.insertMany(fresh.map(documentOf), { session });
    await collections.rollUps.bulkWrite(increments.rows().map(addition), { session, ordered: false });
  }
  return { stored: fresh.length, repeated, tooOld };
}

export class MongoUsageWriter {
  /** Transactions of one process would only make each other begin again. */
  readonly #mutex = new Mutex();

  constructor(private readonly connection: Connection) {}

  async append(events: readonly UsageEvent[]): Promise<AppendOutcome> {
    const sums = { stored: 0, repeated: 0, tooOld: 0 };
    for (let from = 0; from < events.length; from += TRANSACTION_EVENTS) {
      const outcome = await this.#mutex.run(() => this.#transaction(events.slice(from, from + TRANSACTION_EVENTS)));
      sums.stored += outcome.stored;
      sums.repeated += outcome.repeated;
      sums.tooOld += outcome.tooOld;
    }
    return sums;
  }

  /** From here on nothing below is stored or answered, whether or not it is deleted yet. */
  raiseFloors(floors: Floors): Promise<unknown> {
    return this.connection.guarded(({ state }) => state.updateOne({ _id: "floors" }, { $max: { ...floors } }));
  }

  /** Deletes some of what lies below the floors; true if there may be more. */
  deleteSome(): Promise<boolean> {
    return this.connection.guarded(async (collections) => {
      const floors = await readFloors(collections);
      const { events, rollUps } = collections;
      const old = { minute: { $lt: floors.events / MINUTE_MS } };
      const eventIds = await events.find(old, { projection: { _id: 1 }, limit: PRUNE_DOCUMENTS }).toArray();
      if (eventIds.length > 0) await events.deleteMany({ _id: { $in: eventIds.map(({ _id }) => _id) } });
      const levels = ROLL_UPS.flatMap(({ levels }) => levels).map(({ number, retention }) => ({
        level: number,
        minute: { $lt: floors[retention] / MINUTE_MS },
      }));
      const rowIds = await rollUps.find({ $or: levels }, { projection: { _id: 1 }, limit: PRUNE_DOCUMENTS }).toArray();
      if (rowIds.length > 0) await rollUps.deleteMany({ _id: { $in: rowIds.map(({ _id }) => _id) } });
      return eventIds.length + rowIds.length > 0;
    });
  }

  async #transaction(batch: readonly UsageEvent[]): Promise<AppendOutcome> {
    const { client, callTimeoutMs } = this.connection;
    const end = Date.now() + callTimeoutMs;
    return this.connection.guarded(async (collections) => {
      const run = (session: ClientSession) => {
        // The driver would try for two minutes; nobody waits for it any more.
        if (Date.now() >= end) throw new UsageStoreUnavailable("the usage store's MongoDB is too slow");
        return appendIn(session, collections, batch);
      };
      for (let attempt = 1; ; attempt++) {
        try {
          return await client.withSession((session) => session.withTransaction(run, TRANSACTION));
        } catch (error) {
          // Another writer brought one of the events since the transaction began.
          if ((error as MongoServerError).code !== DUPLICATE_KEY || attempt === TRIES) throw error;
        }
      }
    });
  }
}
