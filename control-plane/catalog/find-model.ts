// Which entry of the model catalogue describes a model of a provider document. Names that differ from the catalogue's by a
// date or an alias alone are the same model; anything more is a guess and finds nothing.
import { catalogModels, catalogProviders, findProviderEntry } from "./catalog.js";
import type { ModelEntry } from "./model-entry.js";
import type { ProviderEntry } from "./provider-entry.js";

interface Named {
  readonly catalog?: string | undefined;
  readonly baseUrl: string;
}

/** `claude-x-20251001`, `gpt-x-2025-04-14`, `claude-x@20251001`, `x-latest`. */
const DATED = /(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2}|-latest)$/;

let byKey: ReadonlyMap<string, ModelEntry> | undefined;

function modelOf(provider: string, id: string): ModelEntry | undefined {
  byKey ??= new Map(catalogModels().map((entry) => [`${entry.provider} ${entry.id}`, entry]));
  return byKey.get(`${provider} ${id}`);
}

/** The entry that the document names, or whose base URL it has. */
function entryOf({ catalog, baseUrl }: Named): ProviderEntry | undefined {
  if (catalog !== undefined) return findProviderEntry(catalog);
  return catalogProviders().find((entry) => entry.baseUrl === baseUrl);
}

/** `model`: the provider's own name for it, as in a target. */
export function findModel(provider: Named, model: string): ModelEntry | undefined {
  const entry = entryOf(provider);
  if (entry === undefined) return undefined;
  const names = [model, model.replace(/^models\//, ""), model.replace(DATED, ""), `${model.replace(DATED, "")}-latest`];
  for (const shelf of [entry.id, ...entry.modelsOf]) {
    for (const name of names) {
      const found = modelOf(shelf, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
