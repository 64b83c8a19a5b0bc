// The port of usage: events that are kept as they came, and sums over them. An implementation acknowledges only what is
// on disk, counts an id once however often and wherever it comes, and has event and sums change together or not at all.

import type { UsageEvent } from "./event.js";
import type { Filter, UsageQuery, UsageRow } from "./query.js";
import type { Floors } from "./roll-up.js";
import type { Span } from "./time-axis.js";

/** Larger batches are refused: a batch is one transaction, and others wait for it. */
export const BATCH_EVENTS_MAX = 10_000;

export interface AppendOutcome {
  /** New ones, stored and counted now. */
  readonly stored: number;
  /** Known ids: nothing changed, whatever else the events said. */
  readonly repeated: number;
  /**
   * Started before `floors.events`, so that nobody can say any more whether they are known: not stored, not counted.
   * Ids are therefore remembered exactly as long as events are kept, and no event counts twice, however late it comes.
   */
  readonly tooOld: number;
}

export interface EventPageRequest extends Span {
  readonly filter: Filter;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface EventPage {
  readonly items: readonly UsageEvent[];
  /** Present if there is more. */
  readonly next?: string;
}

/** The store's server does not answer, or refuses; nothing was acknowledged, and asking again is safe. */
export class UsageStoreUnavailable extends Error {
  override readonly name = "UsageStoreUnavailable";
}

/** Every method rejects with UsageStoreUnavailable, within a stated time, while the store cannot be reached. */
export interface UsageStore {
  append(events: readonly UsageEvent[]): Promise<AppendOutcome>;
  /** Rejects with UsageQueryError what cannot be answered exactly. */
  query(query: UsageQuery): Promise<readonly UsageRow[]>;
  event(id: string): Promise<UsageEvent | undefined>;
  /** By the time at which they started, then by id. An `after` that this store never gave out is an empty page. */
  events(request: EventPageRequest): Promise<EventPage>;
  /** Before which moments nothing is kept; they only ever rise. */
  floors(): Promise<Floors>;
  /** Forgets what lies before the floors given, each rounded down to a whole day (UTC). Sums of longer buckets stay. */
  prune(floors: Floors): Promise<void>;
  close(): Promise<void>;
}
