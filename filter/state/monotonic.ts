// A clock that never jumps, for deadlines: the same one for all workers of an Envoy. Its numbers mean nothing elsewhere.

import { clock_time_get } from "./wasi_snapshot_preview1";

const MONOTONIC: i32 = 1;
const time: usize = memory.data(8);

export function monotonicMs(): i64 {
  if (clock_time_get(MONOTONIC, 0, time) != 0) unreachable(); // no clock, no leases: every host has one
  return load<i64>(time) / 1_000_000;
}
