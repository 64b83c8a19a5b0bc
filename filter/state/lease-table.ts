// The leases this worker knows, in a fixed number of places: four ways per set, the least recently refreshed goes first.
// Refusals have a table of their own, so that a flood of wrong keys cannot push out good ones. Keys are not kept: a place
// is found by a keyed hash whose key never leaves the VM.
//
//   set = tag & mask     tags    [ t0 t1 t2 t3 | … ]   (u64, u64) a place
//                        leases  [ l0 l1 l2 l3 | … ]

import { Lease } from "./lease";

const WAYS: i32 = 4;

export class LeaseTable {
  private readonly mask: i32;
  private readonly tags: StaticArray<u64>;
  private readonly leases: StaticArray<Lease | null>;

  /** `sets` is a power of two. */
  constructor(sets: i32) {
    this.mask = sets - 1;
    this.tags = new StaticArray<u64>(sets * WAYS * 2);
    this.leases = new StaticArray<Lease | null>(sets * WAYS);
  }

  find(high: u64, low: u64): Lease | null {
    const first = (<i32>low & this.mask) * WAYS;
    for (let place = first; place < first + WAYS; place++) {
      if (unchecked(this.tags[place * 2]) != high || unchecked(this.tags[place * 2 + 1]) != low) continue;
      return unchecked(this.leases[place]);
    }
    return null;
  }

  put(high: u64, low: u64, lease: Lease): void {
    const first = (<i32>low & this.mask) * WAYS;
    let victim = first;
    let oldest = u64.MAX_VALUE;
    for (let place = first; place < first + WAYS; place++) {
      if (unchecked(this.tags[place * 2]) == high && unchecked(this.tags[place * 2 + 1]) == low) {
        victim = place;
        break;
      }
      const other = unchecked(this.leases[place]);
      const age = other == null ? 0 : other.notAfterMs;
      if (age < oldest) {
        oldest = age;
        victim = place;
      }
    }
    unchecked((this.tags[victim * 2] = high));
    unchecked((this.tags[victim * 2 + 1] = low));
    unchecked((this.leases[victim] = lease));
  }

  /** Drops the lease of a key by the key's SHA-256: a scan, for revocations only. */
  drop(digest: usize): void {
    for (let place = 0; place < this.leases.length; place++) {
      const lease = unchecked(this.leases[place]);
      if (lease != null && lease.isOf(digest)) this.empty(place);
    }
  }

  clear(): void {
    for (let place = 0; place < this.leases.length; place++) this.empty(place);
  }

  private empty(place: i32): void {
    unchecked((this.leases[place] = null));
    unchecked((this.tags[place * 2] = 0));
    unchecked((this.tags[place * 2 + 1] = 0));
  }
}
