// Where pages of events begin and end. A page names its last event, `1700000000000.id`, and the next begins after it.
import type { UsageEvent } from "./event.js";
import type { EventPage } from "./usage-store.js";

export interface PageStart {
  readonly startedAt: number;
  readonly id: string;
}

/** The event after which a page begins. A name that no store gave out lies behind all events. */
export function startOf(after: string | undefined, from: number): PageStart {
  if (after === undefined) return { startedAt: from, id: "" };
  const match = /^(\d{1,15})\.([!-~]{1,64})$/.exec(after);
  return { startedAt: match === null ? Number.MAX_SAFE_INTEGER : Number(match[1]), id: match?.[2] ?? "" };
}

/** `found`: up to one more than the limit, in order. */
export function pageOf(found: readonly UsageEvent[], limit: number): EventPage {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: `${last.startedAt}.${last.id}` } : { items };
}
