// What each level of tenancy may say about access: models, operations and a priority class. Levels only ever narrow what
// those above allow; how they combine is in identity/effective-access.ts.
import { z } from "zod";
import { Operation } from "../contract.js";
import { withinBytes } from "./common.js";
import { priorityClassSchema } from "./priority-class.js";

const PATTERNS_MAX = 100;
/** A lease carries the patterns of up to five levels, and the filter reads leases of at most 16 KiB. */
const PATTERN_BYTES_MAX = 3_000;
const PATTERN_LENGTH_BYTES = 2;

/** Which models there are is no secret to whoever may call some of them: these two are not restricted. */
const UNRESTRICTED: readonly number[] = [Operation.MODELS_LIST, Operation.MODELS_GET];
const EVERY_OPERATION = 2n ** 64n - 1n;

/** Operations that can be restricted: names of the enumeration in lower case, with their numbers. */
const OPERATION_NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(Operation)
    .filter(([, number]) => number !== Operation.UNKNOWN && !UNRESTRICTED.includes(number))
    .map(([constant, number]) => [constant.toLowerCase(), number]),
);

export const OPERATIONS: readonly string[] = [...OPERATION_NUMBERS.keys()];

/** Bits by number of the enumeration Operation, as leases have them. */
export function operationBits(operations: readonly string[] | undefined): bigint {
  if (operations === undefined) return EVERY_OPERATION;
  const numbers = operations.flatMap((name) => OPERATION_NUMBERS.get(name) ?? []);
  return [...UNRESTRICTED, ...numbers].reduce((bits, number) => bits | (1n << BigInt(number)), 0n);
}

/** The pattern that restricts nothing. */
export const EVERY_MODEL = "*";

const modelPatternSchema = z
  .string()
  .min(1)
  .regex(/^(?:\*|[\p{L}\p{N}][\p{L}\p{M}\p{N}/:._-]*\*?)$/u, {
    error: "must be a model name, a prefix of one ending in '*', or '*'",
  })
  .refine((pattern) => withinBytes(pattern, 256), { error: "must be at most 256 bytes of UTF-8" })
  .describe("A public model name, a prefix ending in '*', or '*' for all.");

// Bounded because every lease carries the patterns and every request walks them.
const patterns = z.array(modelPatternSchema).min(1).max(PATTERNS_MAX);

function fitLease(models: readonly string[]): boolean {
  const bytes = models.reduce((sum, model) => sum + PATTERN_LENGTH_BYTES + Buffer.byteLength(model, "utf8"), 0);
  return bytes <= PATTERN_BYTES_MAX;
}

/** As stored: releases before the limit on bytes let longer lists in, and these still count. */
export const modelsSchema = patterns.describe("Models that may be called.");

export const modelsInputSchema = patterns
  .refine(fitLease, {
    error: `must be at most ${PATTERN_BYTES_MAX} bytes in all, ${PATTERN_LENGTH_BYTES} more for each pattern`,
    params: { mend: "Use prefixes ending in '*' in place of long lists." },
  })
  .describe("Models that may be called.");

const PREFERRED_MAX = 16;

// Providers name models as they like; what JSON would escape cannot be compared in the filter.
const preferredModelSchema = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}\p{Cs}"\\*]*\*?$/u, { error: "must be a provider's model name, or a prefix of one ending in '*'" })
  .refine((pattern) => withinBytes(pattern, 128), { error: "must be at most 128 bytes of UTF-8" })
  .describe("A provider's own name of a model, as targets have it, or a prefix ending in '*'.");

export const preferredModelsSchema = z
  .array(preferredModelSchema)
  .min(1)
  .max(PREFERRED_MAX)
  .describe(
    "Targets of these models are tried first in every model route, the first ones in front; the others follow.",
  );

export const operationsSchema = z
  .array(z.enum(OPERATIONS))
  .min(1)
  .max(OPERATIONS.length)
  .describe("Operations that may be used; without it all. Lists of models may always be asked for.");

export const prioritySchema = priorityClassSchema.describe(
  "Priority class when capacity is scarce. The most specific one counts; without any it is standard.",
);

/** What a key narrows; kept with it as JSON. */
export const accessFields = {
  models: modelsSchema.optional(),
  operations: operationsSchema.optional(),
  priority: prioritySchema.optional(),
};
const accessSchema = z.strictObject(accessFields);

export function readAccess(json: string): z.output<typeof accessSchema> {
  return accessSchema.parse(JSON.parse(json));
}

/** What one level says. Without `models` or `operations` it restricts nothing. */
export interface Access {
  readonly models?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly priority?: string | undefined;
}
