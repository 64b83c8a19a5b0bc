// Leases in Envoy's shared data, so that one worker's callout serves all workers. A fixed number of slots, found by the
// key's SHA-256; a slot holds its digest, so a collision is only a miss. Written whole, without compare-and-swap: the
// last writer wins and every writer's lease is a true one.

import { getSharedData, hostLength, hostPointer, setSharedData, sharedDataCas } from "../sdk";
import { copyLease, DIGEST_BYTES, Lease } from "./lease";

const SLOTS: u32 = 8192; // power of two; at about 300 bytes a lease 2.5 MB for the whole Envoy
const KEY_BYTES: i32 = 10;
const key: usize = memory.data<u8>([0x6c, 0x65, 0x61, 0x73, 0x65, 0x2f, 0, 0, 0, 0]); // "lease/" + slot, 4 letters

export function findSharedLease(digest: usize): Lease | null {
  writeKey(digest);
  if (!getSharedData(key, KEY_BYTES)) return null;
  return copyLease(digest, hostPointer(), hostLength());
}

export function shareLease(lease: Lease): void {
  writeKey(lease.pointer);
  setSharedData(key, KEY_BYTES, lease.pointer, lease.byteLength, 0);
}

/** Empties the slot of a key whose lease was dropped, if it is that key's. */
export function dropSharedLease(digest: usize): void {
  writeKey(digest);
  if (!getSharedData(key, KEY_BYTES)) return;
  if (hostLength() < DIGEST_BYTES || memory.compare(hostPointer(), digest, DIGEST_BYTES) != 0) return;
  setSharedData(key, KEY_BYTES, 0, 0, sharedDataCas());
}

function writeKey(digest: usize): void {
  const slot = load<u32>(digest) & (SLOTS - 1);
  for (let i = 0; i < 4; i++) store<u8>(key + 6 + <usize>i, <u8>(0x61 + ((slot >> (<u32>i * 4)) & 15)));
}
