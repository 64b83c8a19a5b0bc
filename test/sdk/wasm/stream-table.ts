// The SDK's StreamTable behind plain functions, so that a test can hold it against a Map.

import { StreamContext } from "proxy-wasm-assemblyscript-sdk";
import "proxy-wasm-assemblyscript-sdk/abort";
import { StreamTable } from "proxy-wasm-assemblyscript-sdk/stream-table";

class Numbered extends StreamContext {
  constructor(readonly number: i32) {
    super();
  }
}

const table = new StreamTable();

export function size(): i32 {
  return table.size;
}

export function set(id: u32, number: i32): void {
  table.set(id, new Numbered(number));
}

/** The number that was set, or -1. */
export function get(id: u32): i32 {
  const found = table.get(id);
  return found == null ? -1 : (found as Numbered).number;
}

export function remove(id: u32): void {
  table.remove(id);
}
