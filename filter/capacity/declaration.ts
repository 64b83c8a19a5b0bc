// What of a target's capacity this Envoy may use, as the control plane declares it (ARCHITECTURE.md §2.5). Those who hold a share are
// numbered: the priority classes by their rank, behind them the tenants with a share of their own.

import { CAPACITY_HEADER_BYTES, PRIORITY_CLASSES_MAX, RESERVING_TENANTS_MAX } from "../contract";

export const CLASSES: i32 = PRIORITY_CLASSES_MAX;
export const GROUPS: i32 = CLASSES + <i32>RESERVING_TENANTS_MAX;
/** No group. */
export const NO_GROUP: i32 = -1;

const PERCENTS: usize = 20;
const TENANTS: usize = 28;

export class Declaration {
  readonly maxWaiting: i32;
  /** 0 = nobody waits. */
  readonly maxWaitMs: i64;
  /** 0 = not limited. */
  readonly tokensPerMinute: i64;
  readonly concurrentRequests: i32;
  readonly tenants: i32;
  private readonly percents: StaticArray<u8> = new StaticArray<u8>(GROUPS);

  /** `pointer` has to outlive it. */
  constructor(private readonly pointer: usize) {
    this.maxWaiting = load<u16>(pointer, 2);
    this.maxWaitMs = load<u32>(pointer, 4);
    this.tokensPerMinute = load<u64>(pointer, 8);
    this.concurrentRequests = load<i32>(pointer, 16);
    this.tenants = load<u8>(pointer, TENANTS);
    for (let i = 0; i < CLASSES; i++) unchecked((this.percents[i] = load<u8>(pointer + <usize>i, PERCENTS)));
    let tenant = this.firstTenant;
    for (let i = 0; i < this.tenants; i++) {
      unchecked((this.percents[CLASSES + i] = load<u8>(tenant)));
      tenant = skipTenant(tenant);
    }
  }

  /** str16 */
  get target(): usize {
    return this.pointer + CAPACITY_HEADER_BYTES;
  }

  percentOf(group: i32): i64 {
    return unchecked(this.percents[group]);
  }

  /** Of a tenant (str16) that has a share of its own; else NO_GROUP. */
  groupOf(tenant: usize): i32 {
    const length: i32 = load<u16>(tenant);
    let at = this.firstTenant;
    for (let i = 0; i < this.tenants; i++) {
      if (load<u16>(at, 1) == <u16>length && memory.compare(at + 3, tenant + 2, length) == 0) return CLASSES + i;
      at = skipTenant(at);
    }
    return NO_GROUP;
  }

  /** Whether its tenants have the same numbers. */
  numbersLike(other: Declaration): bool {
    if (this.tenants != other.tenants) return false;
    let at = this.firstTenant;
    for (let i = 0; i < this.tenants; i++) {
      if (other.groupOf(at + 1) != CLASSES + i) return false;
      at = skipTenant(at);
    }
    return true;
  }

  private get firstTenant(): usize {
    return this.target + 2 + <usize>load<u16>(this.target);
  }
}

/** A tenant is its percentage, then its id as str16. */
function skipTenant(at: usize): usize {
  return at + 3 + <usize>load<u16>(at, 1);
}

/** The offset behind the declaration at `at`; -1 when it is not whole. */
export function endOfDeclaration(bytes: usize, at: i32, length: i32): i32 {
  if (at + <i32>CAPACITY_HEADER_BYTES + 2 > length) return -1;
  const end = at + <i32>load<u16>(bytes + <usize>at);
  const tenants: i32 = load<u8>(bytes + <usize>at, TENANTS);
  if (end > length || tenants > <i32>RESERVING_TENANTS_MAX) return -1;
  let field = at + <i32>CAPACITY_HEADER_BYTES;
  if (field + 2 > end) return -1;
  field += 2 + <i32>load<u16>(bytes + <usize>field);
  for (let i = 0; i < tenants; i++) {
    if (field + 3 > end) return -1;
    field += 3 + <i32>load<u16>(bytes + <usize>field, 1);
  }
  return field == end ? end : -1;
}
