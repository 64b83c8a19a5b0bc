// list, get, put and delete of tenants, departments, applications and consumers. A change of one reaches the gateways
// through the leases of the keys below it, within about a second; it makes no revision.
import { z } from "zod";
import { type Principals, principalNotFound } from "../identity/principals.js";
import { idSchema, type PrincipalKind, type PrincipalRef } from "../resources/common.js";
import { checkOneParent, PRINCIPAL_NOUNS, type Principal, parentKinds } from "../resources/principal.js";
import { parseOne } from "./input.js";
import { type Operation, type RawRequest, withQuery } from "./operation.js";
import { checkPreconditions, etagOf } from "./preconditions.js";
import {
  BODY_BYTES_MAX,
  changeQuery,
  changeWithoutRevisionSchema,
  listSchema,
  pageOf,
  pageQuery,
  resourceChangeWithoutRevisionSchema,
} from "./schemas.js";

interface Noun {
  readonly kind: PrincipalKind;
  readonly path: string;
  /** For operation ids: `listTenants`, `getTenant`. */
  readonly name: string;
  readonly deletion: string;
}

const NOUNS: readonly Noun[] = [
  { kind: "tenant", path: "tenants", name: "Tenant", deletion: "Delete a tenant that nothing is part of" },
  {
    kind: "department",
    path: "departments",
    name: "Department",
    deletion: "Delete a department that nothing is part of",
  },
  {
    kind: "application",
    path: "applications",
    name: "Application",
    deletion: "Delete an application that nothing is part of",
  },
  { kind: "consumer", path: "consumers", name: "Consumer", deletion: "Delete a consumer and revoke its keys" },
];

const params = { id: idSchema };

function article(kind: PrincipalKind): string {
  return kind === "application" ? "an application" : `a ${kind}`;
}

function refOf({ kind }: Noun, request: RawRequest): PrincipalRef {
  return { kind, id: request.params.id ?? "" };
}

function preconditionOf(request: RawRequest) {
  return (before: Principal | undefined) =>
    checkPreconditions(request, before === undefined ? undefined : etagOf(before));
}

/** A page, of all or of those directly below one parent. */
function listQuery(kind: PrincipalKind) {
  const parents = parentKinds(kind).map((parent) => [
    parent,
    idSchema.optional().describe(`Only those that name this ${parent} as their parent.`),
  ]);
  const shape = { ...pageQuery.shape, ...(Object.fromEntries(parents) as Record<PrincipalKind, z.ZodType>) };
  return z.strictObject(shape).superRefine(checkOneParent(kind));
}

function parentIn(kind: PrincipalKind, query: Readonly<Record<string, unknown>>): PrincipalRef | undefined {
  const parent = parentKinds(kind).find((candidate) => query[candidate] !== undefined);
  return parent && { kind: parent, id: String(query[parent]) };
}

function listOperation({ kind, path, name }: Noun, principals: Principals): Operation {
  return withQuery({
    id: `list${name}s`,
    method: "get",
    path: `/api/v1/${path}`,
    tag: path,
    summary: `List ${path}`,
    query: listQuery(kind),
    answers: {
      200: { description: "In ascending order of ids.", schema: listSchema(PRINCIPAL_NOUNS[kind].schema) },
    },
    handle: async ({ query }) => {
      const { after, limit } = query;
      const parent = parentIn(kind, query);
      const items = await principals.list({
        kind,
        ...(parent === undefined ? {} : { parent }),
        ...(after === undefined ? {} : { after }),
        limit: limit + 1,
      });
      return { status: 200, body: pageOf(items, limit) };
    },
  });
}

function getOperation(noun: Noun, principals: Principals): Operation {
  return {
    id: `get${noun.name}`,
    method: "get",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: `Get ${article(noun.kind)}`,
    params,
    answers: { 200: { description: "The document, with its ETag.", schema: PRINCIPAL_NOUNS[noun.kind].schema } },
    errors: ["resource_not_found"],
    handle: async (request) => {
      const ref = refOf(noun, request);
      const body = await principals.find(ref);
      if (body === undefined) throw principalNotFound(ref);
      return { status: 200, body, headers: { etag: etagOf(body) } };
    },
  };
}

function putOperation(noun: Noun, principals: Principals): Operation {
  const { schema, inputSchema } = PRINCIPAL_NOUNS[noun.kind];
  const change = resourceChangeWithoutRevisionSchema(schema);
  return withQuery({
    id: `put${noun.name}`,
    method: "put",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: `Create or replace ${article(noun.kind)}`,
    params,
    query: changeQuery,
    body: { schema: inputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    conditional: true,
    answers: { 200: { description: "Replaced.", schema: change }, 201: { description: "Created.", schema: change } },
    errors: ["invalid_configuration", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      const resource = schema.parse(parseOne(refOf(noun, request), inputSchema, request.body));
      const { changed, before } = await principals.put(noun.kind, resource, dryRun, preconditionOf(request));
      return {
        status: before === undefined && !dryRun ? 201 : 200,
        body: { changed, dryRun, resource },
        headers: { etag: etagOf(resource) },
      };
    },
  });
}

function deleteOperation(noun: Noun, principals: Principals): Operation {
  return withQuery({
    id: `delete${noun.name}`,
    method: "delete",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: noun.deletion,
    params,
    query: changeQuery,
    conditional: true,
    answers: { 200: { description: "Deleted.", schema: changeWithoutRevisionSchema } },
    errors: [
      "resource_not_found",
      ...(noun.kind === "consumer" ? [] : (["still_referenced"] as const)),
      "precondition_failed",
    ],
    handle: async (request) => {
      const { dryRun } = request.query;
      await principals.delete(refOf(noun, request), dryRun, preconditionOf(request));
      return { status: 200, body: { changed: true, dryRun } };
    },
  });
}

export function principalOperations(principals: Principals): readonly Operation[] {
  return NOUNS.flatMap((noun) => [
    listOperation(noun, principals),
    getOperation(noun, principals),
    putOperation(noun, principals),
    deleteOperation(noun, principals),
  ]);
}
