// list, get, put and delete of documents that no revision holds. A change is in force when it is answered; the gateways
// know of it within about a second.
import { z } from "zod";
import type { Documents } from "../identity/documents.js";
import { documentNotFound, wordsOf } from "../identity/documents.js";
import { idSchema, type Kind, type PrincipalKind, type PrincipalRef } from "../resources/common.js";
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

export interface DocumentNoun<Document extends { readonly id: string }> {
  readonly kind: Kind;
  readonly path: string;
  /** For operation ids: `listTenants`, `getTenant`. */
  readonly name: string;
  readonly schema: z.ZodType<Document>;
  readonly inputSchema: z.ZodType<Omit<Document, "id"> & { id?: string | undefined }>;
  /** Principals that it can belong to or apply to, by which its lists can be narrowed. */
  readonly scopes: readonly PrincipalKind[];
  /** What its deletion is, beyond that: "and revoke its keys". */
  readonly deletion?: string;
  readonly documents: Documents<Document>;
}

type Query = Readonly<Record<string, unknown>>;

const params = { id: idSchema };

function withArticle(kind: Kind): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${wordsOf(kind)}`;
}

function idOf(request: RawRequest): string {
  return request.params.id ?? "";
}

function preconditionOf(request: RawRequest) {
  return (before: unknown) => checkPreconditions(request, before === undefined ? undefined : etagOf(before));
}

/** A page, of all or of those of one principal. */
function listQuery(scopes: readonly PrincipalKind[]) {
  const filters = Object.fromEntries(
    scopes.map((scope) => [scope, idSchema.optional().describe(`Only those that name this ${scope}.`)]),
  );
  return z.strictObject({ ...pageQuery.shape, ...filters }).superRefine((query: Query, context) => {
    const [first, ...others] = scopes.filter((scope) => query[scope] !== undefined);
    for (const other of others) context.addIssue({ code: "custom", path: [other], message: `stands beside ${first}` });
  });
}

function scopeIn(scopes: readonly PrincipalKind[], query: Query): PrincipalRef | undefined {
  const kind = scopes.find((scope) => query[scope] !== undefined);
  return kind && { kind, id: String(query[kind]) };
}

function listOperation<D extends { readonly id: string }>(noun: DocumentNoun<D>): Operation {
  const { path, name, schema, scopes, documents } = noun;
  return withQuery({
    id: `list${name}s`,
    method: "get",
    path: `/api/v1/${path}`,
    tag: path,
    summary: `List ${path.replaceAll("-", " ")}`,
    query: listQuery(scopes),
    answers: { 200: { description: "In ascending order of ids.", schema: listSchema(schema) } },
    handle: async ({ query }) => {
      const { after, limit } = query;
      const scope = scopeIn(scopes, query);
      const items = await documents.list({
        ...(scope === undefined ? {} : { scope }),
        ...(after === undefined ? {} : { after }),
        limit: limit + 1,
      });
      return { status: 200, body: pageOf(items, limit) };
    },
  });
}

function getOperation<D extends { readonly id: string }>(noun: DocumentNoun<D>): Operation {
  const { kind, path, name, schema, documents } = noun;
  return {
    id: `get${name}`,
    method: "get",
    path: `/api/v1/${path}/{id}`,
    tag: path,
    summary: `Get ${withArticle(kind)}`,
    params,
    answers: { 200: { description: "The document, with its ETag.", schema } },
    errors: ["resource_not_found"],
    handle: async (request) => {
      const body = await documents.find(idOf(request));
      if (body === undefined) throw documentNotFound({ kind, id: idOf(request) });
      return { status: 200, body, headers: { etag: etagOf(body) } };
    },
  };
}

function putOperation<D extends { readonly id: string }>(noun: DocumentNoun<D>): Operation {
  const { kind, path, name, schema, inputSchema, documents } = noun;
  const change = resourceChangeWithoutRevisionSchema(schema);
  return withQuery({
    id: `put${name}`,
    method: "put",
    path: `/api/v1/${path}/{id}`,
    tag: path,
    summary: `Create or replace ${withArticle(kind)}`,
    params,
    query: changeQuery,
    body: { schema: inputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    conditional: true,
    answers: { 200: { description: "Replaced.", schema: change }, 201: { description: "Created.", schema: change } },
    errors: ["invalid_configuration", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      const resource = schema.parse(parseOne({ kind, id: idOf(request) }, inputSchema, request.body));
      const { changed, before } = await documents.put(resource, dryRun, preconditionOf(request));
      return {
        status: before === undefined && !dryRun ? 201 : 200,
        body: { changed, dryRun, resource },
        headers: { etag: etagOf(resource) },
      };
    },
  });
}

function deleteOperation<D extends { readonly id: string }>(noun: DocumentNoun<D>): Operation {
  const { kind, path, name, deletion, documents } = noun;
  return withQuery({
    id: `delete${name}`,
    method: "delete",
    path: `/api/v1/${path}/{id}`,
    tag: path,
    summary: `Delete ${withArticle(kind)}${deletion === undefined ? "" : ` ${deletion}`}`,
    params,
    query: changeQuery,
    conditional: true,
    answers: { 200: { description: "Deleted.", schema: changeWithoutRevisionSchema } },
    errors: ["resource_not_found", "still_referenced", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      await documents.delete(idOf(request), dryRun, preconditionOf(request));
      return { status: 200, body: { changed: true, dryRun } };
    },
  });
}

export function documentOperations<D extends { readonly id: string }>(noun: DocumentNoun<D>): readonly Operation[] {
  return [listOperation(noun), getOperation(noun), putOperation(noun), deleteOperation(noun)];
}
