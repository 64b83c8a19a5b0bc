// Shows the catalogue that this release carries: providers that a document may name, and models with their prices. It
// knows nothing of the configuration and changes nothing.
import { z } from "zod";
import { catalogModels, catalogProviders } from "../catalog/catalog.js";
import { type ModelEntry, modelEntrySchema } from "../catalog/model-entry.js";
import { type ProviderEntry, providerEntrySchema, REGIONS } from "../catalog/provider-entry.js";
import { dialectSchema } from "../resources/dialect.js";
import { type Operation, withQuery } from "./operation.js";
import { listSchema, numberInQuery } from "./schemas.js";

const PAGE_MAX = 1000;
const PAGE_USUAL = 100;

const page = {
  q: z.string().min(1).max(256).optional().describe("Only entries with this text in their id or name, in any case."),
  after: z.string().min(1).max(512).optional().describe("Key after which the page begins: `next` of the page before."),
  limit: numberInQuery(1, PAGE_MAX).default(PAGE_USUAL).describe("Most items of the page."),
};

const providersQuery = z.strictObject({
  ...page,
  region: z.enum(REGIONS).optional().describe("Only providers of this region."),
  dialect: dialectSchema.optional().describe("Only providers of this dialect."),
});

const modelsQuery = z.strictObject({
  ...page,
  provider: z.string().min(1).max(63).optional().describe("Only models of this entry of the provider catalogue."),
  chat: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional()
    .describe("Only models that answer chat requests, or do not."),
});

interface Page {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The page of `entries`, which keep their order; keys are unique. An unknown key is the end of the list. */
function pageAfter<Entry>(entries: readonly Entry[], keyOf: (entry: Entry) => string, { after, limit }: Page) {
  const last = after === undefined ? -1 : entries.findIndex((entry) => keyOf(entry) === after);
  const begin = after !== undefined && last === -1 ? entries.length : last + 1;
  const items = entries.slice(begin, begin + limit);
  const end = items.at(-1);
  return { items, ...(end !== undefined && begin + limit < entries.length ? { next: keyOf(end) } : {}) };
}

function holds(q: string | undefined, ...texts: readonly (string | undefined)[]): boolean {
  return q === undefined || texts.some((text) => text?.toLowerCase().includes(q.toLowerCase()) === true);
}

const keyOfProvider = ({ id }: ProviderEntry) => id;
const keyOfModel = ({ provider, id }: ModelEntry) => `${provider}/${id}`;

function listProviders(): Operation {
  return withQuery({
    id: "listCatalogProviders",
    method: "get",
    path: "/api/v1/catalog/providers",
    tag: "catalog",
    summary: "List the providers that this release knows",
    query: providersQuery,
    answers: { 200: { description: "In the catalogue's order.", schema: listSchema(providerEntrySchema) } },
    handle: async ({ query }) => {
      const { q, region, dialect } = query;
      const found = catalogProviders()
        .filter((entry) => region === undefined || entry.region === region)
        .filter((entry) => dialect === undefined || entry.dialect === dialect)
        .filter(({ id, names }) => holds(q, id, names.en, names.zh));
      return { status: 200, body: pageAfter(found, keyOfProvider, query) };
    },
  });
}

function listModels(): Operation {
  return withQuery({
    id: "listCatalogModels",
    method: "get",
    path: "/api/v1/catalog/models",
    tag: "catalog",
    summary: "List the models that this release knows, with their prices",
    query: modelsQuery,
    answers: { 200: { description: "In the order of providers and ids.", schema: listSchema(modelEntrySchema) } },
    handle: async ({ query }) => {
      const { q, provider, chat } = query;
      const found = catalogModels()
        .filter((entry) => provider === undefined || entry.provider === provider)
        .filter((entry) => chat === undefined || entry.chat === chat)
        .filter(({ id, name }) => holds(q, id, name));
      return { status: 200, body: pageAfter(found, keyOfModel, query) };
    },
  });
}

export function catalogOperations(): readonly Operation[] {
  return [listProviders(), listModels()];
}
