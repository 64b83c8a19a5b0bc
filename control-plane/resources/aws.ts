// Providers that take requests signed with an AWS access key (Signature Version 4): what such a document says, which region
// its base URL is in, and the form of the credential. It signs nothing, and no text of it holds any part of a credential.
import { z } from "zod";
import type { DialectName } from "./dialect.js";

/** The others do not take AWS signatures. */
export const SIGNED_DIALECTS: readonly DialectName[] = ["bedrock", "anthropic-bedrock"];

const SERVICE_DEFAULT = "bedrock";

const regionSchema = z
  .string()
  .regex(/^[a-z]{2,5}(-[a-z]{2,16}){1,3}-\d{1,2}$/, { error: "must be an AWS region such as us-east-1" })
  .describe("Region that signatures are for. In a PUT, absent = the one in the base URL.");

const serviceSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, { error: "must be the name of a service in AWS signatures" })
  .default(SERVICE_DEFAULT)
  .describe("Service that signatures are for.");

const WORDS =
  "Requests are signed with an AWS access key (Signature Version 4) instead of carrying a key: apiKey is then " +
  "ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN behind it for temporary credentials.";

export const awsSchema = z.strictObject({ region: regionSchema, service: serviceSchema }).describe(WORDS);
export type Aws = z.output<typeof awsSchema>;

/** The region may be left out where the base URL says it. */
export const awsInputSchema = z
  .strictObject({ region: regionSchema.optional(), service: serviceSchema })
  .describe(WORDS);
export type AwsInput = z.output<typeof awsInputSchema>;

/** Public, FIPS, dual-stack and interface endpoints of Bedrock's runtime, in all of AWS's partitions. */
const REGIONAL_HOST =
  /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;

/** Undefined where the host is none of Bedrock's own. */
export function regionOf(baseUrl: string): string | undefined {
  return URL.canParse(baseUrl) ? REGIONAL_HOST.exec(new URL(baseUrl).hostname)?.[1] : undefined;
}

export interface AwsCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** IAM's own pattern of an access key id; neither a secret key nor a session token has a colon in it. */
const CREDENTIAL = /^(\w{16,128}):([^:]{16,256})(?::([^:]+))?$/;
/** IAM's prefixes of the access keys of users and of temporary credentials. */
const ACCESS_KEY = /^A[KS]IA[A-Z0-9]{12,}:/;

/** `ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]`, or undefined for anything else. */
export function parseAwsCredential(text: string): AwsCredential | undefined {
  const [, accessKeyId, secretAccessKey, sessionToken] = CREDENTIAL.exec(text) ?? [];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken };
}

export interface CredentialDefect {
  readonly message: string;
  readonly mend: string;
}

/** Why `credential` cannot be the one of a provider with this `aws`; it may be one that was stored before. */
export function credentialDefect(aws: Aws | undefined, credential: string): CredentialDefect | undefined {
  if (aws !== undefined && parseAwsCredential(credential) === undefined) {
    return {
      message:
        "must be ACCESS_KEY_ID:SECRET_ACCESS_KEY or ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN, as aws is set",
      mend: "Send apiKey in this form (without one, what is stored counts), or leave aws out to send a Bedrock API key.",
    };
  }
  if (aws === undefined && ACCESS_KEY.test(credential)) {
    return {
      message: "is an AWS access key, which signs requests and is never sent",
      mend: 'Set aws to {"region": "us-east-1"} or your region, or send the apiKey that this provider takes.',
    };
  }
  return undefined;
}
