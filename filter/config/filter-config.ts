// The filter's configuration, used in place: flat tables in one block of bytes (ARCHITECTURE.md §2.4). Every bound is
// checked once, here; lookups afterwards only follow offsets. A configuration is never changed: exchanges that run keep
// the one they began with (`retain`/`release`), the last to let go frees the bytes.

import { fnv1a32 } from "../bytes/compare";
import {
  BILL_HEADER_BYTES,
  CONFIG_FORMAT,
  CONFIG_HEADER_BYTES,
  CONFIG_MAGIC,
  ConfigFlag,
  MODEL_ROUTE_BYTES,
  PRICE_LIST_BYTES,
  TARGET_HEADER_BYTES,
  TARGETS_MAX,
} from "../contract";

/** Strings of a target record (ARCHITECTURE.md §2.2). */
const TARGET_STRINGS: i32 = 6;
const TARGET_ID: i32 = 1;
const TARGET_MODEL: i32 = 4;
/** Of a bill record. */
const BILL_STRINGS: i32 = 2;

export class FilterConfig {
  private readonly bytes: usize;
  private references: i32 = 1;
  /** Why `check` refused, as a path and a reason for the operator; empty while it has not. */
  problem: string = "";

  /** Takes ownership of a heap block of `length` bytes. */
  constructor(
    bytes: usize,
    readonly length: u32,
  ) {
    this.bytes = bytes;
  }

  retain(): FilterConfig {
    this.references++;
    return this;
  }

  release(): void {
    if (--this.references == 0) heap.free(this.bytes);
  }

  get revision(): u64 {
    return load<u64>(this.bytes, 8);
  }
  get routeCount(): u32 {
    return load<u32>(this.bytes, 20);
  }
  get requestBodyBytesMax(): u32 {
    return load<u32>(this.bytes, 36);
  }
  get calloutTimeoutMs(): u32 {
    return load<u32>(this.bytes, 40);
  }
  /** Whether Envoy's access log takes usage events from filter state. */
  get logsUsage(): bool {
    return (load<u32>(this.bytes, 44) & ConfigFlag.LOGS_USAGE) != 0;
  }
  /** str16 */
  get calloutCluster(): usize {
    return this.bytes + load<u32>(this.bytes, 48);
  }
  /** str16 */
  get calloutAuthority(): usize {
    return this.bytes + load<u32>(this.bytes, 52);
  }

  /** The model route at a table position, as a pointer for the `route…` functions below. */
  routeAt(index: u32): usize {
    return this.bytes + load<u32>(this.bytes, 24) + index * MODEL_ROUTE_BYTES;
  }

  /** Finds a model route by its public name (UTF-8). 0 when there is none. */
  findRoute(name: usize, length: i32): usize {
    const mask = load<u32>(this.bytes, 28) - 1;
    const slots = this.bytes + load<u32>(this.bytes, 32);
    let slot = fnv1a32(name, length) & mask;
    for (let probes: u32 = 0; probes <= mask; probes++) {
      const entry = load<u32>(slots + slot * 4);
      if (entry == 0) return 0;
      const route = this.routeAt(entry - 1);
      if (this.routeNameLength(route) == length && memory.compare(this.routeName(route), name, length) == 0) {
        return route;
      }
      slot = (slot + 1) & mask;
    }
    return 0;
  }

  routeName(route: usize): usize {
    return this.bytes + load<u32>(route) + 2;
  }
  routeNameLength(route: usize): i32 {
    return load<u16>(this.bytes + load<u32>(route));
  }
  /** Bits of the enumeration RouteFlag. */
  routeFlags(route: usize): u32 {
    return load<u32>(route, 4);
  }
  routePerTryTimeoutMs(route: usize): u32 {
    return load<u32>(route, 8);
  }
  routeTargetCount(route: usize): i32 {
    return load<i32>(route, 12);
  }
  routeCreated(route: usize): u32 {
    return load<u32>(route, 20);
  }
  /** The target record (ARCHITECTURE.md §2.2) at a position in the route's order. */
  routeTarget(route: usize, index: i32): usize {
    return this.bytes + load<u32>(this.bytes + load<u32>(route, 16) + <u32>index * 4);
  }

  /** str16 */
  targetId(record: usize): usize {
    return stringOf(record + TARGET_HEADER_BYTES, TARGET_ID);
  }
  /** str16, JSON-escaped. */
  targetModel(record: usize): usize {
    return stringOf(record + TARGET_HEADER_BYTES, TARGET_MODEL);
  }

