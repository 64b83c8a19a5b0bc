// Finds out who holds an API key: this worker's table, then Envoy's shared data, then one callout per key. One instance
// per VM: leases outlive configurations. It keeps no key, only keyed hashes and SHA-256 digests.
// A lease that is due is refreshed in the background while it still serves; the control plane may be away until notAfter.

import { sha256 } from "../crypto/sha256";
import { sipHash128 } from "../crypto/siphash";
import { BufferKind, getBuffer, hostPointer, noteGarbage, nowMs } from "../sdk";
import { calloutFailuresTotal, leaseCalloutsTotal } from "../telemetry/metrics";
import { CalloutApi } from "./callout-api";
import { DIGEST_BYTES, Lease, makeLease } from "./lease";
import { LeaseTable } from "./lease-table";
import { PendingLease } from "./pending-lease";
import { randomBytes } from "./random";
import { dropSharedLease, findSharedLease, shareLease } from "./shared-leases";

const GRANTED_SETS: i32 = 512; // × 4 ways: what one worker keeps at hand
const REFUSED_SETS: i32 = 64;
const PENDING_MAX: i32 = 64; // keys being asked for at once; more are answered «try again»
const RETRY_MS: u64 = 1000; // between two tries to refresh the same lease
const RECORD_BYTES_MAX: i32 = 16 * 1024;

/** Who waits for a lease; `leaseArrived` is called once, with null when the control plane could not be asked. */
export abstract class LeaseWaiter {
  nextWaiter: LeaseWaiter | null = null;
  abstract leaseArrived(lease: Lease | null): void;
}

export class LeaseClient {
  private readonly granted: LeaseTable = new LeaseTable(GRANTED_SETS);
  private readonly refused: LeaseTable = new LeaseTable(REFUSED_SETS);
  private readonly pending: StaticArray<PendingLease> = new StaticArray<PendingLease>(PENDING_MAX);
  private pendingCount: i32 = 0;
  private readonly secret: usize = heap.alloc(16);
  private readonly tag: usize = heap.alloc(16);
  private readonly digest: usize = heap.alloc(DIGEST_BYTES);
  /** Shared leases fetched before this are not trusted: changes since may have been missed. */
  private trustFromMs: u64 = 0;

  constructor() {
    for (let i = 0; i < PENDING_MAX; i++) unchecked((this.pending[i] = new PendingLease()));
  }

  /** Call once the VM may make host calls. */
  start(): void {
    randomBytes(this.secret, 16);
  }

  /** The lease of a key, or null when it has to be asked for: then call `ask` with the same key. `now`: Unix ms. */
  find(key: usize, length: i32, now: u64): Lease | null {
    sipHash128(this.secret, key, length, this.tag);
    const high = load<u64>(this.tag);
    const low = load<u64>(this.tag, 8);
    let lease = this.granted.find(high, low);
    if (lease == null) lease = this.refused.find(high, low);
    if (lease == null) {
      sha256(key, length, this.digest);
      lease = findSharedLease(this.digest);
      if (lease == null || lease.fetchedMs < this.trustFromMs || now >= lease.notAfterMs) return null;
      this.keep(high, low, lease);
    }
    if (now >= lease.notAfterMs) return null;
    if (now >= lease.nextRefreshMs) this.refresh(key, length, lease, now);
    return lease;
  }

  /** Joins or starts the callout for a key. False when too many keys are being asked for, or none can be. */
  ask(key: usize, length: i32, waiter: LeaseWaiter): bool {
    sha256(key, length, this.digest);
    let entry = this.findPending(this.digest);
    if (entry == null) {
      sipHash128(this.secret, key, length, this.tag);
      entry = this.call(load<u64>(this.tag), load<u64>(this.tag, 8));
      if (entry == null) return false;
    }
    entry.join(waiter);
    return true;
  }

  /** A waiter whose client went away. */
  forget(waiter: LeaseWaiter): void {
    for (let i = 0; i < PENDING_MAX; i++) unchecked(this.pending[i]).leave(waiter);
  }

