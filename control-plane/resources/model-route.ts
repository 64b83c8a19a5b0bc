// Model route: a public model name, the rules by which its requests are told apart, and the targets that serve them.
import { z } from "zod";
import { RULES_MAX, TARGETS_MAX } from "../contract.js";
import { withinBytes } from "./common.js";
import { ruleSchema } from "./route-rule.js";
import { targetsFields, targetsProblem } from "./route-targets.js";

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

const ALIASES_MAX = 100;
const RETRY_STATUS = { min: 400, max: 599 };
/** What a caller did wrong himself: another target would say the same. */
const NEVER_RETRIED: readonly number[] = [400, 413, 422];

const aliasSchema = z
  .string()
  .regex(/^(?:\*|[\p{L}\p{N}][\p{L}\p{M}\p{N}/:._-]*\*?)$/u, {
    error: "must be a model name, or a prefix of one ending in '*'",
  })
  .refine((name) => withinBytes(name, MODEL_NAME_BYTES_MAX), { error: "must be at most 256 bytes of UTF-8" })
  .refine((name) => name === name.normalize("NFC"), { error: "must be in Unicode normal form C" });

const failoverSchema = z
  .strictObject({
    statuses: z
      .array(z.int().min(RETRY_STATUS.min).max(RETRY_STATUS.max))
      .max(100)
      .optional()
      .describe(
        "Statuses of a provider after which the next target is tried. Without it: 401, 403, 404, 408, 429 and 5xx.",
      ),
    outlierDetection: z
      .enum(["on", "off"])
      .optional()
      .describe(
        "Whether a target that others can stand in for is left for a while when it fails five times in a row, says that it takes no more, or is too slow. Without it on.",
      ),
    maxAttempts: z
      .int()
      .min(1)
      .max(TARGETS_MAX)
      .optional()
      .describe("Attempts at one request in all; without it as many as there are targets, 16 at most."),
    retryBudgetPercent: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .describe(
        "Further attempts that one worker makes, percent of its requests of the last ten seconds; 100 without it, and 20 are always allowed.",
      ),
  })
  .superRefine(({ statuses }, context) => {
    for (const [index, status] of (statuses ?? []).entries()) {
      if (!NEVER_RETRIED.includes(status)) continue;
      context.addIssue({
        code: "custom",
        path: ["statuses", index],
        message: `${status} says that the request itself is wrong`,
        params: { mend: "Leave it out: every target would say the same." },
      });
    }
  })
  .meta({ id: "Failover" });
export type Failover = z.output<typeof failoverSchema>;

const modelRouteFields = {
  aliases: z
    .array(aliasSchema)
    .max(ALIASES_MAX)
    .optional()
    .describe(
      "Further names, or prefixes ending in '*', under which clients reach it. A key must be allowed the name it uses.",
    ),
  rules: z
    .array(ruleSchema)
    .max(RULES_MAX - 1)
    .optional()
    .describe("The first rule that matches says where a request goes; without one, the targets below."),
  ...targetsFields,
  failover: failoverSchema.optional(),
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

type Fields = z.output<z.ZodObject<typeof modelRouteFields>>;

/** Rules that no request can reach: they stand behind one that takes all, or behind their own like. */
function checkRules({ rules = [] }: Fields, context: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string, mend: string) =>
    context.addIssue({ code: "custom", path: ["rules", ...path], message, params: { mend } });
  const conditions = rules.map(({ when }) => JSON.stringify(sorted(when)));
  const names = rules.map(({ name }) => name);
  for (const [index, condition] of conditions.entries()) {
    if (condition === "{}") {
      refuse(
        [index, "when"],
        "matches every request",
        "Name its targets at the model route itself, and leave out the rule.",
      );
      continue;
    }
    const same = conditions.indexOf(condition);
    if (same < index) {
      refuse([index, "when"], `is that of rule ${names[same]}, which comes first`, "Change it, or leave out the rule.");
    }
    if (names.indexOf(names[index] ?? "") < index) {
      refuse([index, "name"], "is another rule's already", "Give each rule a name of its own.");
    }
  }
}

/** Of the same meaning, whatever the order of its members. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).toSorted();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

function checkTogether(fields: Fields, context: z.RefinementCtx): void {
  targetsProblem(fields, context, false);
  checkRules(fields, context);
}

export const modelRouteSchema = z
  .strictObject({ id: modelNameSchema, ...modelRouteFields })
  .superRefine(checkTogether)
  .meta({ id: "ModelRoute" });
export type ModelRoute = z.output<typeof modelRouteSchema>;

export const modelRouteInputSchema = z
  .strictObject({ id: modelNameSchema.optional(), ...modelRouteFields })
  .superRefine(checkTogether)
  .meta({
    id: "ModelRouteInput",
    examples: [
      { targets: [{ target: "openai-mini" }, { target: "claude-haiku" }], perTryTimeoutMs: 30_000 },
      {
        rules: [{ name: "long", when: { inputTokens: { min: 100_000 } }, targets: [{ target: "gemini-pro" }] }],
        tiers: [
          { strategy: "weighted", targets: [{ target: "ptu-east", weight: 3 }, { target: "ptu-west" }] },
          { targets: [{ target: "openai-mini" }] },
        ],
      },
    ],
  });
