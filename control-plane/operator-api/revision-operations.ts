// Revisions: what the configuration was, what Envoys made of it, and the way back.
import type { Configuration } from "../configuration/configuration.js";
import { fromDocuments } from "../configuration/resource-set.js";
import { OperatorError } from "../errors.js";
import type { Publisher } from "../ports.js";
import type { ConfigurationStore, RevisionSummary } from "../store/store.js";
import { type Operation, type RawRequest, withQuery } from "./operation.js";
import { changeAnswer } from "./resource-operations.js";
import {
  changeQuery,
  revisionDetailSchema,
  revisionListSchema,
  revisionPageQuery,
  revisionSchema,
  rollbackAnswerSchema,
} from "./schemas.js";

const TAG = "revisions";
const LIST_PATH = "/api/v1/revisions";
const PATH = `${LIST_PATH}/{revision}`;
const params = { revision: revisionSchema };

export interface RevisionParts {
  readonly configuration: Configuration;
  readonly store: ConfigurationStore;
  readonly publisher: Publisher;
}

function revisionOf(request: RawRequest): bigint {
  const text = request.params.revision ?? "";
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new OperatorError("revision_not_found");
  return BigInt(text);
}

function shown({ number, createdAt, cause }: RevisionSummary) {
  return { revision: Number(number), createdAt, cause };
}

function listOperation({ configuration, store }: RevisionParts): Operation {
  return withQuery({
    id: "listRevisions",
    method: "get",
    path: LIST_PATH,
    tag: TAG,
    summary: "List revisions",
    query: revisionPageQuery,
    answers: { 200: { description: "Newest first.", schema: revisionListSchema } },
    handle: async ({ query: { before, limit } }) => {
      const live = Number(configuration.live.revision);
      const found = await store.revisions({
        ...(before === undefined ? {} : { before: BigInt(before) }),
        limit: limit + 1,
      });
      const items = found.slice(0, limit).map(shown);
      return { status: 200, body: { live, items, next: found.length > limit ? items.at(-1)?.revision : undefined } };
    },
  });
}

function getOperation({ configuration, store, publisher }: RevisionParts): Operation {
  return {
    id: "getRevision",
    method: "get",
    path: PATH,
    tag: TAG,
    summary: "Get a revision with its documents",
    params,
    answers: { 200: { description: "The revision.", schema: revisionDetailSchema } },
    errors: ["revision_not_found"],
    handle: async (request) => {
      const stored = await store.revision(revisionOf(request));
      if (stored === undefined) throw new OperatorError("revision_not_found");
      const envoys = publisher
        .status()
        .flatMap(({ nodeId, revisions }) =>
          revisions
            .filter(({ revision }) => revision === stored.number)
            .map(({ state, detail }) => ({ nodeId, state, detail })),
        );
      const live = stored.number === configuration.live.revision;
      return { status: 200, body: { ...shown(stored), live, envoys, ...fromDocuments(stored.documents).set } };
    },
  };
}

function rollbackOperation({ configuration }: RevisionParts): Operation {
  return withQuery({
    id: "rollback",
    method: "post",
    path: `${PATH}/rollback`,
    tag: TAG,
    summary: "Make the documents of a revision the newest revision; credentials, consumers and keys stay as they are",
    params,
    query: changeQuery,
    answers: { 200: { description: "Rolled back.", schema: rollbackAnswerSchema } },
    errors: ["revision_not_found", "invalid_configuration"],
    handle: async (request) => {
      const { dryRun } = request.query;
      const result = await configuration.rollback(revisionOf(request), dryRun);
      const { resources, credentials } = result.after;
      const providersWithoutCredential = resources.providers.map(({ id }) => id).filter((id) => !credentials.has(id));
      return { status: 200, body: { ...changeAnswer(result, dryRun), providersWithoutCredential } };
    },
  });
}

export function revisionOperations(parts: RevisionParts): readonly Operation[] {
  return [listOperation(parts), getOperation(parts), rollbackOperation(parts)];
}
