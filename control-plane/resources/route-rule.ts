// Rule of a model route: what must hold of a request, and which targets it then goes to. All that a rule names must hold; of several
// values of one field any.
import { z } from "zod";
import { OPERATIONS } from "./access.js";
import { idSchema, withinBytes } from "./common.js";
import { targetsFields, targetsProblem } from "./route-targets.js";
import { HEADER_NAME, patternSchema, someOf } from "./rule-values.js";

const VALUE_BYTES_MAX = 256;
const FIELDS_MAX = 8;
const TOKENS_MAX = 100_000_000;

const values = someOf(patternSchema);
const ids = someOf(idSchema);

export const whenSchema = z
  .strictObject({
    originalModel: values.optional().describe("The model's name as the client wrote it, or a prefix ending in '*'."),
    tenant: ids.optional(),
    department: ids.optional(),
    application: ids.optional(),
    consumer: ids.optional(),
    headers: z
      .record(z.string().regex(HEADER_NAME, { error: "must be a header's name in lower case" }), values)
      .refine((headers) => Object.keys(headers).length <= FIELDS_MAX, { error: `has more than ${FIELDS_MAX} headers` })
      .optional()
      .describe("Values of the client's headers, or prefixes ending in '*'; '*' alone = the header is there."),
    metadata: z
      .record(z.string().min(1).max(VALUE_BYTES_MAX), values)
      .refine((fields) => Object.keys(fields).length <= FIELDS_MAX, { error: `has more than ${FIELDS_MAX} fields` })
      .optional()
      .describe("Text fields of the request's `metadata`, likewise."),
    operations: someOf(z.enum(OPERATIONS as [string, ...string[]])).optional(),
    streaming: z.boolean().optional(),
    tools: z.boolean().optional().describe("The request offers tools."),
    images: z.boolean().optional().describe("The request has images in it."),
    taskClass: someOf(idSchema)
      .optional()
      .describe("What it is about: as its client declares in `x-sluice-task`, else as the built-in classifier judges."),
    taskConfidence: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe("How sure the classifier must be, 50 without it; what a client declares is believed."),
    inputTokens: z
      .strictObject({ min: z.int().min(0).max(TOKENS_MAX).optional(), max: z.int().min(0).max(TOKENS_MAX).optional() })
      .refine(({ min, max }) => min !== undefined || max !== undefined, { error: "needs min, max or both" })
      .refine(({ min = 0, max = TOKENS_MAX }) => min <= max, { error: "min is above max" })
      .optional()
      .describe("Estimated tokens of the request, both ends included."),
  })
  .describe("What must hold; of several fields all.")
  .meta({ id: "RouteCondition" });
export type When = z.output<typeof whenSchema>;

export const ruleSchema = z
  .strictObject({
    name: idSchema.describe("For explanations."),
    when: whenSchema,
    ...targetsFields,
    modelRoute: z
      .string()
      .refine((name) => withinBytes(name, VALUE_BYTES_MAX), { error: "is too long" })
      .optional()
      .describe("Instead of targets or tiers: those of that model route, without its rules."),
  })
  .superRefine((rule, context) => targetsProblem(rule, context, rule.modelRoute !== undefined))
  .meta({ id: "RouteRule" });
export type Rule = z.output<typeof ruleSchema>;
