// An event as columns, and back: what many events have in common as one JSON text (their profile), the rest as numbers.
import type { UsageEvent } from "../event.js";
import { COUNTERS, costNanosOf } from "../measures.js";
import { columnOf } from "./database.js";

const PROFILE = [
  "kind",
  "tenant",
  "department",
  "application",
  "consumer",
  "keyId",
  "protocol",
  "operation",
  "streaming",
  "model",
  "route",
  "target",
  "provider",
  "requestModel",
  "responseModel",
  "status",
  "error",
  "cache",
  "currency",
  "estimated",
] as const satisfies readonly (keyof UsageEvent)[];

type Profile = Pick<UsageEvent, (typeof PROFILE)[number]>;

export interface EventRow {
  readonly id: string;
  readonly started_at: number;
  readonly profile_json: string;
  readonly duration_ms: number;
  readonly first_token_ms: number | null;
  readonly attempts: number;
  readonly revision: number;
  readonly corrects: string | null;
  readonly reason: string | null;
  readonly [counter: string]: number | string | null;
}

/** What an event row is read by: `event` joined with its profile. */
export const EVENT_COLUMNS = [
  ...["id", "started_at", "duration_ms", "first_token_ms", "attempts", "revision", "corrects", "reason"],
  ...COUNTERS.map(columnOf),
]
  .map((name) => `event.${name} AS ${name}`)
  .concat("profile.json AS profile_json")
  .join(", ");

export function profileOf(event: UsageEvent): string {
  return JSON.stringify(Object.fromEntries(PROFILE.map((name) => [name, event[name]])));
}

export function eventOf(row: EventRow): UsageEvent {
  const profile = JSON.parse(row.profile_json) as Profile;
  const number = (counter: (typeof COUNTERS)[number]) => row[columnOf(counter)] as number;
  return {
    ...profile,
    id: row.id,
    ...(row.corrects === null ? {} : { corrects: row.corrects }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    ...(row.first_token_ms === null ? {} : { firstTokenMs: row.first_token_ms }),
    attempts: row.attempts,
    tokens: {
      input: number("inputTokens"),
      output: number("outputTokens"),
      cachedInput: number("cachedInputTokens"),
      cacheWrite: number("cacheWriteTokens"),
      reasoning: number("reasoningTokens"),
      audioInput: number("audioInputTokens"),
      audioOutput: number("audioOutputTokens"),
      images: number("images"),
    },
    costNanos: costNanosOf(number("costMicros"), number("costRestNanos")),
    revision: row.revision,
  };
}
