// What the catalogue says of one model at one provider. Prices are whole millionths of the currency's unit, so that sums
// are exact; a price of zero is a price, a missing one is unknown.
import { z } from "zod";
import { idSchema } from "../resources/common.js";

const micros = z.int().min(0);
const TOKEN_PRICES = [
  "input",
  "output",
  "reasoning",
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "inputAudio",
  "outputAudio",
  "cacheReadAudio",
  "inputImage",
  "outputImage",
  "cacheReadImage",
  "inputVideo",
  "outputVideo",
] as const;
const UNIT_PRICES = [
  "image",
  "videoSecond",
  "audioHour",
  "thousandRequests",
  "thousandWebSearches",
  "thousandPages",
] as const;

export const tokenPricesSchema = z
  .partialRecord(z.enum(TOKEN_PRICES), micros)
  .describe(
    "Millionths of the currency's unit per million tokens. What has no price of its own costs input or output.",
  );

export type TokenPrices = z.output<typeof tokenPricesSchema>;

export const unitPricesSchema = z
  .partialRecord(z.enum(UNIT_PRICES), micros)
  .describe("Millionths of the currency's unit for what is not counted in tokens.");

export const currencySchema = z.enum(["USD", "CNY"]);

const modality = z.enum(["text", "image", "audio", "video", "file"]);
export const modalitiesSchema = z.strictObject({ input: z.array(modality), output: z.array(modality) });
const timeOfDay = z.string().regex(/^\d\d:\d\d:\d\dZ$/);

export const modelEntrySchema = z
  .strictObject({
    provider: idSchema.describe("Entry of the provider catalogue."),
    id: z.string().min(1).max(256).describe("The provider's name for the model: `model` of a target."),
    name: z.string().min(1).optional(),
    chat: z.boolean().describe("Whether it answers chat requests."),
    deprecated: z.literal(true).optional(),
    contextTokens: z.int().min(1).optional().describe("Size of the context window."),
    modalities: modalitiesSchema.optional().describe("As far as known."),
    currency: currencySchema.optional(),
    prices: tokenPricesSchema.optional(),
    tiers: z
      .array(z.strictObject({ inputTokensAbove: z.int().min(1), prices: tokenPricesSchema }))
      .optional()
      .describe("Instead of prices, for requests with more input than this."),
    timesOfDay: z
      .array(z.strictObject({ from: timeOfDay, to: timeOfDay, prices: tokenPricesSchema }))
      .optional()
      .describe("Instead of prices, between these times of day (UTC)."),
    unitPrices: unitPricesSchema.optional(),
    source: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe("Where it was read, if not in the price package."),
  })
  .refine((entry) => entry.currency !== undefined || (entry.prices ?? entry.unitPrices) === undefined, {
    path: ["currency"],
    error: "is required with prices",
  })
  .meta({ id: "CatalogModel" });
export type ModelEntry = z.output<typeof modelEntrySchema>;

export const modelCatalogSchema = z
  .strictObject({
    generatedBy: z.literal("npm run catalog:update"),
    asOf: z.iso.date().describe("Prices are those in force on this day."),
    models: z.array(modelEntrySchema),
  })
  .superRefine(({ models }, context) => {
    const seen = new Set<string>();
    for (const { provider, id } of models) {
      const key = `${provider} ${id}`;
      if (seen.has(key)) context.addIssue({ code: "custom", message: `'${id}' of '${provider}' is there twice` });
      seen.add(key);
    }
  });

/** models-extra.json: kept by people. */
export const extraModelsSchema = z.array(modelEntrySchema.refine(({ source }) => source !== undefined));
