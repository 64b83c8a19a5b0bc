// Types of update-catalog.mjs for the tests that run it.
import type { ModelEntry } from "../control-plane/catalog/model-entry.js";

interface ModelCatalog {
  readonly generatedBy: string;
  readonly asOf: string;
  readonly models: readonly ModelEntry[];
}

export const MODELS_FILE: string;
export function modelCatalog(asOf: string): ModelCatalog;
export function printed(catalog: ModelCatalog): string;
