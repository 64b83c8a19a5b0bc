// Types of update-translation-table.mjs for the test that runs it.

export function translationTables(wasm: Uint8Array): string;
export function updatedPage(page: string, wasm: Uint8Array): string;
