// The filter's configuration, used in place: flat tables in one block of bytes (ARCHITECTURE.md §2.4). Every bound is
// checked once, here; lookups afterwards only follow offsets. A configuration is never changed: exchanges that run keep
// the one they began with (`retain`/`release`), the last to let go frees the bytes.

import { fnv1a32 } from "../bytes/compare";
import { ClassifierModel } from "../classifier/model";
import {
  CONFIG_FORMAT,
  CONFIG_HEADER_BYTES,
  CONFIG_MAGIC,
  ConfigFlag,
  MODEL_ROUTE_BYTES,
  ROUTE_NAME_BYTES,
  TARGET_HEADER_BYTES,
} from "../contract";
import { Bounds } from "./bounds";
import { checkHeaders, checkNames } from "./check-names";
import { checkModelRoutes } from "./check-routes";

/** Strings of a target record (ARCHITECTURE.md §2.2). */
const TARGET_ID: i32 = 1;
const TARGET_MODEL: i32 = 4;

export class FilterConfig {
  private readonly bytes: usize;
  private references: i32 = 1;
  /** Null where no rule asks what requests are about. */
  classifier: ClassifierModel | null = null;
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

  /** Finds a model route by a public name (UTF-8), whole or by the longest prefix. 0 when there is none. */
  findRoute(name: usize, length: i32): usize {
    const mask = load<u32>(this.bytes, 28) - 1;
    const slots = this.bytes + load<u32>(this.bytes, 32);
    const names = this.bytes + load<u32>(this.bytes, 56);
    let slot = fnv1a32(name, length) & mask;
    for (let probes: u32 = 0; probes <= mask; probes++) {
      const entry = load<u32>(slots + slot * 4);
      if (entry == 0) break;
      const row = names + (entry - 1) * ROUTE_NAME_BYTES;
      const text = this.bytes + load<u32>(row);
      if (<i32>load<u16>(text) == length && memory.compare(text + 2, name, length) == 0) {
        return this.routeAt(load<u32>(row, 4));
      }
      slot = (slot + 1) & mask;
    }
    return this.findPrefix(name, length);
  }

  private findPrefix(name: usize, length: i32): usize {
    let row = this.bytes + load<u32>(this.bytes, 64);
    for (let left = load<u32>(this.bytes, 68); left > 0; left--) {
      const text = this.bytes + load<u32>(row);
      const size: i32 = load<u16>(text);
      if (size <= length && memory.compare(text + 2, name, size) == 0) return this.routeAt(load<u32>(row, 4));
      row += ROUTE_NAME_BYTES;
    }
    return 0;
  }

  /** Names of the client's headers that rules ask for: a u16 count, then a str16 each. */
  get routingHeaders(): usize {
    return this.bytes + load<u32>(this.bytes, 72);
  }
  /** For the views of route-view.ts: what offsets in rules, tiers and members count from. */
  get base(): usize {
    return this.bytes;
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
  /** Of every target that some rule of the route leads to, in no order that counts: its record (ARCHITECTURE.md §2.2). */
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
    const bounds = new Bounds(bytes, length);
    if (!bounds.hasString(load<u32>(bytes, 48))) return this.refuse("header.calloutCluster", "out of bounds");
    if (!bounds.hasString(load<u32>(bytes, 52))) return this.refuse("header.calloutAuthority", "out of bounds");
    const problem = firstProblem(bounds);
    if (problem != null) {
      this.problem = problem;
      return false;
    }
    return load<u32>(bytes, 80) == 0 || this.checkClassifier(bounds);
  }

  /** Only where a rule asks what requests are about. */
  private checkClassifier(bounds: Bounds): bool {
    const offset = bounds.u32(76);
    const length = bounds.u32(80);
    if (!bounds.hasRange(offset, length)) return this.refuse("header.classifier", "out of bounds");
    const classifier = new ClassifierModel(this.bytes + offset, length);
    this.classifier = classifier;
    return classifier.check() || this.refuse("header.classifier", classifier.problem);
  }

  private refuse(path: string, reason: string): bool {
    this.problem = `${path}: ${reason}`;
    return false;
  }
}

function firstProblem(bounds: Bounds): string | null {
  const names = checkNames(bounds);
  if (names != null) return names;
  const headers = checkHeaders(bounds);
  return headers != null ? headers : checkModelRoutes(bounds);
}

function stringOf(first: usize, index: i32): usize {
  let at = first;
  for (let i = 0; i < index; i++) at += 2 + <usize>load<u16>(at);
  return at;
}
