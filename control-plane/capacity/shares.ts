// What one of several Envoys may use of a target's capacity, as bytes (ARCHITECTURE.md §2.5). Pure.
import { CAPACITY_HEADER_BYTES, PRIORITY_CLASSES_MAX } from "../contract.js";
import type { Target } from "../resources/target.js";
import { string16 } from "../string16.js";

/** One of so many Envoys. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** Whole ones, so that the parts are the whole: the first Envoys get one more. At least one: an Envoy without any could serve nobody. */
function wholePart(amount: number, { index, of }: Part): number {
  return Math.max(Math.floor(amount / of) + (index < amount % of ? 1 : 0), 1);
}

function tenantShare({ tenant, percent }: { tenant: string; percent: number }): Buffer {
  return Buffer.concat([Buffer.from([percent]), string16(tenant)]);
}

/** Of a target with capacity. */
export function capacityRecord({ id, capacity }: Target, classes: readonly string[], part: Part): Buffer {
  if (capacity === undefined) return Buffer.alloc(0);
  const { tokensPerMinute, concurrentRequests, reserved, reservedFor, queue } = capacity;
  const strings = Buffer.concat([string16(id), ...reservedFor.map(tenantShare)]);
  const header = Buffer.alloc(CAPACITY_HEADER_BYTES);
  header.writeUInt16LE(CAPACITY_HEADER_BYTES + strings.length, 0);
  header.writeUInt16LE(queue === undefined ? 0 : wholePart(queue.maxWaiting, part), 2);
  header.writeUInt32LE(queue?.maxWaitMs ?? 0, 4);
  header.writeBigUInt64LE(BigInt(tokensPerMinute === undefined ? 0 : wholePart(tokensPerMinute, part)), 8);
  header.writeUInt32LE(concurrentRequests === undefined ? 0 : wholePart(concurrentRequests, part), 16);
  for (const [rank, name] of classes.slice(0, PRIORITY_CLASSES_MAX).entries()) {
    header.writeUInt8(reserved[name] ?? 0, 20 + rank);
  }
  header.writeUInt8(reservedFor.length, 28);
  return Buffer.concat([header, strings]);
}
