// Reads the catalogue's files, once and when first asked. It never writes and never fetches: scripts/update-catalog.mjs
// refreshes the models, people the providers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type ModelEntry, modelCatalogSchema } from "./model-entry.js";
import { type ProviderEntry, providerCatalogSchema } from "./provider-entry.js";

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** `name` as the package's `imports` give it, so that it is found from the sources and from the build. */
function readJson(name: string): unknown {
  return JSON.parse(readFileSync(createRequire(import.meta.url).resolve(name), "utf8"));
}

/** In the order of the file. */
export const catalogProviders = once((): readonly ProviderEntry[] =>
  providerCatalogSchema.parse(readJson("#catalog-providers")),
);

const providersById = once(() => new Map(catalogProviders().map((entry) => [entry.id, entry])));

export function findProviderEntry(id: string): ProviderEntry | undefined {
  return providersById().get(id);
}

/** In the order of providers and ids. */
export const catalogModels = once(
  (): readonly ModelEntry[] => modelCatalogSchema.parse(readJson("#catalog-models")).models,
);
