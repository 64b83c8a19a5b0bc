// Consumers. A change of one reaches the gateways through its keys' leases, within about a second; it makes no revision.

import { OperatorError } from "../errors.js";
import type { Consumers } from "../identity/consumers.js";
import { type Consumer, consumerInputSchema, consumerSchema } from "../resources/consumer.js";
import { idSchemaOf, parseOne } from "./input.js";
import { type Operation, type RawRequest, withQuery } from "./operation.js";
import { checkPreconditions, etagOf } from "./preconditions.js";
import {
  BODY_BYTES_MAX,
  changeQuery,
  consumerChangeSchema,
  consumerDeletedSchema,
  listSchema,
  pageOf,
  pageQuery,
} from "./schemas.js";

const TAG = "consumers";
const LIST_PATH = "/api/v1/consumers";
const PATH = `${LIST_PATH}/{id}`;
const params = { id: idSchemaOf("consumer") };

function preconditionOf(request: RawRequest) {
  return (before: Consumer | undefined) =>
    checkPreconditions(request, before === undefined ? undefined : etagOf(before));
}

function listOperation(consumers: Consumers): Operation {
  return withQuery({
    id: "listConsumers",
    method: "get",
    path: LIST_PATH,
    tag: TAG,
    summary: "List consumers",
    query: pageQuery,
    answers: { 200: { description: "In ascending order of ids.", schema: listSchema(consumerSchema) } },
    handle: async ({ query: { after, limit } }) => {
      const items = await consumers.list({ ...(after === undefined ? {} : { after }), limit: limit + 1 });
      return { status: 200, body: pageOf(items, limit) };
    },
  });
}

function getOperation(consumers: Consumers): Operation {
  return {
    id: "getConsumer",
    method: "get",
    path: PATH,
    tag: TAG,
    summary: "Get a consumer",
    params,
    answers: { 200: { description: "The document, with its ETag.", schema: consumerSchema } },
    errors: ["resource_not_found"],
    handle: async (request) => {
      const id = request.params.id ?? "";
      const body = await consumers.find(id);
      if (body === undefined)
        throw new OperatorError("resource_not_found", { message: `There is no consumer '${id}'.` });
      return { status: 200, body, headers: { etag: etagOf(body) } };
    },
  };
}

function putOperation(consumers: Consumers): Operation {
  const schema = consumerChangeSchema(consumerSchema);
  return withQuery({
    id: "putConsumer",
    method: "put",
    path: PATH,
    tag: TAG,
    summary: "Create or replace a consumer",
    params,
    query: changeQuery,
    body: { schema: consumerInputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    conditional: true,
    answers: { 200: { description: "Replaced.", schema }, 201: { description: "Created.", schema } },
    errors: ["invalid_configuration", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      const ref = { kind: "consumer", id: request.params.id ?? "" } as const;
      const resource = consumerSchema.parse(parseOne(ref, consumerInputSchema, request.body));
      const { changed, before } = await consumers.put(resource, dryRun, preconditionOf(request));
      return {
        status: before === undefined && !dryRun ? 201 : 200,
        body: { changed, dryRun, resource },
        headers: { etag: etagOf(resource) },
      };
    },
  });
}

function deleteOperation(consumers: Consumers): Operation {
  return withQuery({
    id: "deleteConsumer",
    method: "delete",
    path: PATH,
    tag: TAG,
    summary: "Delete a consumer and revoke its keys",
    params,
    query: changeQuery,
    conditional: true,
    answers: { 200: { description: "Deleted.", schema: consumerDeletedSchema } },
    errors: ["resource_not_found", "precondition_failed"],
    handle: async (request) => {
      const { dryRun } = request.query;
      await consumers.delete(request.params.id ?? "", dryRun, preconditionOf(request));
      return { status: 200, body: { changed: true, dryRun } };
    },
  });
}

export function consumerOperations(consumers: Consumers): readonly Operation[] {
  return [listOperation(consumers), getOperation(consumers), putOperation(consumers), deleteOperation(consumers)];
}
