// Identity providers: whose tokens (JWT) Envoy takes in place of API keys, and which claim names the caller. Which caller
// is which consumer is said in the consumers' documents.
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { z } from "zod";
import { isPrivateHost } from "./address.js";
import { displayNameSchema, idSchema } from "./common.js";
import { issuerSchema } from "./identity.js";
import { tlsSchema } from "./tls.js";

export const KEYS_MAX = 32;
const CLOCK_SKEW_SECONDS_MAX = 300;
/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2_048;
/** Symmetric and private keys could sign, not only prove; neither belongs here. */
const PUBLIC_KEY_TYPES = ["RSA", "EC", "OKP"];
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const noControlCharacters = /^[^\p{Cc}\p{Cs}]+$/u;

export function isPublicKey(key: Readonly<Record<string, unknown>>): boolean {
  if (!PUBLIC_KEY_TYPES.includes(String(key.kty)) || PRIVATE_MEMBERS.some((member) => member in key)) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: "jwk" });
    return (asymmetricKeyDetails?.modulusLength ?? RSA_BITS_MIN) >= RSA_BITS_MIN;
  } catch {
    return false;
  }
}

export const keySetSchema = z
  .strictObject({
    keys: z
      .array(
        z.record(z.string(), z.unknown()).refine(isPublicKey, {
          error:
            "must be a public RSA key of at least 2048 bits, or an EC or OKP key, as a JSON Web Key without any private member",
        }),
      )
      .min(1)
      .max(KEYS_MAX),
  })
  .describe("The issuer's public keys, where they shall not be fetched.");
/** As RFC 7517 has it; other members of the set and of its keys mean nothing to us. */
export type KeySet = z.output<typeof keySetSchema>;

const fields = {
  displayName: displayNameSchema.optional(),
  issuer: issuerSchema,
  audiences: z
    .array(z.string().min(1).max(256).regex(noControlCharacters, { error: "must not hold control characters" }))
    .min(1)
    .max(16)
    .describe("One of these must be among the token's `aud`: tokens for others are not for this gateway."),
  keys: keySetSchema.optional(),
  keysUrl: z
    .url()
    .max(2048)
    .optional()
    .describe(
      "Where the control plane fetches the issuer's keys (`jwks_uri`), every five minutes. Either this or keys.",
    ),
  subjectClaim: z
    .string()
    .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,7}$/, {
      error: "must be the name of a claim of A-Z, a-z, 0-9, '_' and '-', or a path of such names joined by '.'",
    })
    .max(256)
    .default("sub")
    .describe("The claim, a string, that names the caller; dots lead into objects."),
  clockSkewSeconds: z
    .int()
    .min(0)
    .max(CLOCK_SKEW_SECONDS_MAX)
    .default(30)
    .describe("How far the issuer's clock may be from Envoy's."),
  allowPrivateAddress: z
    .boolean()
    .default(false)
    .describe("Permit plain http and addresses of this machine or a private network in keysUrl."),
  tls: tlsSchema.optional(),
};

function checkKeys(
  {
    keys,
    keysUrl,
    allowPrivateAddress,
  }: { keys?: unknown; keysUrl?: string | undefined; allowPrivateAddress: boolean },
  context: z.RefinementCtx,
): void {
  const refuse = (path: string, message: string, mend: string) =>
    context.addIssue({ code: "custom", path: [path], message, params: { mend } });
  if (keys !== undefined && keysUrl !== undefined) refuse("keys", "stands beside keysUrl", "Leave one of them out.");
  if (keys === undefined && keysUrl === undefined)
    refuse("keysUrl", "is required without keys", "Add keysUrl or keys.");
  if (keysUrl === undefined || !URL.canParse(keysUrl)) return;
  const url = new URL(keysUrl);
  const mend = "Correct keysUrl, or set allowPrivateAddress if that is meant.";
  if (url.protocol !== "https:" && url.protocol !== "http:") refuse("keysUrl", "must begin with https://", mend);
  else if (url.username !== "" || url.password !== "" || url.hash !== "" || url.port === "0") {
    refuse("keysUrl", "must not hold a user name, a password, a fragment or port 0", "Leave it out.");
  } else if (!allowPrivateAddress && url.protocol === "http:") {
    refuse("keysUrl", "must be https:// unless allowPrivateAddress is true", mend);
  } else if (!allowPrivateAddress && isPrivateHost(url.hostname)) {
    refuse("keysUrl", "leads to this machine or a private network, which needs allowPrivateAddress: true", mend);
  }
}

export const identityProviderSchema = z
  .strictObject({ id: idSchema, ...fields })
  .superRefine(checkKeys)
  .meta({ id: "IdentityProvider" });
export type IdentityProvider = z.output<typeof identityProviderSchema>;

export const identityProviderInputSchema = z
  .strictObject({ id: idSchema.optional(), ...fields })
  .superRefine(checkKeys)
  .meta({
    id: "IdentityProviderInput",
    examples: [
      {
        issuer: "https://login.example.com",
        audiences: ["sluice"],
        keysUrl: "https://login.example.com/.well-known/jwks.json",
        subjectClaim: "azp",
      },
    ],
  });
