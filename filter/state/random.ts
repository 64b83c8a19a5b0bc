// Bytes that nobody outside this VM can guess; and, for choices that need no secrecy, numbers that cost nothing.

import { random_get } from "./wasi_snapshot_preview1";

export function randomBytes(into: usize, length: i32): void {
  if (random_get(into, length) != 0) unreachable(); // no secret, no service: the host refuses to load the filter
}

const seed: usize = memory.data(8);
let state: u64 = 0;

/** Evenly spread, and no secret: xorshift64*, begun anywhere. */
export function anyNumber(): u32 {
  if (state == 0) {
    randomBytes(seed, 8);
    state = load<u64>(seed) | 1;
  }
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return <u32>((state * 0x2545f4914f6cdd1d) >> 32);
}

/** Below `limit`, which is above 0. */
export function anyBelow(limit: u32): u32 {
  return <u32>((<u64>anyNumber() * <u64>limit) >> 32);
}
