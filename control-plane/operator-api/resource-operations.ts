// list, get, put and delete of the three nouns that make up the configuration. Every change of them is a revision.
import type { z } from "zod";
import { effectiveModel } from "../catalog/effective-model.js";
import type { ChangeResult, Configuration, LiveConfiguration } from "../configuration/configuration.js";
import { referencesTo } from "../configuration/references.js";
import {
  CONFIGURATION_NOUNS,
  type ConfigurationResource,
  findResource,
  resourcesOf,
  withoutResource,
  withResource,
} from "../configuration/resource-set.js";
import { OperatorError } from "../errors.js";
import { modelRouteSchema } from "../resources/model-route.js";
import { providerAnswerSchema } from "../resources/provider.js";
import { type Target, targetAnswerSchema } from "../resources/target.js";
import type { ConfigurationKind } from "../store/store.js";
import { idSchemaOf, parseOne, toResource } from "./input.js";
import { type Operation, type RawRequest, withQuery } from "./operation.js";
import { checkPreconditions, etagOf } from "./preconditions.js";
import {
  BODY_BYTES_MAX,
  changeAnswerSchema,
  changeQuery,
  listSchema,
  pageOf,
  pageQuery,
  resourceChangeSchema,
} from "./schemas.js";

interface Noun {
  readonly kind: ConfigurationKind;
  readonly path: string;
  /** For operation ids: `listModelRoutes`, `getModelRoute`. */
  readonly name: string;
  readonly words: string;
  readonly answer: z.ZodType;
}

const NOUNS: readonly Noun[] = [
  { kind: "provider", path: "providers", name: "Provider", words: "provider", answer: providerAnswerSchema },
  { kind: "target", path: "targets", name: "Target", words: "target", answer: targetAnswerSchema },
  { kind: "model-route", path: "model-routes", name: "ModelRoute", words: "model route", answer: modelRouteSchema },
];

function shownTarget(target: Target, { resources }: LiveConfiguration): unknown {
  const provider = resources.providers.find(({ id }) => id === target.provider);
  return { ...target, effective: effectiveModel(target, provider) };
}

/**
 * The document as answers show it: a provider says whether it has a credential, and never which; a target says what
 * counts for its model.
 */
function shown(kind: ConfigurationKind, resource: ConfigurationResource, live: LiveConfiguration): unknown {
  if (kind === "target") return shownTarget(resource as Target, live);
  if (kind !== "provider") return resource;
  const credential = live.credentials.get(resource.id);
  const state = credential === undefined ? { set: false } : { set: true, updatedAt: credential.updatedAt };
  return { ...resource, credential: state };
}

function shownById(kind: ConfigurationKind, id: string, live: LiveConfiguration): unknown {
  const resource = findResource(live.resources, kind, id);
  return resource && shown(kind, resource, live);
}

function checkCurrent(request: RawRequest, kind: ConfigurationKind, id: string, live: LiveConfiguration): void {
  const current = shownById(kind, id, live);
  checkPreconditions(request, current === undefined ? undefined : etagOf(current));
}

export function changeAnswer(result: ChangeResult, dryRun: boolean) {
  return { revision: Number(result.after.revision), changed: result.changed, dryRun };
}

function idOf(request: RawRequest): string {
  return request.params.id ?? "";
}

function notFound(noun: Noun, id: string): OperatorError {
  return new OperatorError("resource_not_found", { message: `There is no ${noun.words} '${id}'.` });
}

function listOperation(noun: Noun, configuration: Configuration): Operation {
  return withQuery({
    id: `list${noun.name}s`,
    method: "get",
    path: `/api/v1/${noun.path}`,
    tag: noun.path,
    summary: `List ${noun.words}s`,
    query: pageQuery,
    answers: { 200: { description: "In ascending order of ids.", schema: listSchema(noun.answer) } },
    handle: async ({ query }) => {
      const { live } = configuration;
      const after = Buffer.from(query.after ?? "");
      const rest = resourcesOf(live.resources, noun.kind).filter(
        ({ id }) => Buffer.compare(Buffer.from(id), after) > 0,
      );
      const { items, next } = pageOf(rest, query.limit);
      return { status: 200, body: { items: items.map((item) => shown(noun.kind, item, live)), next } };
    },
  });
}

