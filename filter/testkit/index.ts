// The entry that is compiled for tests only: thin wrappers that hand raw memory to the byte-level parts and answer plain
// numbers. It decides nothing; no line of it reaches sluice.wasm.

import "../abort";

export * from "./json";

export function allocate(size: usize): usize {
  return heap.alloc(size);
}

export function free(pointer: usize): void {
  heap.free(pointer);
}
