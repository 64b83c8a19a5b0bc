// API keys of a consumer. A key is in one answer only, that of the request which made it.
import { z } from "zod";
import { OperatorError } from "../errors.js";
import type { Consumers } from "../identity/consumers.js";
import { isApiKey } from "../keys.js";
import { apiKeyCreatedSchema, apiKeyInputSchema, apiKeySchema, keyIdSchema } from "../resources/consumer.js";
import { documentProblems } from "../resources/problems.js";
import { idSchemaOf } from "./input.js";
import { type Operation, withQuery } from "./operation.js";
import { BODY_BYTES_MAX, emptyQuery } from "./schemas.js";

const TAG = "consumers";
const LIST_PATH = "/api/v1/consumers/{id}/keys";
const consumerParam = { id: idSchemaOf("consumer") };

const inputSchema = apiKeyInputSchema.refine(({ key }) => key === undefined || isApiKey(key), {
  path: ["key"],
  error: "must be a Sluice API key: sk-slc-, 32 characters and their 6 characters of checksum",
});

function createOperation(consumers: Consumers): Operation {
  return withQuery({
    id: "createConsumerKey",
    method: "post",
    path: LIST_PATH,
    tag: TAG,
    summary: "Create an API key, shown once",
    params: consumerParam,
    query: emptyQuery,
    body: { schema: apiKeyInputSchema, required: false, bytesMax: BODY_BYTES_MAX },
    answers: { 201: { description: "The key: keep it, it is not shown again.", schema: apiKeyCreatedSchema } },
    errors: ["resource_not_found", "key_taken", "invalid_configuration"],
    handle: async ({ params, body }) => {
      const parsed = inputSchema.safeParse(body ?? {});
      if (!parsed.success) {
        throw new OperatorError("invalid_configuration", {
          message: "The API key's description is not valid; nothing was stored.",
          problems: documentProblems(parsed.error, undefined),
        });
      }
      return { status: 201, body: await consumers.createKey(params.id ?? "", parsed.data) };
    },
  });
}

export function apiKeyOperations(consumers: Consumers): readonly Operation[] {
  const list: Operation = {
    id: "listConsumerKeys",
    method: "get",
    path: LIST_PATH,
    tag: TAG,
    summary: "List the API keys of a consumer",
    params: consumerParam,
    answers: {
      200: { description: "Oldest first; never the keys.", schema: z.strictObject({ items: z.array(apiKeySchema) }) },
    },
    errors: ["resource_not_found"],
    handle: async ({ params }) => ({ status: 200, body: { items: await consumers.keys(params.id ?? "") } }),
  };
  const revoke: Operation = {
    id: "revokeConsumerKey",
    method: "delete",
    path: `${LIST_PATH}/{keyId}`,
    tag: TAG,
    summary: "Revoke an API key",
    params: { ...consumerParam, keyId: keyIdSchema },
    answers: { 204: { description: "Revoked: gateways refuse it within about a second." } },
    errors: ["resource_not_found"],
    handle: async ({ params }) => {
      await consumers.revokeKey(params.id ?? "", params.keyId ?? "");
      return { status: 204 };
    },
  };
  return [list, createOperation(consumers), revoke];
}
