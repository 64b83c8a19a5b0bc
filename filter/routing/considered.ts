// Which targets were looked at for the last request that was routed, and why those that are not in its plan were left out.

import { LeftOut, ROUTE_TARGETS_MAX } from "../contract";

export class Considered {
  count: i32 = 0;
  private readonly records: StaticArray<usize> = new StaticArray<usize>(ROUTE_TARGETS_MAX);
  private readonly reasons: StaticArray<u8> = new StaticArray<u8>(ROUTE_TARGETS_MAX);
  private seen: u32 = 0;

  begin(): void {
    this.count = 0;
    this.seen = 0;
  }

  add(record: usize, reason: LeftOut): void {
    this.records[this.count] = record;
    this.reasons[this.count++] = <u8>reason;
    this.seen |= 1 << reason;
  }

  recordAt(index: i32): usize {
    return this.records[index];
  }

  reasonAt(index: i32): LeftOut {
    return this.reasons[index];
  }

  /** Whether some target was left out for this. */
  has(reason: LeftOut): bool {
    return (this.seen & (1 << reason)) != 0;
  }
}

export const considered = new Considered();
