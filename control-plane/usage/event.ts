// The usage event: what one exchange, one abandoned attempt or one correction used and cost. The filter emits it as one
// line of JSON, the store keeps it as it came. Nothing here is ever edited: a mistake is mended by a further event.
import { z } from "zod";
import { isWellFormed } from "../resources/common.js";

/** Far above any context; sums of 900 million events of this size stay exact in a double (2^53). */
const TOKENS_MAX = 10_000_000;
/** A million units of the currency; sums stay exact up to 9,000 such. */
const COST_NANOS_MAX = 1_000_000_000_000_000;
/** A correction may take back what several wrong events booked; its cost stays below 2^53 with it. */
const CORRECTION_FACTOR = 9;
const DAY_MS = 86_400_000;
const STARTED_AT_MAX = 4_102_444_800_000; // 2100-01-01: what is later was written in other units
const LINE_BYTES_MAX = 16_384;

function text(max: number, min = 1) {
  return z.string().min(min).max(max).refine(isWellFormed, { error: "holds half a character (a lone surrogate)" });
}

const idText = text(64).regex(/^[!-~]+$/, { error: "must be printable ASCII without spaces" });
const resourceId = text(63).optional();
const modelName = text(256);
const count = z.int();

const tokensSchema = z
  .object({
    input: count.describe("All of the input, cached tokens included."),
    output: count.describe("All of the output, reasoning included."),
    cachedInput: count.default(0).describe("Of the input: read from the provider's cache."),
    cacheWrite: count.default(0).describe("Of the input: written to the provider's cache."),
    reasoning: count.default(0).describe("Of the output: thoughts."),
    audioInput: count.default(0),
    audioOutput: count.default(0),
    images: count.default(0),
  })
  .meta({ id: "UsageTokens" });
export type UsageTokens = z.output<typeof tokensSchema>;

export const EVENT_KINDS = ["exchange", "attempt", "correction"] as const;

const fields = z.object({
  id: idText.describe("Chosen by whoever emits it; the same id again is the same event and counts once."),
  kind: z.enum(EVENT_KINDS).describe("attempt: one that was abandoned, charged beside its exchange."),
  corrects: idText.optional().describe("With kind correction: the id of the event that it corrects."),
  reason: text(500).optional().describe("With kind correction: why."),
  startedAt: z.int().min(0).max(STARTED_AT_MAX).describe("Unix ms. The time under which the event is booked."),
  durationMs: z
    .int()
    .min(0)
    .max(30 * DAY_MS),
  firstTokenMs: z
    .int()
    .min(0)
    .max(30 * DAY_MS)
    .optional(),
  tenant: resourceId,
  department: resourceId,
  application: resourceId,
  consumer: text(63),
  keyId: text(64).optional(),
  protocol: text(32),
  operation: text(64),
  streaming: z.boolean(),
  model: text(256, 0).describe("As the client named it; may be a name that does not exist."),
  route: text(256, 0).describe("The model route that served it; empty where there was none."),
  target: resourceId,
  provider: resourceId,
  requestModel: modelName.optional(),
  responseModel: modelName.optional(),
  attempts: z.int().min(0).max(1000),
  status: z.int().min(0).max(999).describe("HTTP status that the client got; 0 if it got none."),
  error: text(64).optional().describe("Code of the error, if it ended with one."),
  cache: z.enum(["none", "hit", "miss"]).default("none"),
  tokens: tokensSchema,
  costNanos: z.int().describe("Billionths of the currency: an embedding costs less than a millionth."),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default("USD"),
  estimated: z.boolean(),
  revision: z.int().min(0),
});

/** Amounts: at least 0, but for a correction, whose amounts are differences. */
function checkAmounts(event: z.output<typeof fields>, context: z.RefinementCtx): void {
  const signed = event.kind === "correction";
  const check = (value: number, max: number, path: string[]) => {
    const bound = signed ? max * CORRECTION_FACTOR : max;
    if (value <= bound && value >= (signed ? -bound : 0)) return;
    const message = signed ? `must be from -${bound} to ${bound}` : `must be from 0 to ${bound}`;
    context.addIssue({ code: "custom", path, message });
  };
  for (const [name, value] of Object.entries(event.tokens)) check(value, TOKENS_MAX, ["tokens", name]);
  check(event.costNanos, COST_NANOS_MAX, ["costNanos"]);
}

function checkCorrection(event: z.output<typeof fields>, context: z.RefinementCtx): void {
  const isCorrection = event.kind === "correction";
  if (isCorrection && event.corrects === undefined) {
    context.addIssue({ code: "custom", path: ["corrects"], message: "must name the event that is corrected" });
  }
  for (const name of ["corrects", "reason"] as const) {
    if (isCorrection || event[name] === undefined) continue;
    context.addIssue({ code: "custom", path: [name], message: "is for corrections only" });
  }
}

export const usageEventSchema = fields
  .superRefine((event, context) => {
    checkAmounts(event, context);
    checkCorrection(event, context);
  })
  .meta({ id: "UsageEvent" });
export type UsageEvent = z.output<typeof usageEventSchema>;

/** The signed amounts of a correction, by path of the operator API. */
export const correctionTokensSchema = tokensSchema.partial().strict();

export type ParsedEvent = { readonly event: UsageEvent } | { readonly defect: string };

/**
 * Members that events do not have are left out: whoever emits them may be of a later release. A defect says where and
 * what, and repeats nothing of the value: it may hold anything.
 */
export function parseEvent(value: unknown): ParsedEvent {
  const parsed = usageEventSchema.safeParse(value);
  if (parsed.success) return { event: parsed.data };
  const [issue] = parsed.error.issues;
  return { defect: `${issue?.path.join(".") || "event"}: ${issue?.message ?? "is not valid"}` };
}

/** As parseEvent, of one line of JSON. */
export function parseEventLine(line: string): ParsedEvent {
  if (Buffer.byteLength(line) > LINE_BYTES_MAX) return { defect: `is longer than ${LINE_BYTES_MAX} bytes` };
  try {
    return parseEvent(JSON.parse(line));
  } catch {
    return { defect: "is not JSON" };
  }
}

/** One line of JSON without its line feed. */
export function formatEventLine(event: UsageEvent): string {
  return JSON.stringify(event);
}
