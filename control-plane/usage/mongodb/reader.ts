// Reads sums and events from MongoDB, which adds up by minute and group; minutes are put together to points here. With
// latencies rows come as they are: a server has no merge for histograms.
import type { Document, Filter as MongoFilter } from "mongodb";
import type { Dimension } from "../dimensions.js";
import type { UsageEvent } from "../event.js";
import { pageOf, startOf } from "../event-page.js";
import { formatNamedCounts } from "../histogram.js";
import { type Filter, type Plan, planOf, Result, type Source, type UsageQuery, type UsageRow } from "../query.js";
import { MINUTE_MS } from "../roll-up.js";
import type { Piece } from "../time-axis.js";
import type { EventPage, EventPageRequest } from "../usage-store.js";
import type { Collections, EventDocument } from "./connection.js";
import { readFloors } from "./writer.js";

type Pieces = readonly Piece<Source>[];

function dimensionsMatch(filter: Filter): Document {
  const entries = Object.entries(filter) as [Dimension, readonly string[]][];
  return Object.fromEntries(entries.map(([name, values]) => [`dimensions.${name}`, { $in: values }]));
}

/** Pieces that touch are one range: most queries are a single one. */
function minuteRanges(pieces: Pieces): Document[] {
  const ranges: { from: number; to: number }[] = [];
  for (const { from, to } of pieces) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges.map(({ from, to }) => ({ minute: { $gte: from / MINUTE_MS, $lt: to / MINUTE_MS } }));
}

/** The point that a minute belongs to. */
function pointOf(pieces: Pieces, minute: number): number {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.from ?? 0) <= minute * MINUTE_MS) low = middle;
    else high = middle - 1;
  }
  return pieces[low]?.point ?? 0;
}

/** Sums of one minute and group, or of a group if all of it is one point. */
function sumsPipeline({ groupBy, counters }: Plan, pieces: Pieces): Document[] {
  const isOnePoint = pieces.every(({ point }) => point === pieces[0]?.point);
  const group = Object.fromEntries(groupBy.map((name) => [name, `$dimensions.${name}`]));
  const sums = Object.fromEntries(counters.map((name) => [name, { $sum: `$counters.${name}` }]));
  const minute = isOnePoint ? (pieces[0]?.from ?? 0) / MINUTE_MS : "$minute";
  return [
    { $group: { _id: { minute, ...group }, ...sums } },
    {
      $project: {
        minute: "$_id.minute",
        dimensions: "$_id",
        counters: Object.fromEntries(counters.map((name) => [name, `$${name}`])),
      },
    },
  ];
}

/** Rows as they are, with what is asked for. */
function rowsPipeline({ groupBy, counters }: Plan): Document[] {
  const names = ["minute", "latencies", ...groupBy.map((name) => `dimensions.${name}`)];
  return [
    {
      $project: Object.fromEntries([...names, ...counters.map((name) => `counters.${name}`)].map((name) => [name, 1])),
    },
  ];
}

async function addSums(
  { events, rollUps }: Collections,
  plan: Plan,
  source: Source,
  pieces: Pieces,
  result: Result,
): Promise<void> {
  const match: Document = { ...dimensionsMatch(plan.filter), $or: minuteRanges(pieces) };
  const pipeline = plan.hasLatencies ? rowsPipeline(plan) : sumsPipeline(plan, pieces);
  const rows =
    source === "events"
      ? events.aggregate([{ $match: match }, ...pipeline], { allowDiskUse: true })
      : rollUps.aggregate([{ $match: { level: source.number, ...match } }, ...pipeline], { allowDiskUse: true });
  for await (const { minute, dimensions = {}, counters = {}, latencies = {} } of rows) {
    result.add(
      pointOf(pieces, minute),
      plan.groupBy.map((name) => dimensions[name] ?? ""),
      plan.counters.map((name) => Number(counters[name] ?? 0)),
      plan.hasLatencies ? formatNamedCounts(latencies) : "",
    );
  }
}

export async function readSums(collections: Collections, query: UsageQuery): Promise<readonly UsageRow[]> {
  const plan = planOf(query, await readFloors(collections));
  const result = new Result(query, plan);
  for (const [source, pieces] of plan.sources) await addSums(collections, plan, source, pieces, result);
  return result.rows();
}

export async function readEvent(collections: Collections, id: string): Promise<UsageEvent | undefined> {
  const { events: floor } = await readFloors(collections);
  const found = await collections.events.findOne({ _id: id, startedAt: { $gte: floor } });
  return found?.event;
}

export async function readEvents(collections: Collections, request: EventPageRequest): Promise<EventPage> {
  const { from, to, filter, after, limit } = request;
  const { events: floor } = await readFloors(collections);
  const start = startOf(after, from);
  const match: MongoFilter<EventDocument> = {
    ...dimensionsMatch(filter),
    startedAt: { $gte: Math.max(from, floor, start.startedAt), $lt: to },
    $or: [{ startedAt: { $gt: start.startedAt } }, { _id: { $gt: start.id } }],
  };
  const found = collections.events.find(match, { sort: { startedAt: 1, _id: 1 }, limit: limit + 1 });
  return pageOf(
    (await found.toArray()).map(({ event }) => event),
    limit,
  );
}
