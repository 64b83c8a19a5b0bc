// Time, and the root context's tick.

import { proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds } from "./env";
import { OUT_POINTER } from "./host";

/** Unix time in nanoseconds; the wall clock, so it can jump. */
export function nowNs(): u64 {
  proxy_get_current_time_nanoseconds(OUT_POINTER);
  return load<u64>(OUT_POINTER);
}

export function nowMs(): u64 {
  return nowNs() / 1_000_000;
}

/** Call from a root context; 0 stops the tick. */
export function setTickPeriod(periodMs: u32): void {
  proxy_set_tick_period_milliseconds(periodMs);
}
