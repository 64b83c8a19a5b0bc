// What the control plane calls in the released module to have a configuration checked by the decoder that will read it.
// Envoy calls none of this.

import { FilterConfig } from "./filter-config";

let problem: usize = 0;

/** A block for `sluice_check_configuration`, which takes it over. */
export function sluice_allocate(size: usize): usize {
  return heap.alloc(size);
}

/** 0 = accepted, else the length of the UTF-8 text at `sluice_problem()`: where, a colon, why. */
export function sluice_check_configuration(bytes: usize, length: i32): i32 {
  if (problem != 0) heap.free(problem);
  problem = 0;
  const config = new FilterConfig(bytes, length);
  const accepted = config.check();
  const textLength = accepted ? 0 : String.UTF8.byteLength(config.problem);
  if (!accepted) {
    problem = heap.alloc(textLength);
    String.UTF8.encodeUnsafe(changetype<usize>(config.problem), config.problem.length, problem);
  }
  config.release();
  __collect();
  return textLength;
}

export function sluice_problem(): usize {
  return problem;
}
