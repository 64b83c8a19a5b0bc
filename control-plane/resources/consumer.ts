// Consumer: whoever holds API keys, and which models these may call. Keys are stored as SHA-256 only and shown once.
import { z } from "zod";
import { displayNameSchema, idSchema, timestampSchema, withinBytes } from "./common.js";

const modelPatternSchema = z
  .string()
  .min(1)
  .regex(/^(?:\*|[\p{L}\p{N}][\p{L}\p{M}\p{N}/:._-]*\*?)$/u, {
    error: "must be a model name, a prefix of one ending in '*', or '*'",
  })
  .refine((pattern) => withinBytes(pattern, 256), { error: "must be at most 256 bytes of UTF-8" })
  .describe("A public model name, a prefix ending in '*', or '*' for all.");

const consumerFields = {
  displayName: displayNameSchema.optional(),
  // Bounded because every lease carries the patterns and every request of the consumer walks them.
  models: z.array(modelPatternSchema).min(1).max(100).default(["*"]).describe("Models that its keys may call."),
  disabled: z.boolean().default(false).describe("Refuse every key of this consumer."),
};

export const consumerSchema = z.strictObject({ id: idSchema, ...consumerFields }).meta({ id: "Consumer" });
export type Consumer = z.output<typeof consumerSchema>;

export const consumerInputSchema = z.strictObject({ id: idSchema.optional(), ...consumerFields }).meta({
  id: "ConsumerInput",
  examples: [{ displayName: "Search team", models: ["gpt-4o-mini", "claude-*"] }],
});

export const keyIdSchema = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe("Id of the API key.");

export const apiKeyInputSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional().describe("What the key is for."),
    expiresAt: timestampSchema
      .refine((text) => Date.parse(text) > Date.now(), { error: "must lie in the future" })
      .optional()
      .describe("The key is refused from this moment on."),
    key: z
      .string()
      .optional()
      .meta({ writeOnly: true })
      .describe("An existing Sluice API key to register instead of a new one. Stored as SHA-256 only."),
  })
  .meta({ id: "ApiKeyInput", examples: [{ name: "production", expiresAt: "2030-01-01T00:00:00Z" }] });

/** What is kept of a key, and all that a list shows. */
export const apiKeySchema = z
  .strictObject({
    id: keyIdSchema,
    name: z.string().optional(),
    prefix: z.string().describe("First characters of the key, to recognise it by."),
    createdAt: timestampSchema,
    expiresAt: timestampSchema.optional(),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.output<typeof apiKeySchema>;

export const apiKeyCreatedSchema = z
  .strictObject({ ...apiKeySchema.shape, key: z.string().describe("The whole key. Shown this once only.") })
  .meta({ id: "ApiKeyCreated" });
