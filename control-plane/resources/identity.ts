// Identities: callers whom an issuer of tokens vouches for, as consumers' documents name them. Each is known by a digest, as
// API keys are, so that leases and their revocation need not tell the two apart.
import { createHash } from "node:crypto";
import { z } from "zod";
import { IDENTITY_PREFIX } from "../contract.js";
import { withinBytes } from "./common.js";

const IDENTITIES_MAX = 100;
/** Longer ones are never asked for: the filter keeps room for this much of each. */
const TEXT_BYTES_MAX = 256;

const textSchema = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, { error: "must not hold control characters" })
  .refine((text) => withinBytes(text, TEXT_BYTES_MAX), { error: `must be at most ${TEXT_BYTES_MAX} bytes of UTF-8` });

export const issuerSchema = textSchema.describe("The claim `iss`, exactly as tokens have it.");

const identitySchema = z.strictObject({
  issuer: issuerSchema,
  subject: textSchema.describe("Value of the claim that the issuer's identity provider names as subjectClaim."),
});
export type Identity = z.output<typeof identitySchema>;

export const identitiesSchema = z
  .array(identitySchema)
  .min(1)
  .max(IDENTITIES_MAX)
  .refine((identities) => new Set(identities.map(identityDigest)).size === identities.length, {
    error: "must not name one twice",
  })
  .describe("Who is this consumer without an API key: holders of these tokens.");

/** SHA-256, 64 lower case hex characters. An issuer holds no line feed, so no two identities are the same text. */
export function identityDigest({ issuer, subject }: Identity): string {
  return createHash("sha256").update(`${IDENTITY_PREFIX}${issuer}\n${subject}`).digest("hex");
}
