// Model route: a public model name and the targets that serve it, in the order in which they are tried.
import { z } from "zod";
import { TARGETS_MAX } from "../contract.js";
import { idSchema, withinBytes } from "./common.js";

/** Beginning with a letter or digit keeps "." and ".." (which URL clients rewrite) from being names. */
const MODEL_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}/:._-]*$/u;
const MODEL_NAME_BYTES_MAX = 256;

export const modelNameSchema = z
  .string()
  .regex(MODEL_NAME, { error: "must be letters, digits, '/', ':', '.', '_' and '-', beginning with a letter or digit" })
  .refine((name) => withinBytes(name, MODEL_NAME_BYTES_MAX), { error: "must be at most 256 bytes of UTF-8" })
  .refine((name) => name === name.normalize("NFC"), { error: "must be in Unicode normal form C" })
  .describe("Public name of the model, as clients send it: at most 256 bytes of UTF-8.")
  .meta({ examples: ["gpt-4o-mini", "team/fast:2026"] });

const modelRouteFields = {
  targets: z
    .array(z.strictObject({ target: idSchema.describe("Id of the target.") }))
    .min(1)
    .max(TARGETS_MAX)
    .describe("Targets in the order in which they are tried."),
  perTryTimeoutMs: z
    .int()
    .min(10)
    .max(3_600_000)
    .default(120_000)
    .describe("Time that one target has for its first content, or for the whole of an unstreamed reply."),
  unknownOperations: z
    .enum(["refuse", "pass"])
    .default("refuse")
    .describe("What is done with operations that the gateway does not know: refused, or passed to the first target."),
  onUnsupported: z
    .enum(["drop", "refuse"])
    .default("drop")
    .describe("What is done with a field that a target cannot take and that does not change what the answer says."),
};

export const modelRouteSchema = z.strictObject({ id: modelNameSchema, ...modelRouteFields }).meta({ id: "ModelRoute" });
export type ModelRoute = z.output<typeof modelRouteSchema>;

export const modelRouteInputSchema = z.strictObject({ id: modelNameSchema.optional(), ...modelRouteFields }).meta({
  id: "ModelRouteInput",
  examples: [{ targets: [{ target: "openai-mini" }, { target: "claude-haiku" }], perTryTimeoutMs: 30_000 }],
});
