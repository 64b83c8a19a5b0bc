// The entry that is compiled for tests only: thin wrappers that hand raw memory to the byte-level parts and answer plain
// numbers. It decides nothing; no line of it reaches sluice.wasm.

import "../sdk/abort";

export * from "./aws";
export * from "./bytes";
export * from "./classifier";
export * from "./crypto";
export * from "./envelope";
export * from "./form";
export * from "./json";
export { allocate, free, outLength, outPointer } from "./memory";
export * from "./sse";
export * from "./usage";
