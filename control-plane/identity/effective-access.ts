// What a key may do, from what it and each principal above it say: every level narrows, the nearest class counts. Pure.
import type { LeaseHolder } from "../ports.js";
import { type Access, EVERY_MODEL, operationBits } from "../resources/access.js";
import type { PrincipalKind } from "../resources/common.js";
import type { Principal } from "../resources/principal.js";

export interface PrincipalOfKey {
  readonly kind: PrincipalKind;
  readonly principal: Principal;
}

export interface EffectiveAccess {
  readonly holder: LeaseHolder;
  readonly disabled: boolean;
  /** One list of patterns for each level that restricts, the narrowest first. */
  readonly models: readonly (readonly string[])[];
  readonly operations: bigint;
  /** Of the tenant. */
  readonly preferredModels: readonly string[];
  /** Name of the class that counts; undefined where nobody says. */
  readonly priority: string | undefined;
}

/** `principals`: those above the key, the nearest first. */
export function effectiveAccess(key: Access, principals: readonly PrincipalOfKey[]): EffectiveAccess {
  const levels: readonly Access[] = [key, ...principals.map(({ principal }) => principal)];
  return {
    holder: Object.fromEntries(principals.map(({ kind, principal }) => [kind, principal.id])),
    disabled: principals.some(({ principal }) => principal.disabled),
    models: levels.flatMap(({ models }) => (models === undefined || models.includes(EVERY_MODEL) ? [] : [models])),
    preferredModels: principals.flatMap(({ principal }) => principal.preferredModels ?? []),
    operations: levels.reduce((bits, { operations }) => bits & operationBits(operations), operationBits(undefined)),
    priority: levels.find((level) => level.priority !== undefined)?.priority,
  };
}
