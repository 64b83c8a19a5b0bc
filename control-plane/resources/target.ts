// Target: one model of one provider, under the provider's own name for it. Model routes list targets.
import { z } from "zod";
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
};

export const targetSchema = z.strictObject({ id: idSchema, ...targetFields }).meta({ id: "Target" });
export type Target = z.output<typeof targetSchema>;

export const targetInputSchema = z.strictObject({ id: idSchema.optional(), ...targetFields }).meta({
  id: "TargetInput",
  examples: [{ provider: "openai", model: "gpt-4o-mini" }],
});
