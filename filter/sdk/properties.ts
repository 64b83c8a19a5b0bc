// Properties of the stream, and filter state: `setProperty("x")` writes filter state `wasm.x`, readable by every later
// filter of the request, upstream ones included, and by Envoy's own matchers and formatters.

import { proxy_get_property, proxy_set_property } from "./env";
import { OUT_LENGTH, OUT_POINTER } from "./host";
import { Status } from "./types";

/** `path` joins its parts by a NUL byte. The value is in `hostPointer`/`hostLength`. */
export function getProperty(path: usize, pathLength: i32): bool {
  return proxy_get_property(path, pathLength, OUT_POINTER, OUT_LENGTH) == Status.OK;
}

export function setProperty(path: usize, pathLength: i32, value: usize, valueLength: i32): bool {
  return proxy_set_property(path, pathLength, value, valueLength) == Status.OK;
}
