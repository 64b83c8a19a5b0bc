// Checks the tables by which model routes are found, and the list of headers that rules ask for. Null = sound, else where and why.

import { ALIAS_PREFIXES_MAX, ROUTE_NAME_BYTES, ROUTING_HEADERS_MAX } from "../contract";
import { Bounds } from "./bounds";

export function checkNames(bounds: Bounds): string | null {
  const slots = bounds.u32(28);
  const names = bounds.u32(60);
  if (slots < 2 || (slots & (slots - 1)) != 0 || <u64>slots < <u64>names * 2) {
    return "header.hashSlots: not a power of two of at least twice the names";
  }
  if (!bounds.hasRange(bounds.u32(32), <u64>slots * 4)) return "header.hashSlots: out of bounds";
  let used: u32 = 0;
  for (let i: u32 = 0; i < slots; i++) {
    const entry = bounds.u32(bounds.u32(32) + i * 4);
    if (entry > names) return `hashSlots[${i}]: names nothing`;
    if (entry != 0) used++;
  }
  if (used != names) return "hashSlots: do not hold every name once";
  if (!checkTable(bounds, bounds.u32(56), names)) return "header.names: out of bounds";
  const prefixes = bounds.u32(68);
  if (prefixes > ALIAS_PREFIXES_MAX || !checkTable(bounds, bounds.u32(64), prefixes)) {
    return "header.prefixes: out of bounds, or too many";
  }
  return null;
}

export function checkHeaders(bounds: Bounds): string | null {
  const offset = bounds.u32(72);
  if (!bounds.hasRange(offset, 2) || bounds.behindList(offset, bounds.length) == 0)
    return "header.headers: out of bounds";
  return load<u16>(bounds.bytes + offset) <= <u16>ROUTING_HEADERS_MAX ? null : "header.headers: too many";
}

function checkTable(bounds: Bounds, offset: u32, count: u32): bool {
  if (!bounds.hasRange(offset, <u64>count * ROUTE_NAME_BYTES)) return false;
  const routes = bounds.u32(20);
  for (let i: u32 = 0; i < count; i++) {
    const row = offset + i * ROUTE_NAME_BYTES;
    if (!bounds.hasString(bounds.u32(row)) || bounds.u32(row + 4) >= routes) return false;
  }
  return true;
}