  /** Checks every offset and length once; false leaves the reason in `problem`. */
  check(): bool {
    const bytes = this.bytes;
    const length = this.length;
    if (length < CONFIG_HEADER_BYTES) return this.refuse("header", "shorter than its header");
    if (load<u32>(bytes) != CONFIG_MAGIC) return this.refuse("header.magic", "not a Sluice configuration");
    if (load<u16>(bytes, 4) != <u16>CONFIG_FORMAT) {
      return this.refuse("header.format", "written for another version of the filter");
    }
    if (load<u32>(bytes, 16) != length) return this.refuse("header.totalLength", "cut or padded");
    if (!this.checkString(load<u32>(bytes, 48))) return this.refuse("header.calloutCluster", "out of bounds");
    if (!this.checkString(load<u32>(bytes, 52))) return this.refuse("header.calloutAuthority", "out of bounds");
    return this.checkSlots() && this.checkRoutes();
  }

  private checkSlots(): bool {
    const count = load<u32>(this.bytes, 28);
    const routes = this.routeCount;
    if (count < 2 || (count & (count - 1)) != 0 || <u64>count < <u64>routes * 2) {
      return this.refuse("header.hashSlots", "not a power of two of at least twice the model routes");
    }
    if (!this.checkRange(load<u32>(this.bytes, 32), <u64>count * 4)) {
      return this.refuse("header.hashSlots", "out of bounds");
    }
    const slots = this.bytes + load<u32>(this.bytes, 32);
    let used: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const entry = load<u32>(slots + i * 4);
      if (entry > routes) return this.refuse(`hashSlots[${i}]`, "names no model route");
      if (entry != 0) used++;
    }
    if (used != routes) return this.refuse("hashSlots", "do not hold every model route once");
    return true;
  }

  private checkRoutes(): bool {
    if (!this.checkRange(load<u32>(this.bytes, 24), <u64>this.routeCount * MODEL_ROUTE_BYTES)) {
      return this.refuse("modelRoutes", "out of bounds");
    }
    for (let i: u32 = 0; i < this.routeCount; i++) {
      const route = this.routeAt(i);
      if (!this.checkString(load<u32>(route))) return this.refuse(`modelRoutes[${i}].name`, "out of bounds");
      const targets = load<u32>(route, 12);
      if (targets == 0 || targets > TARGETS_MAX) {
        return this.refuse(`modelRoutes[${i}].targets`, "must be 1 to 16 targets");
      }
      if (!this.checkRange(load<u32>(route, 16), <u64>targets * 4)) {
        return this.refuse(`modelRoutes[${i}].targets`, "out of bounds");
      }
      for (let t: u32 = 0; t < targets; t++) {
        if (!this.checkTarget(load<u32>(this.bytes + load<u32>(route, 16) + t * 4))) {
          return this.refuse(`modelRoutes[${i}].targets[${t}]`, "not a whole target record");
        }
      }
    }
    return true;
  }

  private checkTarget(offset: u32): bool {
    if (!this.checkRange(offset, TARGET_HEADER_BYTES)) return false;
    const record = this.bytes + offset;
    const length: u32 = load<u16>(record);
    if (!this.checkRange(offset, length)) return false;
    if (endOfStrings(record, TARGET_HEADER_BYTES, TARGET_STRINGS, length) != length) return false;
    return this.checkBill(offset + length);
  }

  /** The bill record stands right behind its target's. */
  private checkBill(offset: u32): bool {
    if (!this.checkRange(offset, BILL_HEADER_BYTES)) return false;
    const bill = this.bytes + offset;
    const length: u32 = load<u16>(bill);
    if (!this.checkRange(offset, length)) return false;
    const lists = endOfStrings(bill, BILL_HEADER_BYTES, BILL_STRINGS, length);
    return lists > 0 && lists + <u32>load<u8>(bill, 2) * PRICE_LIST_BYTES == length;
  }

  private checkString(offset: u32): bool {
    return this.checkRange(offset, 2) && this.checkRange(offset, 2 + <u64>load<u16>(this.bytes + offset));
  }

  private checkRange(offset: u32, size: u64): bool {
    return offset >= CONFIG_HEADER_BYTES && <u64>offset + size <= <u64>this.length;
  }

  private refuse(path: string, reason: string): bool {
    this.problem = `${path}: ${reason}`;
    return false;
  }
}

/** The offset behind so many str16 of a record; 0 when they do not lie within its length. */
function endOfStrings(record: usize, from: u32, count: i32, length: u32): u32 {
  let field = from;
  for (let i = 0; i < count; i++) {
    if (field + 2 > length) return 0;
    field += 2 + <u32>load<u16>(record + field);
  }
  return field <= length ? field : 0;
}

function stringOf(first: usize, index: i32): usize {
  let at = first;
  for (let i = 0; i < index; i++) at += 2 + <usize>load<u16>(at);
  return at;
}
