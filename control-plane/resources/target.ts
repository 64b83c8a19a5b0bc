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
};

export const targetSchema = z.strictObject({ id: idSchema, ...targetFields }).meta({ id: "Target" });
export type Target = z.output<typeof targetSchema>;

export const targetInputSchema = z.strictObject({ id: idSchema.optional(), ...targetFields }).meta({
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
