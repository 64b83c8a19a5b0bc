// Reads documents from request bodies: zod first, then the id of the path against the id of the body.
import type { z } from "zod";
import type { Candidate } from "../configuration/configuration.js";
import {
  CONFIGURATION_KINDS,
  CONFIGURATION_NOUNS,
  type ConfigurationNoun,
  type ConfigurationResource,
  EMPTY_SET,
  withResources,
} from "../configuration/resource-set.js";
import { OperatorError, type Problem } from "../errors.js";
import { idSchema, type Kind, type ResourceRef } from "../resources/common.js";
import { modelNameSchema } from "../resources/model-route.js";
import { documentProblems } from "../resources/problems.js";

type WithId = { id?: string | undefined };
type Parsed<Document> = { readonly document?: Document; readonly problems: readonly Problem[] };

export function requireBody(body: unknown): unknown {
  if (body === undefined) throw new OperatorError("not_json", { message: "The body is missing." });
  return body;
}

export function idSchemaOf(kind: Kind): z.ZodType<string> {
  return kind === "model-route" ? modelNameSchema : idSchema;
}

/** `input` as the document of `ref`. The two schemas of a noun differ by what only goes in, and by whether id is needed. */
export function parseDocument<Input extends WithId>(
  ref: ResourceRef,
  inputSchema: z.ZodType<Input>,
  body: unknown,
): Parsed<Input & { id: string }> {
  const id = idSchemaOf(ref.kind).safeParse(ref.id);
  if (!id.success) {
    const problems = documentProblems(id.error, ref).map((problem) => ({ ...problem, path: "/id" }));
    return { problems };
  }
  const input = inputSchema.safeParse(body);
  if (!input.success) return { problems: documentProblems(input.error, ref) };
  if (input.data.id !== undefined && input.data.id !== ref.id) {
    const mend = "Leave 'id' out of the body, or send the change to the path of that id.";
    return { problems: [{ ...ref, path: "/id", code: "id_mismatch", message: "differs from the path's id", mend }] };
  }
  return { document: { ...input.data, id: ref.id }, problems: [] };
}

/** Throws invalid_configuration. */
export function parseOne<Input extends WithId>(ref: ResourceRef, schema: z.ZodType<Input>, body: unknown) {
  const { document, problems } = parseDocument(ref, schema, requireBody(body));
  if (document === undefined) throw new OperatorError("invalid_configuration", { problems });
  return document;
}

/** A document of the configuration without what only goes in, fields in the schema's order. */
export function toResource(
  noun: ConfigurationNoun,
  document: WithId & { apiKey?: string },
): {
  resource: ConfigurationResource;
  apiKey: string | undefined;
} {
  const { apiKey, ...fields } = document;
  return { resource: noun.schema.parse(fields), apiKey };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The lists of a bulk body, still unchecked inside. */
function readLists(body: unknown): { lists: Readonly<Record<string, unknown>>; problems: Problem[] } {
  const lists = isObject(body) ? body : {};
  const known = CONFIGURATION_KINDS.map((kind) => CONFIGURATION_NOUNS[kind].list as string);
  const unknown = Object.keys(lists).filter((name) => !known.includes(name));
  return {
    lists,
    problems: [
      ...unknown.map((name) => ({
        path: `/${name}`,
        code: "unknown_field",
        message: "is no list of the configuration",
        mend: `Send ${known.join(", ")} and nothing else.`,
      })),
      ...known
        .filter((name) => !Array.isArray(lists[name]))
        .map((name) => ({
          path: `/${name}`,
          code: lists[name] === undefined ? "missing_field" : "invalid_type",
          message: "must be a list of documents",
          mend: `Send ${name} as a list; an empty one deletes all of them.`,
        })),
    ],
  };
}

/** Reads the body of PUT /api/v1/configuration. Throws invalid_configuration with the problems of all documents. */
export function parseConfiguration(body: unknown): Candidate {
  const { lists, problems } = readLists(requireBody(body));
  let resources = EMPTY_SET;
  const credentials = new Map<string, string>();
  for (const kind of CONFIGURATION_KINDS) {
    const noun = CONFIGURATION_NOUNS[kind];
    const list = lists[noun.list];
    const byId = new Map<string, ConfigurationResource>();
    for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
      const id = isObject(item) ? item.id : undefined;
      if (typeof id !== "string") {
        const path = `/${noun.list}/${index}/id`;
        problems.push({ path, code: "missing_field", message: "is required here", mend: "Give each document its id." });
        continue;
      }
      const parsed = parseDocument({ kind, id }, noun.inputSchema, item);
      problems.push(...parsed.problems);
      if (parsed.document === undefined) continue;
      if (byId.has(id)) {
        const mend = "Send one document for each id.";
        problems.push({ kind, id, path: "/id", code: "duplicate_id", message: "is there twice", mend });
      }
      const { resource, apiKey } = toResource(noun, parsed.document);
      byId.set(id, resource);
      if (apiKey !== undefined) credentials.set(id, apiKey);
    }
    resources = withResources(resources, kind, [...byId.values()]);
  }
  if (problems.length > 0) throw new OperatorError("invalid_configuration", { problems: problems.slice(0, 100) });
  return { resources, credentials };
}
