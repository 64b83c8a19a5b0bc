// The protocols that providers speak and the headers that their credentials travel in, as documents name them. One
// table: the catalogue, the provider document and the compiler read no other.
import { z } from "zod";
import type { Dialect } from "../contract.js";

interface AuthStyle {
  readonly header: string;
  /** In front of the credential. */
  readonly prefix: string;
}

/** How a credential is sent; `none` sends none. */
export const AUTH_STYLES = {
  bearer: { header: "authorization", prefix: "Bearer " },
  "x-api-key": { header: "x-api-key", prefix: "" },
  "api-key": { header: "api-key", prefix: "" },
  "x-goog-api-key": { header: "x-goog-api-key", prefix: "" },
  none: undefined,
} as const satisfies Record<string, AuthStyle | undefined>;
export type Auth = keyof typeof AUTH_STYLES;

/** What an AWS signature adds beside `authorization`. */
const SIGNATURE_HEADERS = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];

/** Every header that may hold a credential: what one provider gets, another must not. */
export const CREDENTIAL_HEADERS: readonly string[] = [
  ...Object.values(AUTH_STYLES).flatMap((style) => (style === undefined ? [] : [style.header])),
  ...SIGNATURE_HEADERS,
];

interface DialectRow {
  /** Its name in the contract. */
  readonly contract: keyof typeof Dialect;
  /** Unless the document says otherwise. */
  readonly auth: Auth;
}

export const DIALECTS = {
  openai: { contract: "OPENAI", auth: "bearer" },
  azure: { contract: "AZURE", auth: "api-key" },
  anthropic: { contract: "ANTHROPIC", auth: "x-api-key" },
  gemini: { contract: "GEMINI", auth: "x-goog-api-key" },
  bedrock: { contract: "BEDROCK", auth: "bearer" },
  cohere: { contract: "COHERE", auth: "bearer" },
  "anthropic-bedrock": { contract: "ANTHROPIC_BEDROCK", auth: "bearer" },
  "anthropic-vertex": { contract: "ANTHROPIC_VERTEX", auth: "bearer" },
  dify: { contract: "DIFY", auth: "bearer" },
  coze: { contract: "COZE", auth: "bearer" },
  bailian: { contract: "BAILIAN", auth: "bearer" },
} as const satisfies Record<string, DialectRow>;
export type DialectName = keyof typeof DIALECTS;

/** Of the OpenAI family: these take an API version in the query. */
export const VERSIONED_DIALECTS: readonly DialectName[] = ["openai", "azure"];

export const dialectSchema = z
  .enum(Object.keys(DIALECTS) as DialectName[])
  .describe("The protocol that the provider speaks.");

export const authSchema = z
  .enum(Object.keys(AUTH_STYLES) as Auth[])
  .describe("How the credential is sent: as a bearer token, in the header of that name, or not at all.");

/** The header that the credential goes into, or undefined if the provider takes none: a key that signs is never sent. */
export function authStyle(provider: {
  readonly dialect: DialectName;
  readonly auth?: Auth | undefined;
  readonly aws?: unknown;
}): AuthStyle | undefined {
  if (provider.aws !== undefined) return undefined;
  return AUTH_STYLES[provider.auth ?? DIALECTS[provider.dialect].auth];
}
