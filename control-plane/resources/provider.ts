// Provider: where an LLM service is and which dialect it speaks. Its credential is write-only and never part of the
// document: it goes to the secret store, and from there to Envoy by SDS.
import { z } from "zod";
import { QUIRKS, type Quirk } from "../catalog/provider-entry.js";
import { type CatalogDefect, type Resolved, resolveEntry } from "../catalog/resolve.js";
import { isPrivateHost } from "./address.js";
import { type Aws, type AwsInput, awsInputSchema, awsSchema, regionOf, SIGNED_DIALECTS } from "./aws.js";
import { baseUrlSchema, normaliseBaseUrl } from "./base-url.js";
import { displayNameSchema, idSchema, timestampSchema } from "./common.js";
import { type Auth, authSchema, type DialectName, dialectSchema, VERSIONED_DIALECTS } from "./dialect.js";
import { tlsSchema } from "./tls.js";

const apiVersionSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/, { error: "must be a version such as 2024-10-21 or 2025-04-01-preview" })
  .describe("Sent as api-version in the query of every request: required by the dialect azure.");

const quirksSchema = z.array(z.enum(Object.keys(QUIRKS) as Quirk[])).overwrite((names) => [...new Set(names)].sort());

const providerFields = {
  displayName: displayNameSchema.optional(),
  catalog: idSchema
    .optional()
    .describe("Entry of GET /api/v1/catalog/providers. In a PUT, what it says applies unless given."),
  dialect: dialectSchema,
  baseUrl: baseUrlSchema,
  apiVersion: apiVersionSchema.optional(),
  auth: authSchema.optional(),
  aws: awsSchema.optional(),
  quirks: quirksSchema.default([]).describe("Documented deviations from the dialect, which requests are fitted to."),
  allowPrivateAddress: z
    .boolean()
    .default(false)
    .describe("Permit plain http and addresses of this machine or a private network."),
  tls: tlsSchema.optional(),
  connectTimeoutMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(5_000)
    .describe("Time for TCP and TLS to a provider's endpoint before the next target is tried."),
};

function checkAddress(
  provider: { baseUrl: string; allowPrivateAddress: boolean; tls?: unknown },
  context: z.RefinementCtx,
): void {
  if (!URL.canParse(provider.baseUrl)) return;
  const url = new URL(provider.baseUrl);
  const plain = url.protocol === "http:";
  if (plain && provider.tls !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["tls"],
      message: "has no meaning with an http:// base URL; use https://",
    });
  }
  if (provider.allowPrivateAddress) return;
  const reason = plain
    ? "must be https:// unless allowPrivateAddress is true"
    : isPrivateHost(url.hostname)
      ? "leads to this machine or a private network, which needs allowPrivateAddress: true"
      : undefined;
  if (reason !== undefined) context.addIssue({ code: "custom", path: ["baseUrl"], message: reason });
}

function missing(field: string, expected: "string"): z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType> {
  const message = `Invalid input: expected ${expected}, received undefined`;
  return { code: "invalid_type", expected, path: [field], input: undefined, message };
}