function getOperation(noun: Noun, configuration: Configuration): Operation {
  return {
    id: `get${noun.name}`,
    method: "get",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: `Get a ${noun.words}`,
    params: { id: idSchemaOf(noun.kind) },
    answers: { 200: { description: "The document, with its ETag.", schema: noun.answer } },
    errors: ["resource_not_found"],
    handle: async (request) => {
      const body = shownById(noun.kind, idOf(request), configuration.live);
      if (body === undefined) throw notFound(noun, idOf(request));
      return { status: 200, body, headers: { etag: etagOf(body) } };
    },
  };
}

function putOperation(noun: Noun, configuration: Configuration): Operation {
  const { inputSchema } = CONFIGURATION_NOUNS[noun.kind];
  const change = resourceChangeSchema(noun.answer);
  return withQuery({
    id: `put${noun.name}`,
    method: "put",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: `Create or replace a ${noun.words}`,
    params: { id: idSchemaOf(noun.kind) },
    query: changeQuery,
    body: { schema: inputSchema, required: true, bytesMax: BODY_BYTES_MAX },
    conditional: true,
    answers: { 200: { description: "Replaced.", schema: change }, 201: { description: "Created.", schema: change } },
    errors: ["invalid_configuration", "precondition_failed"],
    handle: async (request) => {
      const id = idOf(request);
      const { dryRun } = request.query;
      const input = parseOne({ kind: noun.kind, id }, inputSchema, request.body);
      const { resource, apiKey } = toResource(CONFIGURATION_NOUNS[noun.kind], input);
      const result = await configuration.change({
        cause: `put ${noun.kind}/${id}`,
        dryRun,
        edit: (live) => {
          checkCurrent(request, noun.kind, id, live);
          return {
            resources: withResource(live.resources, noun.kind, resource),
            credentials: new Map(apiKey === undefined ? [] : [[id, apiKey]]),
          };
        },
      });
      const created = findResource(result.before.resources, noun.kind, id) === undefined;
      const body = shownById(noun.kind, id, result.after);
      return {
        status: created && !dryRun ? 201 : 200,
        body: { ...changeAnswer(result, dryRun), resource: body },
        headers: { etag: etagOf(body) },
      };
    },
  });
}

function deleteOperation(noun: Noun, configuration: Configuration): Operation {
  return withQuery({
    id: `delete${noun.name}`,
    method: "delete",
    path: `/api/v1/${noun.path}/{id}`,
    tag: noun.path,
    summary: `Delete a ${noun.words}`,
    params: { id: idSchemaOf(noun.kind) },
    query: changeQuery,
    conditional: true,
    answers: { 200: { description: "Deleted.", schema: changeAnswerSchema } },
    errors: ["resource_not_found", "still_referenced", "precondition_failed", "invalid_configuration"],
    handle: async (request) => {
      const id = idOf(request);
      const { dryRun } = request.query;
      const result = await configuration.change({
        cause: `delete ${noun.kind}/${id}`,
        dryRun,
        edit: (live) => {
          checkCurrent(request, noun.kind, id, live);
          if (findResource(live.resources, noun.kind, id) === undefined) throw notFound(noun, id);
          const problems = referencesTo(live.resources, noun.kind, id);
          if (problems.length > 0) throw new OperatorError("still_referenced", { problems });
          return { resources: withoutResource(live.resources, noun.kind, id), credentials: new Map() };
        },
      });
      return { status: 200, body: changeAnswer(result, dryRun) };
    },
  });
}

export function resourceOperations(configuration: Configuration): readonly Operation[] {
  return NOUNS.flatMap((noun) => [
    listOperation(noun, configuration),
    getOperation(noun, configuration),
    putOperation(noun, configuration),
    deleteOperation(noun, configuration),
  ]);
}
