// The names under which model routes are found: a hash table of whole names, and a list of prefixes (ARCHITECTURE.md §2.4).
import { ROUTE_NAME_BYTES } from "../contract.js";
import type { ModelRoute } from "../resources/model-route.js";
import { string16 } from "../string16.js";
import type { Block } from "./block.js";

interface Name {
  readonly text: string;
  readonly route: number;
}

export interface RouteNames {
  readonly slotCount: number;
  /** Offsets in the configuration. */
  readonly slots: number;
  readonly table: number;
  readonly count: number;
  readonly prefixes: number;
  readonly prefixCount: number;
}

/** FNV-1a, 32 bit. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** Open addressing at most half full: index of the name + 1, 0 = empty. */
function hashSlots(names: readonly Name[]): number[] {
  let count = 2;
  while (count < names.length * 2) count *= 2;
  const slots = new Array<number>(count).fill(0);
  for (const [index, { text }] of names.entries()) {
    let slot = hash(Buffer.from(text, "utf8")) & (count - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (count - 1);
    slots[slot] = index + 1;
  }
  return slots;
}

function putNames(block: Block, names: readonly Name[]): number {
  const rows = Buffer.alloc(names.length * ROUTE_NAME_BYTES);
  for (const [index, { text, route }] of names.entries()) {
    rows.writeUInt32LE(block.put(string16(text)), index * ROUTE_NAME_BYTES);
    rows.writeUInt32LE(route, index * ROUTE_NAME_BYTES + 4);
  }
  return block.put(rows);
}

export function putRouteNames(block: Block, routes: readonly ModelRoute[]): RouteNames {
  const all = routes.flatMap(({ id, aliases = [] }, route) => [id, ...aliases].map((text): Name => ({ text, route })));
  const whole = all.filter(({ text }) => !text.endsWith("*"));
  // The longest that fits counts.
  const prefixes = all
    .filter(({ text }) => text.endsWith("*"))
    .map(({ text, route }) => ({ text: text.slice(0, -1), route }))
    .toSorted((left, right) => Buffer.byteLength(right.text) - Buffer.byteLength(left.text));
  const slots = hashSlots(whole);
  return {
    slotCount: slots.length,
    slots: block.putWords(slots),
    table: putNames(block, whole),
    count: whole.length,
    prefixes: putNames(block, prefixes),
    prefixCount: prefixes.length,
  };
}
