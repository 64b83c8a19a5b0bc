// Envoy's foreign functions: what the ABI has no import for.

import { proxy_call_foreign_function } from "./env";
import { OUT_LENGTH, OUT_POINTER } from "./host";
import { Literal, utf8 } from "./literal";
import { Status } from "./types";

const CLEAR_ROUTE_CACHE = utf8("clear_route_cache");

/** The result, if there is one, is in `hostPointer`/`hostLength`. */
export function callForeignFunction(name: Literal, argument: usize, argumentLength: i32): bool {
  return (
    proxy_call_foreign_function(name.pointer, name.length, argument, argumentLength, OUT_POINTER, OUT_LENGTH) ==
    Status.OK
  );
}

/** Makes Envoy choose the route again, with what the filter has changed since. */
export function clearRouteCache(): bool {
  return callForeignFunction(CLEAR_ROUTE_CACHE, 0, 0);
}