  /** The answer to a callout of ours; false when the token is not one of them. */
  onCalloutResponse(token: u32, succeeded: bool, bodySize: i32): bool {
    for (let i = 0; i < PENDING_MAX; i++) {
      const entry = unchecked(this.pending[i]);
      if (entry.token != token) continue;
      this.settle(entry, succeeded ? this.readAnswer(entry, bodySize) : null);
      return true;
    }
    return false;
  }

  /** Gives up callouts whose answer never came (their root context went away). Call from the tick. */
  expire(): void {
    if (this.pendingCount == 0) return;
    const now = nowMs();
    for (let i = 0; i < PENDING_MAX; i++) {
      const entry = unchecked(this.pending[i]);
      if (entry.token != 0 && now >= entry.deadlineMs) this.settle(entry, null);
    }
  }

  /** The control plane says that this key's lease changed. */
  drop(digest: usize): void {
    this.granted.drop(digest);
    this.refused.drop(digest);
    dropSharedLease(digest);
    const entry = this.findPending(digest);
    if (entry != null) entry.outdated = true;
  }

  /** The control plane cannot say what changed. */
  dropAll(): void {
    this.granted.clear();
    this.refused.clear();
    this.trustFromMs = nowMs();
    for (let i = 0; i < PENDING_MAX; i++) unchecked(this.pending[i]).outdated = true;
  }

  private refresh(key: usize, length: i32, lease: Lease, now: u64): void {
    lease.nextRefreshMs = now + RETRY_MS;
    sha256(key, length, this.digest);
    if (this.findPending(this.digest) == null) this.call(load<u64>(this.tag), load<u64>(this.tag, 8));
  }

  private call(high: u64, low: u64): PendingLease | null {
    const entry = this.freePlace();
    if (entry == null) return null;
    const token = CalloutApi.askLease(this.digest);
    if (token == 0) {
      calloutFailuresTotal.add(1);
      return null;
    }
    leaseCalloutsTotal.add(1);
    entry.begin(token, this.digest, high, low, nowMs() + <u64>CalloutApi.timeoutMs * 2);
    this.pendingCount++;
    return entry;
  }

  private readAnswer(entry: PendingLease, bodySize: i32): Lease | null {
    if (bodySize <= 0 || bodySize > RECORD_BYTES_MAX) return null;
    const now = nowMs();
    if (!getBuffer(BufferKind.CALLOUT_BODY, 0, bodySize)) return null;
    return makeLease(entry.digest, now, hostPointer(), bodySize);
  }

  private settle(entry: PendingLease, lease: Lease | null): void {
    if (lease == null) {
      calloutFailuresTotal.add(1);
    } else if (!entry.outdated) {
      this.keep(entry.tagHigh, entry.tagLow, lease);
      shareLease(lease);
    }
    const first = entry.end();
    this.pendingCount--;
    for (let waiter = first; waiter != null; ) {
      const next = waiter.nextWaiter;
      waiter.nextWaiter = null;
      waiter.leaseArrived(lease);
      waiter = next;
    }
  }

  private keep(high: u64, low: u64, lease: Lease): void {
    if (lease.granted) {
      this.granted.put(high, low, lease);
    } else {
      this.granted.drop(lease.pointer); // the refreshed lease of a key that is no longer good
      this.refused.put(high, low, lease);
    }
    noteGarbage(lease.byteLength + 64); // what it replaced is about as large
  }

  private findPending(digest: usize): PendingLease | null {
    if (this.pendingCount == 0) return null;
    for (let i = 0; i < PENDING_MAX; i++) {
      const entry = unchecked(this.pending[i]);
      if (entry.token != 0 && memory.compare(entry.digest, digest, DIGEST_BYTES) == 0) return entry;
    }
    return null;
  }

  private freePlace(): PendingLease | null {
    for (let i = 0; i < PENDING_MAX; i++) {
      if (unchecked(this.pending[i]).token == 0) return unchecked(this.pending[i]);
    }
    return null;
  }
}

export const leases = new LeaseClient();
