// One lease: who holds an API key and what it may call (ARCHITECTURE.md §2.5). The record is kept as it came from the
// control plane and read in place. A refreshed lease is a new object: exchanges keep the one they began with.
//
//   record   [ SHA-256 of the key, 32 bytes | fetched at, u64 Unix ms | lease record as in §2.5 ]

import { LEASE_FORMAT, LeaseStatus } from "../contract";

export const DIGEST_BYTES: i32 = 32;
const PREFIX_BYTES: i32 = DIGEST_BYTES + 8;
const HEADER_BYTES: i32 = 22;
/** In front of the model patterns: the consumer's id, the seal key. */
const STRINGS: i32 = 2;

export class Lease {
  /** Unix milliseconds before which no further refresh is tried; moved on by every try. */
  nextRefreshMs: u64;

  constructor(readonly record: StaticArray<u8>) {
    this.nextRefreshMs = load<u64>(changetype<usize>(record) + PREFIX_BYTES, 4);
  }

  get granted(): bool {
    return this.status == LeaseStatus.GRANTED;
  }
  get status(): i32 {
    return load<u8>(this.body, 1);
  }
  /** Unix milliseconds: from here on never use it. */
  get notAfterMs(): u64 {
    return load<u64>(this.body, 12);
  }
  /** Unix milliseconds when the control plane answered. */
  get fetchedMs(): u64 {
    return load<u64>(this.pointer, DIGEST_BYTES);
  }
  get pointer(): usize {
    return changetype<usize>(this.record);
  }
  get byteLength(): i32 {
    return this.record.length;
  }

  isOf(digest: usize): bool {
    return memory.compare(this.pointer, digest, DIGEST_BYTES) == 0;
  }

  /** Whether one of the lease's patterns (a name, or a prefix ending in `*`) covers this public model name. */
  allowsModel(name: usize, length: i32): bool {
    const patterns = load<u16>(this.body, 20);
    let at = this.sealKey;
    at += 2 + <usize>load<u16>(at);
    for (let i: u16 = 0; i < patterns; i++) {
      const patternLength: i32 = load<u16>(at);
      if (covers(at + 2, patternLength, name, length)) return true;
      at += 2 + <usize>patternLength;
    }
    return false;
  }

  /** str16: the key that seals ids of provider-side state for this consumer; empty in a refusal. */
  get sealKey(): usize {
    const consumer = this.body + HEADER_BYTES;
    return consumer + 2 + <usize>load<u16>(consumer);
  }

  private get body(): usize {
    return this.pointer + PREFIX_BYTES;
  }
}

/** A lease from the control plane's bytes; null when they are not one whole record. */
export function makeLease(digest: usize, fetchedMs: u64, bytes: usize, length: i32): Lease | null {
  if (!isWhole(bytes, length)) return null;
  const record = new StaticArray<u8>(PREFIX_BYTES + length);
  const pointer = changetype<usize>(record);
  memory.copy(pointer, digest, DIGEST_BYTES);
  store<u64>(pointer, fetchedMs, DIGEST_BYTES);
  memory.copy(pointer + PREFIX_BYTES, bytes, length);
  return new Lease(record);
}

/** A lease from another worker's copy (a `Lease.record`); null when it is of another key or not whole. */
export function copyLease(digest: usize, bytes: usize, length: i32): Lease | null {
  if (length < PREFIX_BYTES || memory.compare(bytes, digest, DIGEST_BYTES) != 0) return null;
  return makeLease(digest, load<u64>(bytes, DIGEST_BYTES), bytes + PREFIX_BYTES, length - PREFIX_BYTES);
}

function isWhole(bytes: usize, length: i32): bool {
  if (length < HEADER_BYTES + 2 || load<u8>(bytes) != <u8>LEASE_FORMAT) return false;
  const status: i32 = load<u8>(bytes, 1);
  if (status < LeaseStatus.GRANTED || status > LeaseStatus.DISABLED) return false;
  const strings = <i32>load<u16>(bytes, 20) + STRINGS;
  let at = HEADER_BYTES;
  for (let i = 0; i < strings; i++) {
    if (at + 2 > length) return false;
    at += 2 + <i32>load<u16>(bytes + <usize>at);
    if (at > length) return false;
  }
  return at == length;
}

function covers(pattern: usize, patternLength: i32, name: usize, length: i32): bool {
  if (patternLength > 0 && load<u8>(pattern + <usize>patternLength - 1) == 0x2a /* * */) {
    return length >= patternLength - 1 && memory.compare(pattern, name, patternLength - 1) == 0;
  }
  return patternLength == length && memory.compare(pattern, name, length) == 0;
}
