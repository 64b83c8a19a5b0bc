// API keys of a consumer. A key is stored as SHA-256 only and shown once; it may narrow what its consumer may do.
import { z } from "zod";
import { accessFields, modelsInputSchema, operationsSchema, prioritySchema } from "./access.js";
import { timestampSchema } from "./common.js";

export const keyIdSchema = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe("Id of the API key.");

/** At most a year: a key that nobody replaces by then is one that nobody looks after. */
const OVERLAP_SECONDS_MAX = 31_536_000;
const OVERLAP_SECONDS = 86_400;

const nameSchema = z.string().min(1).max(200).describe("What the key is for.");
const futureSchema = timestampSchema.refine((text) => Date.parse(text) > Date.now(), {
  error: "must lie in the future",
});

export const apiKeyInputSchema = z
  .strictObject({
    name: nameSchema.optional(),
    expiresAt: futureSchema.optional().describe("The key is refused from this moment on."),
    models: modelsInputSchema.optional(),
    operations: operationsSchema.optional(),
    priority: prioritySchema.optional(),
    key: z
      .string()
      .optional()
      .meta({ writeOnly: true })
      .describe("An existing Sluice API key to register instead of a new one. Stored as SHA-256 only."),
  })
  .meta({
    id: "ApiKeyInput",
    examples: [{ name: "production", expiresAt: "2030-01-01T00:00:00Z", operations: ["chat"] }],
  });
export type ApiKeyInput = z.output<typeof apiKeyInputSchema>;

export const rotationInputSchema = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(OVERLAP_SECONDS_MAX)
      .default(OVERLAP_SECONDS)
      .describe("How long the old key still works; one that ends sooner by itself still does."),
    expiresAt: futureSchema
      .optional()
      .describe("End of the new key. Without it the new key lives as long as the old one was made for."),
  })
  .meta({ id: "ApiKeyRotationInput", examples: [{ overlapSeconds: 3600 }] });
export type RotationInput = z.output<typeof rotationInputSchema>;

/** What is kept of a key, and all that a list shows. */
export const apiKeySchema = z
  .strictObject({
    id: keyIdSchema,
    name: z.string().optional(),
    prefix: z.string().describe("First characters of the key, to recognise it by."),
    createdAt: timestampSchema,
    expiresAt: timestampSchema.optional(),
    lastUsedAt: timestampSchema
      .optional()
      .describe("To the minute, and up to two minutes late. Absent: not used yet, as far as is known."),
    replacedBy: keyIdSchema.optional().describe("Id of the key that took its place at a rotation."),
    ...accessFields,
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.output<typeof apiKeySchema>;

const shownOnce = { key: z.string().describe("The whole key. Shown this once only.") };

export const apiKeyCreatedSchema = z
  .strictObject({ ...apiKeySchema.shape, ...shownOnce })
  .meta({ id: "ApiKeyCreated" });
export type ApiKeyCreated = z.output<typeof apiKeyCreatedSchema>;

export const apiKeyRotatedSchema = z
  .strictObject({ ...apiKeyCreatedSchema.shape, replaces: apiKeySchema.describe("The old key, with its end.") })
  .meta({ id: "ApiKeyRotated" });
export type ApiKeyRotated = z.output<typeof apiKeyRotatedSchema>;
