// Memory for the tests' inputs, and the one writer that every wrapper answers in.

import { ByteWriter } from "../bytes/byte-writer";

const OUT_BYTES_MAX: i32 = 64 * 1024 * 1024;

export const out = new ByteWriter(OUT_BYTES_MAX);

export function allocate(size: usize): usize {
  return heap.alloc(size);
}
export function free(pointer: usize): void {
  heap.free(pointer);
}
export function outPointer(): usize {
  return out.pointer;
}
export function outLength(): i32 {
  return out.length;
}
