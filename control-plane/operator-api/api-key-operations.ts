// API keys of a consumer. A key is in one answer only, that of the request which made it.
import { z } from "zod";
import { OperatorError } from "../errors.js";
import type { ApiKeys } from "../identity/api-keys.js";
import { isApiKey } from "../keys.js";
import {
  apiKeyCreatedSchema,
  apiKeyInputSchema,
  apiKeyRotatedSchema,
  apiKeySchema,
  keyIdSchema,
  rotationInputSchema,
} from "../resources/api-key.js";
import { idSchema } from "../resources/common.js";
import { documentProblems } from "../resources/problems.js";
import { type Operation, withQuery } from "./operation.js";
import { BODY_BYTES_MAX, emptyQuery } from "./schemas.js";

const TAG = "consumers";
const LIST_PATH = "/api/v1/consumers/{id}/keys";
const PATH = `${LIST_PATH}/{keyId}`;
const consumerParam = { id: idSchema };
const keyParams = { ...consumerParam, keyId: keyIdSchema };
const SHOWN_ONCE = "The key: keep it, it is not shown again.";

const wellFormedInputSchema = apiKeyInputSchema.refine(({ key }) => key === undefined || isApiKey(key), {
  path: ["key"],
  error: "must be a Sluice API key: sk-slc-, 32 characters and their 6 characters of checksum",
});

/** A body may be missing where every field is optional. */
function parseInput<Input>(schema: z.ZodType<Input>, body: unknown): Input {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new OperatorError("invalid_configuration", {
    message: "The API key's description is not valid; nothing was stored.",
    problems: documentProblems(parsed.error, undefined),
  });
}

function listOperation(keys: ApiKeys): Operation {
  return {
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
    handle: async ({ params }) => ({ status: 200, body: { items: await keys.list(params.id ?? "") } }),
  };
}

function createOperation(keys: ApiKeys): Operation {
  return withQuery({
    id: "createConsumerKey",
    method: "post",
    path: LIST_PATH,
    tag: TAG,
    summary: "Create an API key, shown once",
    params: consumerParam,
    query: emptyQuery,
    body: { schema: apiKeyInputSchema, required: false, bytesMax: BODY_BYTES_MAX },
    answers: { 201: { description: SHOWN_ONCE, schema: apiKeyCreatedSchema } },
    errors: ["resource_not_found", "key_taken", "invalid_configuration"],
    handle: async ({ params, body }) => {
      const input = parseInput(wellFormedInputSchema, body);
      return { status: 201, body: await keys.create(params.id ?? "", input) };
    },
  });
}

function rotateOperation(keys: ApiKeys): Operation {
  return withQuery({
    id: "rotateConsumerKey",
    method: "post",
    path: `${PATH}/rotate`,
    tag: TAG,
    summary: "Replace an API key by a new one, shown once; the old one ends after the overlap",
    params: keyParams,
    query: emptyQuery,
    body: { schema: rotationInputSchema, required: false, bytesMax: BODY_BYTES_MAX },
    answers: { 201: { description: SHOWN_ONCE, schema: apiKeyRotatedSchema } },
    errors: ["resource_not_found", "key_replaced", "invalid_configuration"],
    handle: async ({ params, body }) => {
      const input = parseInput(rotationInputSchema, body);
      return { status: 201, body: await keys.rotate(params.id ?? "", params.keyId ?? "", input) };
    },
  });
}

function revokeOperation(keys: ApiKeys): Operation {
  return withQuery({
    id: "revokeConsumerKey",
    method: "delete",
    path: PATH,
    tag: TAG,
    summary: "Revoke an API key",
    params: keyParams,
    query: emptyQuery,
    answers: { 204: { description: "Revoked: gateways refuse it within about a second." } },
    errors: ["resource_not_found"],
    handle: async ({ params }) => {
      await keys.revoke(params.id ?? "", params.keyId ?? "");
      return { status: 204 };
    },
  });
}

export function apiKeyOperations(keys: ApiKeys): readonly Operation[] {
  return [listOperation(keys), createOperation(keys), rotateOperation(keys), revokeOperation(keys)];
}
