// Properties of the stream, and filter state: `setProperty("x")` writes filter state `wasm.x`. Wasm filters of the request,
// upstream ones included, read it back as property `x`; Envoy's matchers and formatters as filter state `wasm.x`.

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
