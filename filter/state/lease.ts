// One lease: who holds an API key and what it may call (ARCHITECTURE.md §2.5). The record is kept as it came from the
// control plane and read in place. A refreshed lease is a new object: exchanges keep the one they began with.
//
//   record   [ SHA-256 of the key, 32 bytes | fetched at, u64 Unix ms | lease record as in §2.5 ]

import { BUDGET_HEADER_BYTES, BudgetMeasure, LEASE_BUDGETS_MAX, LEASE_FORMAT, LeaseStatus } from "../contract";

export const DIGEST_BYTES: i32 = 32;
const PREFIX_BYTES: i32 = DIGEST_BYTES + 8;
const HEADER_BYTES: i32 = 28;
/** In front of the model patterns: tenant, department, application, consumer, key, seal key. */
const STRINGS: i32 = 6;

export class Lease {
  /** Unix milliseconds before which no further refresh is tried; moved on by every try. */
  nextRefreshMs: u64;
  /** How many patterns the tenant has of models that it prefers, and the first of them (str16). */
  readonly preferenceCount: i32;
  readonly firstPreference: usize;
  /** How many budgets limit the key, and the first of them. */
  readonly budgetCount: i32;
  readonly firstBudget: usize;

  constructor(readonly record: StaticArray<u8>) {
    const body = changetype<usize>(record) + PREFIX_BYTES;
    this.nextRefreshMs = load<u64>(body, 4);
    const preferences = behindLevels(body);
    this.preferenceCount = load<u16>(preferences);
    this.firstPreference = preferences + 2;
    const budgets = skipList(preferences);
    this.budgetCount = load<u16>(budgets);
    this.firstBudget = budgets + 2;
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

  /** Whether this public model name is covered at every level by a pattern (a name, or a prefix ending in `*`). */
  allowsModel(name: usize, length: i32): bool {
    let at = skip(this.sealKey);
    for (let level = this.levels; level > 0; level--) {
      let isCovered = false;
      let patterns = load<u16>(at);
      for (at += 2; patterns > 0; patterns--) {
        if (!isCovered) isCovered = covers(at + 2, load<u16>(at), name, length);
        at = skip(at);
      }
      if (!isCovered) return false;
    }
    return true;
  }

  allowsOperation(operation: i32): bool {
    return ((load<u64>(this.body, 20) >> operation) & 1) != 0;
  }

  /** Of the enumeration Priority. */
  get priority(): i32 {
    return load<u8>(this.body, 2);
  }

  /** str16, empty where there is none: who is behind the key, from the widest circle to the key itself. */
  get tenant(): usize {
    return this.body + HEADER_BYTES;
  }
  get department(): usize {
    return skip(this.tenant);
  }
  get application(): usize {
    return skip(this.department);
  }
  get consumer(): usize {
    return skip(this.application);
  }
  get keyId(): usize {
    return skip(this.consumer);
  }

  /** str16: the key that seals ids of provider-side state for this consumer; empty in a refusal. */
  get sealKey(): usize {
    return skip(this.keyId);
  }

  private get levels(): i32 {
    return load<u8>(this.body, 3);
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
  let at = skipStrings(bytes, HEADER_BYTES, STRINGS, length);
  // The levels, and behind them what the tenant prefers.
  for (let list: i32 = load<u8>(bytes, 3) + 1; list > 0; list--) {
    if (at < 0 || at + 2 > length) return false;
    at = skipStrings(bytes, at + 2, load<u16>(bytes + <usize>at), length);
  }
  if (at < 0 || at + 2 > length || load<u16>(bytes + <usize>at) > <u16>LEASE_BUDGETS_MAX) return false;
  let budgets: i32 = load<u16>(bytes + <usize>at);
  for (at += 2; budgets > 0 && at > 0; budgets--) at = skipBudget(bytes, at, length);
  return at == length;
}

/** The offset behind a budget; -1 when it is not whole. */
function skipBudget(bytes: usize, at: i32, length: i32): i32 {
  if (at + <i32>BUDGET_HEADER_BYTES > length) return -1;
  const end = at + <i32>load<u16>(bytes + <usize>at);
  if (end > length || load<u8>(bytes + <usize>at, 2) > <u8>BudgetMeasure.COST) return -1;
  const patterns = skipStrings(bytes, at + BUDGET_HEADER_BYTES, 1, end);
  if (patterns < 0 || patterns + 2 > end) return -1;
  return skipStrings(bytes, patterns + 2, load<u16>(bytes + <usize>patterns), end) == end ? end : -1;
}

function behindLevels(body: usize): usize {
  let at = body + HEADER_BYTES;
  for (let i = 0; i < STRINGS; i++) at = skip(at);
  for (let level: i32 = load<u8>(body, 3); level > 0; level--) at = skipList(at);
  return at;
}

/** Behind a count and so many str16. */
function skipList(list: usize): usize {
  let at = list + 2;
  for (let left: i32 = load<u16>(list); left > 0; left--) at = skip(at);
  return at;
}

/** The offset behind so many str16; -1 when they do not lie within `length`. */
function skipStrings(bytes: usize, from: i32, count: i32, length: i32): i32 {
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + 2 > length) return -1;
    at += 2 + <i32>load<u16>(bytes + <usize>at);
    if (at > length) return -1;
  }
  return at;
}

function skip(string16: usize): usize {
  return string16 + 2 + <usize>load<u16>(string16);
}

/** A name, or a prefix that ends in `*`. */
export function covers(pattern: usize, patternLength: i32, name: usize, length: i32): bool {
  if (patternLength > 0 && load<u8>(pattern + <usize>patternLength - 1) == 0x2a /* * */) {
    return length >= patternLength - 1 && memory.compare(pattern, name, patternLength - 1) == 0;
  }
  return patternLength == length && memory.compare(pattern, name, length) == 0;
}
