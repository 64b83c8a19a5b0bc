// Shapes of answers and queries that several operations share. Revisions are numbers in JSON: they count changes made
// by people and stay far below 2^53.
import { z } from "zod";
import { OPERATOR_ERRORS, type OperatorErrorCode } from "../errors.js";
import { KINDS, timestampSchema } from "../resources/common.js";
import { modelRouteInputSchema, modelRouteSchema } from "../resources/model-route.js";
import { providerInputSchema, providerSchema } from "../resources/provider.js";
import { targetInputSchema, targetSchema } from "../resources/target.js";

export const KIB = 1024;
export const BODY_BYTES_MAX = 1024 * KIB;
/** About 100,000 model routes. */
export const CONFIGURATION_BYTES_MAX = 32 * 1024 * KIB;
const PAGE_MAX = 1000;

/** The longest id is a model name of 256 bytes. */
const anyId = z.string().min(1).max(256);

export function numberInQuery(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: "must be a whole number" })
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

export const revisionSchema = z.int().min(1).describe("Number of a revision of the configuration.");

export const pageQuery = z.strictObject({
  after: anyId.optional().describe("Id after which the page begins: `next` of the page before."),
  limit: numberInQuery(1, PAGE_MAX).default(PAGE_MAX).describe("Most items of the page."),
});

export const revisionPageQuery = z.strictObject({
  before: numberInQuery(1, Number.MAX_SAFE_INTEGER).optional().describe("Only revisions below this number."),
  limit: numberInQuery(1, PAGE_MAX).default(100).describe("Most items of the page."),
});

export const changeQuery = z.strictObject({
  dryRun: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .describe("Check everything, store and publish nothing."),
});

export const emptyQuery = z.strictObject({});

const dryRun = z.boolean().describe("True: nothing was stored or published.");
const changed = z.boolean().describe("False: it was like this already.");
const madeRevision = revisionSchema.describe("The revision that holds the change; of a dry run, the one it would get.");

/** The page that `query` asks for, of `items` in ascending order of ids. */
export function pageOf<Item extends { readonly id: string }>(items: readonly Item[], limit: number) {
  const page = items.slice(0, limit);
  const next = items.length > limit ? page.at(-1)?.id : undefined;
  return { items: page, ...(next === undefined ? {} : { next }) };
}

export function listSchema(item: z.ZodType) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().optional().describe("Present if there is more: send it as `after`."),
  });
}

export const changeAnswerSchema = z.strictObject({ revision: madeRevision, changed, dryRun }).meta({ id: "Change" });

export function resourceChangeSchema(resource: z.ZodType) {
  return z.strictObject({ ...changeAnswerSchema.shape, resource });
}

/** Of documents that are no part of revisions. */
export const changeWithoutRevisionSchema = z.strictObject({ changed, dryRun }).meta({ id: "ChangeWithoutRevision" });

export function resourceChangeWithoutRevisionSchema(resource: z.ZodType) {
  return z.strictObject({ ...changeWithoutRevisionSchema.shape, resource });
}

export const rollbackAnswerSchema = z
  .strictObject({
    ...changeAnswerSchema.shape,
    providersWithoutCredential: z
      .array(z.string())
      .describe("Credentials are not part of revisions. Providers that need one have to be given it again."),
  })
  .meta({ id: "Rollback" });

export const configurationInputSchema = z
  .strictObject({
    providers: z.array(providerInputSchema),
    targets: z.array(targetInputSchema),
    modelRoutes: z.array(modelRouteInputSchema),
  })
  .describe("Every document needs its id here. What is not listed is deleted.")
  .meta({ id: "ConfigurationInput" });

const documents = {
  providers: z.array(providerSchema),
  targets: z.array(targetSchema),
  modelRoutes: z.array(modelRouteSchema),
};
export const configurationSchema = z.strictObject(documents).meta({ id: "Configuration" });

const revisionSummary = { revision: revisionSchema, createdAt: timestampSchema, cause: z.string() };
export const revisionListSchema = z
  .strictObject({
    live: revisionSchema.describe("The revision that Envoys are meant to have."),
    items: z.array(z.strictObject(revisionSummary)),
    next: z.int().optional().describe("Present if there is more: send it as `before`."),
  })
  .meta({ id: "RevisionList" });

const revisionState = z.enum(["live", "rejected", "waiting"]);
export const revisionDetailSchema = z
  .strictObject({
    ...revisionSummary,
    live: z.boolean().describe("Whether Envoys are meant to have it now."),
    envoys: z
      .array(z.strictObject({ nodeId: z.string(), state: revisionState, detail: z.string().optional() }))
      .describe("What each Envoy made of it, as far as that is remembered."),
    ...documents,
  })
  .meta({ id: "Revision" });

export const envoyListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        nodeId: z.string(),
        connected: z.boolean(),
        lastSeen: timestampSchema,
        revisions: z.array(z.strictObject({ revision: z.int(), state: revisionState, detail: z.string().optional() })),
        workers: z.array(z.strictObject({ id: z.string(), revision: z.int(), lastSeen: timestampSchema })),
      }),
    ),
  })
  .meta({ id: "EnvoyList" });

export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(OPERATOR_ERRORS) as OperatorErrorCode[]),
      message: z.string(),
      mend: z.string().describe("What to do about it."),
      problems: z.array(
        z.strictObject({
          kind: z.enum(KINDS).optional(),
          id: z.string().optional().describe("With kind: the document that has to change."),
          path: z.string().describe("JSON pointer in that document, or in the request's body if none is named."),
          code: z.string(),
          message: z.string(),
          mend: z.string(),
        }),
      ),
    }),
  })
  .meta({ id: "Error" });