function checkDialect(
  { dialect, apiVersion }: { dialect: DialectName; apiVersion?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (dialect === "azure" && apiVersion === undefined) context.addIssue(missing("apiVersion", "string"));
  if (apiVersion !== undefined && !VERSIONED_DIALECTS.includes(dialect)) {
    const message = `has no meaning for the dialect ${dialect}`;
    context.addIssue({ code: "custom", path: ["apiVersion"], message, params: { mend: "Leave apiVersion out." } });
  }
}

function checkAws(
  { dialect, baseUrl, auth, aws }: { dialect: DialectName; baseUrl: string; auth?: unknown; aws?: Aws | undefined },
  context: z.RefinementCtx,
): void {
  if (aws === undefined) return;
  const refuse = (path: string[], message: string, mend: string) =>
    context.addIssue({ code: "custom", path, message, params: { mend } });
  if (!SIGNED_DIALECTS.includes(dialect)) {
    refuse(["aws"], `has no meaning for the dialect ${dialect}`, "Leave aws out.");
  }
  if (auth !== undefined) {
    refuse(["auth"], "has no meaning with aws: a key that signs is never sent", "Leave auth out, or aws.");
  }
  const region = regionOf(baseUrl);
  if (region !== undefined && region !== aws.region) {
    refuse(["aws", "region"], `is not the region of baseUrl, ${region}`, "Leave aws.region out, or correct baseUrl.");
  }
}

/** The stored document: no secret in it. */
export const providerSchema = z
  .strictObject({ id: idSchema, ...providerFields })
  .superRefine(checkAddress)
  .superRefine(checkDialect)
  .superRefine(checkAws)
  .meta({ id: "Provider" });
export type Provider = z.output<typeof providerSchema>;

const providerInputFields = z
  .strictObject({
    id: idSchema.optional(),
    ...providerFields,
    dialect: dialectSchema.optional(),
    baseUrl: baseUrlSchema.optional(),
    quirks: quirksSchema.optional().describe("In place of the entry's; an empty list for none."),
    aws: awsInputSchema.optional(),
    parameters: z
      .record(z.string(), z.string().max(128))
      .optional()
      .describe("Values for the placeholders in the catalogue entry's base URL, by name."),
    apiKey: z
      .string()
      .min(1)
      .max(8192)
      .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces, as it is sent in a header" })
      .optional()
      .meta({ writeOnly: true })
      .describe("Credential for the provider. Stored encrypted, never returned. Absent = keep what is stored."),
  })
  .meta({
    id: "ProviderInput",
    examples: [
      { dialect: "openai", baseUrl: "https://api.openai.com/v1", apiKey: "YOUR-PROVIDER-KEY" },
      { catalog: "deepseek", apiKey: "YOUR-PROVIDER-KEY" },
      {
        catalog: "aws-bedrock",
        parameters: { region: "us-east-1" },
        aws: {},
        apiKey: "ACCESS_KEY_ID:SECRET_ACCESS_KEY",
      },
      { catalog: "azure-openai-deployments", parameters: { resource: "my-team" }, apiKey: "YOUR-PROVIDER-KEY" },
    ],
  });

function report(defects: readonly CatalogDefect[], context: z.RefinementCtx): typeof z.NEVER {
  for (const { path, message, mend } of defects) {
    context.addIssue({ code: "custom", path: [...path], message, params: { mend } });
  }
  return z.NEVER;
}

/** What the entry says holds for its own dialect only; a key that was given is also sent. */
function entryAuth({ auth }: Resolved, hasKey: boolean): Auth | undefined {
  return auth === "none" && hasKey ? undefined : auth;
}

/** With the region that the base URL says, unless one was given; undefined where nothing says it. */
function resolvedAws(aws: AwsInput, baseUrl: string, context: z.RefinementCtx): Aws | undefined {
  const region = aws.region ?? regionOf(baseUrl);
  if (region !== undefined) return { ...aws, region };
  context.addIssue({
    code: "custom",
    path: ["aws", "region"],
    message: "is required, as baseUrl does not say it",
    params: { mend: "Add aws.region, for example us-east-1." },
  });
  return undefined;
}

/** The document as it is stored: what was given, else what the catalogue entry says. */
function resolved(input: z.output<typeof providerInputFields>, context: z.RefinementCtx) {
  const { parameters, ...fields } = input;
  const entry = resolveEntry(input.catalog, { parameters, baseUrl: input.baseUrl });
  if (entry.defects.length > 0) return report(entry.defects, context);
  const dialect = input.dialect ?? entry.dialect;
  const baseUrl = input.baseUrl ?? entry.baseUrl;
  if (dialect === undefined) context.addIssue(missing("dialect", "string"));
  if (baseUrl === undefined) context.addIssue(missing("baseUrl", "string"));
  if (dialect === undefined || baseUrl === undefined) return z.NEVER;
  const aws = input.aws && resolvedAws(input.aws, baseUrl, context);
  if (aws === undefined && input.aws !== undefined) return z.NEVER;
  const usual: Resolved = dialect === entry.dialect ? entry : { defects: [] };
  return {
    ...fields,
    dialect,
    baseUrl: normaliseBaseUrl(baseUrl),
    apiVersion: input.apiVersion ?? usual.apiVersion,
    auth: input.auth ?? entryAuth(usual, input.apiKey !== undefined),
    aws,
    quirks: input.quirks ?? [...(usual.quirks ?? [])].sort(),
  };
}

function checkKey(
  { auth, apiKey }: { auth?: Auth | undefined; apiKey?: string | undefined },
  context: z.RefinementCtx,
) {
  if (auth !== "none" || apiKey === undefined) return;
  const params = { mend: "Leave apiKey out, or say in auth how it is to be sent." };
  context.addIssue({ code: "custom", path: ["apiKey"], message: "would never be sent, as auth is none", params });
}

/** What a PUT carries; parsed, it is the document to store, with its credential and no parameters. */
export const providerInputSchema = providerInputFields
  .transform(resolved)
  .superRefine(checkAddress)
  .superRefine(checkDialect)
  .superRefine(checkAws)
  .superRefine(checkKey);

/** What an answer carries: the document and whether a credential is stored. */
export const providerAnswerSchema = z
  .strictObject({
    id: idSchema,
    ...providerFields,
    credential: z
      .strictObject({ set: z.boolean(), updatedAt: timestampSchema.optional() })
      .describe("Whether a credential is stored; the credential itself is never returned."),
  })
  .meta({ id: "ProviderAnswer" });
