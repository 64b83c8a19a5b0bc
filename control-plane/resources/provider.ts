// Provider: where an LLM service is and which dialect it speaks. Its credential is write-only and never part of the
// document: it goes to the secret store, and from there to Envoy by SDS.
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { type CatalogDefect, resolveEntry } from "../catalog/resolve.js";
import { isPrivateHost } from "./address.js";
import { displayNameSchema, idSchema, timestampSchema } from "./common.js";

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function normaliseBaseUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  // Only what means the same to every server is normalised: case and punycode of the host, and trailing slashes.
  return url.search === "" && url.hash === "" ? url.href.replace(/\/+$/, "") : text;
}

/** The reason why `text` is no base URL, or undefined. */
function baseUrlDefect(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL such as https://api.openai.com/v1";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password; use apiKey";
  if (text.includes("?") || text.includes("#")) return "must not hold a query or a fragment";
  if (url.port === "0") return "must not name port 0";
  return undefined;
}

function isCertificateBundle(pem: string): boolean {
  const blocks = pem.match(PEM_BLOCK);
  if (blocks === null || pem.replace(PEM_BLOCK, "").trim() !== "") return false;
  return blocks.every((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}

const baseUrlSchema = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const defect = baseUrlDefect(text);
    if (defect !== undefined) context.addIssue({ code: "custom", message: defect });
  })
  .overwrite(normaliseBaseUrl)
  .describe("Where the provider's API begins, its version included; the operation's path is appended.")
  .meta({ examples: ["https://api.openai.com/v1", "https://api.anthropic.com/v1"] });

const dialectSchema = z.enum(["openai", "anthropic"]).describe("The protocol that the provider speaks.");

const providerFields = {
  displayName: displayNameSchema.optional(),
  catalog: idSchema
    .optional()
    .describe("Entry of GET /api/v1/catalog/providers. In a PUT, dialect and baseUrl come from it unless given."),
  dialect: dialectSchema,
  baseUrl: baseUrlSchema,
  allowPrivateAddress: z
    .boolean()
    .default(false)
    .describe("Permit plain http and addresses of this machine or a private network."),
  tls: z
    .strictObject({
      caCertificates: z
        .string()
        .max(256 * 1024)
        .refine(isCertificateBundle, { error: "must be one or more PEM blocks 'BEGIN CERTIFICATE' and nothing else" })
        .describe("Certificate authorities to trust instead of the system's, as PEM."),
    })
    .optional()
    .describe("TLS towards the provider; without it the system's certificate authorities are trusted."),
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

/** The stored document: no secret in it. */
export const providerSchema = z
  .strictObject({ id: idSchema, ...providerFields })
  .superRefine(checkAddress)
  .meta({ id: "Provider" });
export type Provider = z.output<typeof providerSchema>;

const providerInputFields = z
  .strictObject({
    id: idSchema.optional(),
    ...providerFields,
    dialect: dialectSchema.optional(),
    baseUrl: baseUrlSchema.optional(),
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
    ],
  });

function missing(field: string, expected: "string"): z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType> {
  const message = `Invalid input: expected ${expected}, received undefined`;
  return { code: "invalid_type", expected, path: [field], input: undefined, message };
}

function report(defects: readonly CatalogDefect[], context: z.RefinementCtx): typeof z.NEVER {
  for (const { path, message, mend } of defects) {
    context.addIssue({ code: "custom", path: [...path], message, params: { mend } });
  }
  return z.NEVER;
}

/** The document with dialect and baseUrl: what was given, else what the catalogue entry says. */
function resolved(input: z.output<typeof providerInputFields>, context: z.RefinementCtx) {
  const { parameters, ...fields } = input;
  const entry = resolveEntry(input.catalog, { parameters, baseUrl: input.baseUrl });
  if (entry.defects.length > 0) return report(entry.defects, context);
  const dialect = input.dialect ?? dialectSchema.optional().parse(entry.dialect);
  const baseUrl = input.baseUrl ?? entry.baseUrl;
  if (dialect === undefined) context.addIssue(missing("dialect", "string"));
  if (baseUrl === undefined) context.addIssue(missing("baseUrl", "string"));
  if (dialect === undefined || baseUrl === undefined) return z.NEVER;
  return { ...fields, dialect, baseUrl: normaliseBaseUrl(baseUrl) };
}

/** What a PUT carries; parsed, it has dialect and baseUrl and no parameters. */
export const providerInputSchema = providerInputFields.transform(resolved).superRefine(checkAddress);

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
