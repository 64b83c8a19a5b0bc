// The slots of targets with capacity in Envoy's shared data: a fixed number, made once before any worker runs, because a first write
// cannot be told from another's; from then on every change is compare-and-swap. A target finds its slot by the hash of its id and keeps
// it; a slot is given to another target only when no worker has anything in it.
//
//   open ─▶ `slot` is a copy ─▶ change it ─▶ save: false when another worker was faster, then begin again

import { CAPACITIES_MAX } from "../contract";
import { sipHash128 } from "../crypto/siphash";
import { getSharedData, hostLength, hostPointer, setSharedData, sharedDataCas } from "../sdk";
import { randomBytes } from "../state/random";
import { isIdle, isOf, Slot, Tally } from "./slot";

/** A power of two: half of it stays empty even with as many targets as may be declared. */
const SLOTS: i32 = 2 * <i32>CAPACITIES_MAX;
const NO_SLOT: i32 = -1;

const KEY_BYTES: i32 = 12;
const key: usize = memory.data<u8>([0x63, 0x61, 0x70, 0x61, 0x63, 0x69, 0x74, 0x79, 0x2f, 0, 0, 0]); // "capacity/" + 3 letters
const MADE_BYTES: i32 = 13;
const MADE: usize = memory.data<u8>([0x63, 0x61, 0x70, 0x61, 0x63, 0x69, 0x74, 0x79, 0x2f, 0x6d, 0x61, 0x64, 0x65]);
/**
 * Ids are operators' own: no secret is needed, but all workers must hash alike. Its last byte numbers the layout of a slot: shared data
 * outlives the filter's code, and no release finds slots of another layout.
 */
const HASH_KEY: usize = memory.data<u8>([115, 108, 117, 105, 99, 101, 32, 99, 97, 112, 97, 99, 105, 116, 121, 49]);
const tag: usize = memory.data(16);
const empty: usize = memory.data(1);

/** Where a target's slot is, as far as this worker knows. */
export class Place {
  index: i32 = NO_SLOT;
  high: u64 = 0;
  low: u64 = 0;

  /** `id` is a str16. */
  constructor(id: usize) {
    sipHash128(HASH_KEY, id + 2, load<u16>(id), tag);
    this.high = load<u64>(tag);
    this.low = load<u64>(tag, 8);
  }
}

export class SharedSlots {
  /** What was opened last. */
  readonly slot: Slot = new Slot();
  private worker: u64 = 0;
  private index: i32 = NO_SLOT;
  private cas: u32 = 0;

  /** Call when the VM starts. Envoy starts one VM, alone, before any worker has one. */
  start(): void {
    randomBytes(tag, 8);
    this.worker = load<u64>(tag);
    if (getSharedData(MADE, MADE_BYTES)) return;
    for (let i = 0; i < SLOTS; i++) {
      writeKey(i);
      setSharedData(key, KEY_BYTES, empty, 0, 0);
    }
    setSharedData(MADE, MADE_BYTES, empty, 0, 0);
  }

  /** False when all slots are in use by other targets. */
  open(place: Place, nowMs: i64): bool {
    if (place.index != NO_SLOT && this.read(place.index) && isOf(hostPointer(), hostLength(), place.high, place.low)) {
      this.slot.read(hostPointer(), hostLength(), this.worker, nowMs);
      return true;
    }
    place.index = this.search(place, nowMs);
    if (place.index == NO_SLOT) return false;
    if (isOf(hostPointer(), hostLength(), place.high, place.low)) {
      this.slot.read(hostPointer(), hostLength(), this.worker, nowMs);
    } else {
      this.slot.begin(place.high, place.low, nowMs);
    }
    return true;
  }

  /** False when another worker wrote since. `own` is what this worker has of it now. */
  save(own: Tally, nowMs: i64): bool {
    const length = this.slot.finish(own, this.worker, nowMs);
    writeKey(this.index);
    return length == 0 || setSharedData(key, KEY_BYTES, this.slot.pointer, length, this.cas);
  }

  /** The target's slot, else one that nobody needs, with its bytes read; NO_SLOT when there is none. */
  private search(place: Place, nowMs: i64): i32 {
    let free = NO_SLOT;
    for (let probe = 0; probe < SLOTS; probe++) {
      const index = (<i32>place.low + probe) & (SLOTS - 1);
      if (!this.read(index)) continue;
      if (isOf(hostPointer(), hostLength(), place.high, place.low)) return index;
      if (free == NO_SLOT && isIdle(hostPointer(), hostLength(), nowMs)) free = index;
      if (hostLength() == 0) break;
    }
    if (free != NO_SLOT) this.read(free);
    return free;
  }

  private read(index: i32): bool {
    this.index = index;
    writeKey(index);
    if (!getSharedData(key, KEY_BYTES)) return false;
    this.cas = sharedDataCas();
    return true;
  }
}

function writeKey(index: i32): void {
  for (let i = 0; i < 3; i++) store<u8>(key + 9 + <usize>i, <u8>(0x61 + ((index >> (i * 4)) & 15)));
}

export const slots = new SharedSlots();
