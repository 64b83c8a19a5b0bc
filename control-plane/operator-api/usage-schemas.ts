// Shapes of what the usage operations take and answer. Lists in queries are separated by commas: no id holds one.
import { z } from "zod";
import { timestampSchema } from "../resources/common.js";
import { DIMENSIONS, type Dimension } from "../usage/dimensions.js";
import { correctionTokensSchema, usageEventSchema } from "../usage/event.js";
import { MEASURES } from "../usage/measures.js";
import { STEPS } from "../usage/time-axis.js";
import { numberInQuery } from "./schemas.js";

const TEXT_MAX = 4096;
const EVENTS_PAGE_MAX = 1000;
const MONTH_FORM = /^\d{4}-(0[1-9]|1[0-2])$/;

// What a text must be like is checked by usage-query.ts, which answers 422 and names the member.
const text = z.string().max(TEXT_MAX).optional();
const span = {
  from: text.describe("RFC 3339, a whole minute. Default: 24 hours before `to`."),
  to: text.describe("RFC 3339, a whole minute, not included. Default: the end of this minute."),
};
const filters = Object.fromEntries(
  DIMENSIONS.map((name) => [name, text.describe(`Only this ${name}, or one of several: a,b. Empty = those without.`)]),
) as Record<Dimension, typeof text>;
const timeZone = text.describe("IANA name of the zone in which days and months begin. Default: UTC.");
const format = z.enum(["json", "csv"]).optional().describe("Default: what the header 'accept' asks for first.");

export const usageQuerySchema = z.strictObject({
  ...span,
  step: text.describe(`Length of a point: ${STEPS.join(", ")}. Default: total. Minutes and hours begin as in UTC.`),
  timeZone,
  groupBy: text.describe(`Dimensions, separated by commas: ${DIMENSIONS.join(", ")}.`),
  measures: text.describe(`Separated by commas: ${MEASURES.join(", ")}. Default: sums without details.`),
  format,
  ...filters,
});

export const usageEventsQuerySchema = z.strictObject({
  ...span,
  ...filters,
  after: z.string().min(1).max(128).optional().describe("`next` of the page before."),
  limit: numberInQuery(1, EVENTS_PAGE_MAX).default(100).describe("Most items of the page."),
});

export const invoiceQuerySchema = z.strictObject({
  timeZone,
  tenant: filters.tenant,
  department: filters.department,
  format,
});

export const monthSchema = z
  .string()
  .regex(MONTH_FORM, { error: "must be a month, e.g. 2026-06" })
  .describe("A calendar month, e.g. 2026-06.");

const spanAnswer = { from: timestampSchema, to: timestampSchema };

export const usageAnswerSchema = z
  .strictObject({
    ...spanAnswer,
    step: z.enum(STEPS),
    timeZone: z.string(),
    groupBy: z
      .array(z.enum(DIMENSIONS))
      .describe("As asked for; with costMicros currency is always among them, as money of several cannot be added."),
    items: z
      .array(
        z.strictObject({
          ...spanAnswer,
          dimensions: z.partialRecord(z.enum(DIMENSIONS), z.string()).describe("Empty text: those without."),
          values: z
            .partialRecord(z.enum(MEASURES), z.number().nullable())
            .describe(
              "Times are within 1/16 of the exact one; null = there is none. All else is exact; costMicros is rounded once, at the end.",
            ),
        }),
      )
      .describe("In the order of time, then of dimensions. What never occurred has no item."),
  })
  .meta({ id: "Usage" });

export const usageEventsAnswerSchema = z
  .strictObject({
    items: z.array(usageEventSchema),
    next: z.string().optional().describe("Present if there is more: send it as `after`."),
  })
  .meta({ id: "UsageEvents" });

export const usageEventsInputSchema = z
  .strictObject({
    events: z
      .array(z.unknown())
      .max(EVENTS_PAGE_MAX)
      .describe("Each as UsageEvent. One that is not valid is refused by itself."),
  })
  .meta({ id: "UsageEventsInput" });

export const ingestAnswerSchema = z
  .strictObject({
    accepted: z.int().describe("New: stored and counted now."),
    duplicates: z.int().describe("Known by their ids: nothing changed."),
    refused: z.int().describe("Not valid, or from before what is kept: sending them again is of no use."),
    defects: z
      .array(z.strictObject({ index: z.int().describe("Place in the list, from 0."), message: z.string() }))
      .describe("The first of those that are not valid, and why."),
  })
  .meta({ id: "UsageEventsStored" });

export const correctionInputSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[!-~]{1,64}$/, { error: "must be 1 to 64 printable ASCII characters without spaces" })
      .optional()
      .describe("Chosen by you, so that a request may be sent again without correcting twice."),
    corrects: z.string().min(1).max(64).describe("Id of the event to correct."),
    tokens: correctionTokensSchema.optional().describe("What to add to its tokens; negative numbers take away."),
    costNanos: z.int().optional().describe("What to add to its cost, in billionths of the currency."),
    reason: z.string().min(1).max(500),
    startedAt: timestampSchema
      .optional()
      .describe("Book it at this time instead of the event's own, to leave a month that was invoiced as it is."),
  })
  .meta({
    id: "UsageCorrection",
    examples: [
      { corrects: "4f1d2a9c8b7e6053-1", tokens: { output: -120 }, costNanos: -960_000, reason: "cut by the provider" },
    ],
  });

const amounts = {
  requests: z.int(),
  abandonedAttempts: z.int(),
  corrections: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  cachedInputTokens: z.int(),
  costMicros: z.int().describe("Millionths of the currency, rounded line by line."),
};

export const invoiceAnswerSchema = z
  .strictObject({
    month: monthSchema,
    timeZone: z.string(),
    ...spanAnswer,
    complete: z
      .boolean()
      .describe("False while the month runs. Late events and corrections may still change it after."),
    items: z.array(
      z.strictObject({
        tenant: z.string(),
        department: z.string(),
        currency: z.string(),
        ...amounts,
        models: z.array(z.strictObject({ model: z.string(), ...amounts })),
      }),
    ),
  })
  .meta({ id: "Invoice" });
