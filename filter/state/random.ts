// Bytes that nobody outside this VM can guess.

import { random_get } from "./wasi_snapshot_preview1";

export function randomBytes(into: usize, length: i32): void {
  if (random_get(into, length) != 0) unreachable(); // no secret, no service: the host refuses to load the filter
}
