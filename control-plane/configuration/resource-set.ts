// The configuration as documents of the store and back, and as maps that a change is made on. Pure.
import type { z } from "zod";
import type { Problem } from "../errors.js";
import type { ResourceSet } from "../ports.js";
import { modelRouteInputSchema, modelRouteSchema } from "../resources/model-route.js";
import { documentProblems } from "../resources/problems.js";
import { providerInputSchema, providerSchema } from "../resources/provider.js";
import { targetInputSchema, targetSchema } from "../resources/target.js";
import type { ConfigurationKind, StoredDocument } from "../store/store.js";

type ListName = keyof ResourceSet;
export type ConfigurationResource = ResourceSet[ListName][number];

export interface ConfigurationNoun {
  /** Its list in a ResourceSet, and in the body of PUT /api/v1/configuration. */
  readonly list: ListName;
  readonly schema: z.ZodType<ConfigurationResource>;
  readonly inputSchema: z.ZodType<{ id?: string | undefined }>;
}

/** In the order in which the store sorts them. */
export const CONFIGURATION_NOUNS: Readonly<Record<ConfigurationKind, ConfigurationNoun>> = {
  "model-route": { list: "modelRoutes", schema: modelRouteSchema, inputSchema: modelRouteInputSchema },
  provider: { list: "providers", schema: providerSchema, inputSchema: providerInputSchema },
  target: { list: "targets", schema: targetSchema, inputSchema: targetInputSchema },
};
export const CONFIGURATION_KINDS = Object.keys(CONFIGURATION_NOUNS) as readonly ConfigurationKind[];

export const EMPTY_SET: ResourceSet = { providers: [], targets: [], modelRoutes: [] };

/** Order of UTF-8 bytes, which is not that of JavaScript strings beyond the basic plane. */
function byId(left: { id: string }, right: { id: string }): number {
  return Buffer.compare(Buffer.from(left.id), Buffer.from(right.id));
}

export function resourcesOf(set: ResourceSet, kind: ConfigurationKind): readonly ConfigurationResource[] {
  return set[CONFIGURATION_NOUNS[kind].list];
}

export function findResource(set: ResourceSet, kind: ConfigurationKind, id: string): ConfigurationResource | undefined {
  return resourcesOf(set, kind).find((resource) => resource.id === id);
}

/** `resources` of one kind instead of those in `set`; sorted. */
export function withResources(
  set: ResourceSet,
  kind: ConfigurationKind,
  resources: readonly ConfigurationResource[],
): ResourceSet {
  return { ...set, [CONFIGURATION_NOUNS[kind].list]: [...resources].sort(byId) };
}

/** Creates or replaces one. */
export function withResource(set: ResourceSet, kind: ConfigurationKind, resource: ConfigurationResource): ResourceSet {
  const others = resourcesOf(set, kind).filter((other) => other.id !== resource.id);
  return withResources(set, kind, [...others, resource]);
}

export function withoutResource(set: ResourceSet, kind: ConfigurationKind, id: string): ResourceSet {
  return withResources(
    set,
    kind,
    resourcesOf(set, kind).filter((other) => other.id !== id),
  );
}

export function toDocuments(set: ResourceSet): readonly StoredDocument[] {
  return CONFIGURATION_KINDS.flatMap((kind) =>
    resourcesOf(set, kind).map((resource) => ({ kind, id: resource.id, json: JSON.stringify(resource) })),
  );
}

/** Validates again: a document may have been stored by a release with other rules. */
export function fromDocuments(documents: readonly StoredDocument[]): {
  set: ResourceSet;
  problems: readonly Problem[];
} {
  let set = EMPTY_SET;
  const problems: Problem[] = [];
  for (const kind of CONFIGURATION_KINDS) {
    const resources: ConfigurationResource[] = [];
    for (const document of documents.filter((candidate) => candidate.kind === kind)) {
      const parsed = CONFIGURATION_NOUNS[kind].schema.safeParse(JSON.parse(document.json));
      if (parsed.success) resources.push(parsed.data);
      else problems.push(...documentProblems(parsed.error, { kind, id: document.id }));
    }
    set = withResources(set, kind, resources);
  }
  return { set, problems };
}
