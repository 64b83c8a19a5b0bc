// Stream contexts by the host's id: open addressing, linear probing, deletion by shifting back, so that it neither
// allocates per stream nor fills with tombstones. Grows by doubling at 3/4 load and never shrinks.
//
//   slot = id & mask     ids     [ 0 | 17 | 33 | 0 | … ]      0 = free
//                        values  [   | a  | b  |   | … ]

import { StreamContext } from "./context";

const SLOTS_FIRST: i32 = 1024; // power of two

export class StreamTable {
  size: i32 = 0;
  private mask: i32 = SLOTS_FIRST - 1;
  private ids: StaticArray<u32> = new StaticArray<u32>(SLOTS_FIRST);
  private values: StaticArray<StreamContext | null> = new StaticArray<StreamContext | null>(SLOTS_FIRST);

  get(id: u32): StreamContext | null {
    const ids = this.ids;
    const mask = this.mask;
    let slot = <i32>id & mask;
    while (true) {
      const found = unchecked(ids[slot]);
      if (found == id) return unchecked(this.values[slot]);
      if (found == 0) return null;
      slot = (slot + 1) & mask;
    }
  }

  set(id: u32, value: StreamContext): void {
    if ((this.size + 1) * 4 > (this.mask + 1) * 3) this.grow();
    this.put(id, value);
    this.size++;
  }

  remove(id: u32): void {
    const mask = this.mask;
    let hole = <i32>id & mask;
    while (unchecked(this.ids[hole]) != id) {
      if (unchecked(this.ids[hole]) == 0) return;
      hole = (hole + 1) & mask;
    }
    let slot = hole;
    while (true) {
      slot = (slot + 1) & mask;
      const other = unchecked(this.ids[slot]);
      if (other == 0) break;
      const home = <i32>other & mask;
      // Move back only what would still be found from its home slot.
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        unchecked((this.ids[hole] = other));
        unchecked((this.values[hole] = this.values[slot]));
        hole = slot;
      }
    }
    unchecked((this.ids[hole] = 0));
    unchecked((this.values[hole] = null));
    this.size--;
  }

  private put(id: u32, value: StreamContext): void {
    let slot = <i32>id & this.mask;
    while (unchecked(this.ids[slot]) != 0) slot = (slot + 1) & this.mask;
    unchecked((this.ids[slot] = id));
    unchecked((this.values[slot] = value));
  }

  private grow(): void {
    const ids = this.ids;
    const values = this.values;
    const slots = (this.mask + 1) * 2;
    this.mask = slots - 1;
    this.ids = new StaticArray<u32>(slots);
    this.values = new StaticArray<StreamContext | null>(slots);
    for (let i = 0; i < ids.length; i++) {
      if (unchecked(ids[i]) != 0) this.put(unchecked(ids[i]), unchecked(values[i])!);
    }
  }
}
