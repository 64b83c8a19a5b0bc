// Target: one model of one provider, under the provider's own name for it. Model routes list targets.
import { z } from "zod";
import {
  currencySchema,
  modalitiesSchema,
  modelEntrySchema,
  tokenPricesSchema,
  unitPricesSchema,
} from "../catalog/model-entry.js";
import { capacitySchema } from "./capacity.js";
import { idSchema, isWellFormed } from "./common.js";

export const TARGET_KINDS = ["provisioned", "pay-as-you-go", "temporary"] as const;

const labelSchema = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[\p{L}\p{N} ._-]+$/u, {
    error: "must be letters, digits, spaces, '.', '_' and '-'",
  });

const spillSchema = z
  .strictObject({
    timeToFirstTokenMs: z
      .int()
      .min(1)
      .max(600_000)
      .optional()
      .describe("On average at most this, or it is left for a while."),
    tokensPerSecond: z.int().min(1).max(100_000).optional().describe("Of an answer, on average at least this."),
  })
  .refine((spill) => Object.keys(spill).length > 0, { error: "says nothing" });

const targetFields = {
  provider: idSchema.describe("Id of the provider."),
  model: z
    .string()
    .min(1)
    .max(256)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
    .regex(/^[^\u0000-\u001f\u007f]+$/, { error: "must not hold control characters" })
    .refine(isWellFormed, { error: "must not hold a lone surrogate" })
    .describe("The provider's own name of the model."),
  defaultMaxTokens: z
    .int()
    .min(1)
    .max(0xffff_ffff)
    .optional()
    .describe("Cap on output tokens for dialects that require one, where the client names none."),
  contextTokens: z.int().min(1).optional().describe("Size of the context window, in place of the catalogue's."),
  modalities: modalitiesSchema.optional().describe("What it reads and writes, in place of the catalogue's."),
  currency: currencySchema.optional().describe("Of the prices here; without it the catalogue's, or USD."),
  prices: tokenPricesSchema.optional().describe("Prices of tokens, each in place of the catalogue's. Zero is a price."),
  capacity: capacitySchema.optional().describe("What it can take; without it nothing is limited here."),
  unitPrices: unitPricesSchema.optional().describe("Prices of what is not counted in tokens, likewise."),
  kind: z
    .enum(TARGET_KINDS)
    .optional()
    .describe(
      "Without it pay-as-you-go. Provisioned capacity is paid for anyway: within a tier it is filled first. A temporary target ends by itself.",
    ),
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("Of a temporary target: from then on it is in no plan."),
  region: labelSchema.optional().describe("Where it is, for people and explanations."),
  businessUnit: labelSchema.optional().describe("Who pays for it, likewise."),
  spill: spillSchema
    .optional()
    .describe("When it is too slow: the other targets of the model route take over for a while."),
};

function checkTogether(
  { kind = "pay-as-you-go", expiresAt }: { kind?: string | undefined; expiresAt?: string | undefined },
  context: z.RefinementCtx,
): void {
  if ((kind === "temporary") === (expiresAt !== undefined)) return;
  const [message, mend] =
    expiresAt === undefined
      ? ["is required of a temporary target", "Say when it ends."]
      : [`is for temporary targets, and this one is ${kind}`, "Leave it out, or make the kind `temporary`."];
  context.addIssue({ code: "custom", path: ["expiresAt"], message, params: { mend } });
}

export const targetSchema = z
  .strictObject({ id: idSchema, ...targetFields })
  .superRefine(checkTogether)
  .meta({ id: "Target" });
export type Target = z.output<typeof targetSchema>;

export const targetInputSchema = z
  .strictObject({ id: idSchema.optional(), ...targetFields })
  .superRefine(checkTogether)
  .meta({
    id: "TargetInput",
    examples: [
      { provider: "openai", model: "gpt-4o-mini" },
      { provider: "own", model: "llama", contextTokens: 131_072, currency: "USD", prices: { input: 0, output: 0 } },
    ],
  });

const { contextTokens, modalities, currency, prices, tiers, timesOfDay, unitPrices } = modelEntrySchema.shape;
const effectiveSchema = z
  .strictObject({ contextTokens, modalities, currency, prices, tiers, timesOfDay, unitPrices })
  .describe("What counts: the document's own fields over those of the model catalogue. What is missing is unknown.")
  .meta({ id: "EffectiveModel" });
export type EffectiveModel = z.output<typeof effectiveSchema>;

/** What an answer carries: the document and what counts for its model. */
export const targetAnswerSchema = z
  .strictObject({ id: idSchema, ...targetFields, effective: effectiveSchema })
  .meta({ id: "TargetAnswer" });
