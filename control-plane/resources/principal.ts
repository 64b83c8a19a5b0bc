// Principals: who is behind a request. A tenant has departments, these have applications, these have consumers, and
// consumers have API keys. Each names at most one parent, of any wider kind, and says what all below it may do.
import { z } from "zod";
import {
  type Access,
  EVERY_MODEL,
  modelsInputSchema,
  modelsSchema,
  operationsSchema,
  preferredModelsSchema,
  prioritySchema,
} from "./access.js";
import { displayNameSchema, idSchema, PRINCIPAL_KINDS, type PrincipalKind, type PrincipalRef } from "./common.js";
import { type Identity, identitiesSchema } from "./identity.js";

export interface Principal extends Access {
  readonly id: string;
  readonly displayName?: string | undefined;
  readonly tenant?: string | undefined;
  readonly department?: string | undefined;
  readonly application?: string | undefined;
  /** Of consumers only. */
  readonly identities?: readonly Identity[] | undefined;
  /** Of tenants only. */
  readonly preferredModels?: readonly string[] | undefined;
  readonly models: readonly string[];
  readonly disabled: boolean;
}

export interface PrincipalNoun {
  readonly schema: z.ZodType<Principal>;
  readonly inputSchema: z.ZodType<Omit<Principal, "id"> & { id?: string | undefined }>;
}

function fieldsOf(models: typeof modelsSchema) {
  return {
    models: models.default([EVERY_MODEL]),
    operations: operationsSchema.optional(),
    priority: prioritySchema.optional(),
    disabled: z.boolean().default(false).describe("Refuse every key below."),
  };
}

/** Parents that a principal of this kind may name, the nearest first. */
export function parentKinds(kind: PrincipalKind): readonly PrincipalKind[] {
  return PRINCIPAL_KINDS.slice(0, PRINCIPAL_KINDS.indexOf(kind)).reverse();
}

function parentFields(kind: PrincipalKind) {
  return Object.fromEntries(
    parentKinds(kind).map((parent) => [
      parent,
      idSchema.optional().describe(`Id of the ${parent} that it is part of.`),
    ]),
  );
}

/** Only consumers call, what is above them has no identity of its own; and what is preferred is agreed on with the tenant. */
function kindFields(kind: PrincipalKind): Record<string, z.ZodOptional> {
  if (kind === "consumer") return { identities: identitiesSchema.optional() };
  return kind === "tenant" ? { preferredModels: preferredModelsSchema.optional() } : {};
}

/** The parent's own parents are known from its document: a second one could only contradict them. */
function checkOneParent(kind: PrincipalKind) {
  return (document: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const [nearest, ...others] = parentKinds(kind).filter((parent) => document[parent] !== undefined);
    for (const other of others) {
      const mend = `Leave out /${other}: it is known from the ${nearest}.`;
      context.addIssue({ code: "custom", path: [other], message: `stands beside /${nearest}`, params: { mend } });
    }
  };
}

function nounOf(kind: PrincipalKind, name: string, example: object): PrincipalNoun {
  const own = { displayName: displayNameSchema.optional(), ...parentFields(kind), ...kindFields(kind) };
  const schema = z
    .strictObject({ id: idSchema, ...own, ...fieldsOf(modelsSchema) })
    .superRefine(checkOneParent(kind))
    .meta({ id: name });
  const inputSchema = z
    .strictObject({ id: idSchema.optional(), ...own, ...fieldsOf(modelsInputSchema) })
    .superRefine(checkOneParent(kind))
    .meta({ id: `${name}Input`, examples: [example] });
  return { schema, inputSchema };
}

export const PRINCIPAL_NOUNS: Readonly<Record<PrincipalKind, PrincipalNoun>> = {
  tenant: nounOf("tenant", "Tenant", { displayName: "Acme", models: ["gpt-*", "claude-*"] }),
  department: nounOf("department", "Department", { tenant: "acme", priority: "standard" }),
  application: nounOf("application", "Application", { department: "research", operations: ["chat", "embeddings"] }),
  consumer: nounOf("consumer", "Consumer", { application: "search", models: ["gpt-4o-mini", "claude-*"] }),
};

export function parentOf(kind: PrincipalKind, principal: Principal): PrincipalRef | undefined {
  for (const parent of parentKinds(kind)) {
    const id = parent === "consumer" ? undefined : principal[parent];
    if (id !== undefined) return { kind: parent, id };
  }
  return undefined;
}

export function readPrincipal(kind: PrincipalKind, json: string): Principal {
  return PRINCIPAL_NOUNS[kind].schema.parse(JSON.parse(json));
}
