// What every resource shares: names, ids, and the shape of one noun. It holds no storage and no HTTP.
import { z } from "zod";

/** Who is behind a request, from the widest to the narrowest. They reach the gateways by lease, on demand. */
export const PRINCIPAL_KINDS = ["tenant", "department", "application", "consumer"] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

export interface PrincipalRef {
  readonly kind: PrincipalKind;
  readonly id: string;
}

/** Documents that are in force from when they are stored until they are deleted: no revision holds them. */
export const STANDING_KINDS = ["budget", "identity-provider"] as const;
export type StandingKind = (typeof STANDING_KINDS)[number];

/** The nouns of the operator API. The first three make up the pushed configuration. */
export const KINDS = ["provider", "target", "model-route", ...PRINCIPAL_KINDS, ...STANDING_KINDS] as const;
export type Kind = (typeof KINDS)[number];

/** Names one document: `model-route/gpt-4o`. */
export interface ResourceRef {
  readonly kind: Kind;
  readonly id: string;
}

export const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
    error: "must be 1 to 63 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
  })
  .describe("Name of the resource: a-z, 0-9, '.', '_' and '-', at most 63 characters.");

export const displayNameSchema = z
  .string()
  .min(1)
  .max(200)
  .describe("Name for people; never seen by clients of the gateway.");

export const timestampSchema = z.iso.datetime().describe("RFC 3339, UTC.");

/** True if `text` is at most `max` bytes of UTF-8. */
export function withinBytes(text: string, max: number): boolean {
  return Buffer.byteLength(text, "utf8") <= max;
}

/** A lone surrogate has no UTF-8 form: what cannot be sent on the wire is refused at the door. */
export function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
