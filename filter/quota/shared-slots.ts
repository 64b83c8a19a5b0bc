// The slots of budgets in Envoy's shared data: a fixed number, found by the hash of a budget's id, four ways a set. They are made once,
// before any worker runs, because a first write cannot be told from another's; from then on every change is compare-and-swap.
// A slot is given to another budget only when nobody misses it.
//
//   find or load ─▶ `slot` is a copy ─▶ change it ─▶ save: false when another worker was faster, then begin again

import { sipHash128 } from "../crypto/siphash";
import { getSharedData, hostLength, hostPointer, setSharedData, sharedDataCas } from "../sdk";
import { randomBytes } from "../state/random";
import { SLOT_BYTES, Slot } from "./slot";

const SETS: i32 = 1024; // power of two; with 4 ways and 448 bytes 1.8 MB for the whole Envoy
const WAYS: i32 = 4;
export const SLOTS: i32 = SETS * WAYS;
/** No slot is free for the budget. */
export const NO_SLOT: i32 = -1;
export const NONCE_BYTES: i32 = 16;

// "grant1/" + slot, 3 letters, and "grant1/holder". The digit is the layout of a slot: shared data outlives the filter's code, and no
// release may find slots, or be a holder, of another layout.
const KEY_BYTES: i32 = 10;
const key: usize = memory.data<u8>([0x67, 0x72, 0x61, 0x6e, 0x74, 0x31, 0x2f, 0, 0, 0]);
const HOLDER_BYTES: i32 = 13;
const HOLDER: usize = memory.data<u8>([0x67, 0x72, 0x61, 0x6e, 0x74, 0x31, 0x2f, 0x68, 0x6f, 0x6c, 0x64, 0x65, 0x72]);
/** Ids are operators' own: no secret is needed, but all workers must hash alike. */
const HASH_KEY: usize = memory.data<u8>([115, 108, 117, 105, 99, 101, 32, 98, 117, 100, 103, 101, 116, 115, 32, 49]);
const tag: usize = memory.data(16);
const empty: usize = memory.data(1);
const fresh: usize = heap.alloc(SLOT_BYTES);

export class SharedSlots {
  /** What was found or loaded last; a copy, good until the callback ends. */
  readonly slot: Slot = new Slot();
  readonly nonce: usize = heap.alloc(NONCE_BYTES);
  private index: i32 = NO_SLOT;
  private cas: u32 = 0;
  private isNew: bool = false;

  /** Call when the VM starts. Envoy starts one VM, alone, before any worker has one. */
  start(): void {
    if (!getSharedData(HOLDER, HOLDER_BYTES)) {
      for (let i = 0; i < SLOTS; i++) {
        writeKey(i);
        setSharedData(key, KEY_BYTES, empty, 0, 0);
      }
      randomBytes(this.nonce, NONCE_BYTES);
      setSharedData(HOLDER, HOLDER_BYTES, this.nonce, NONCE_BYTES, 0);
    }
    if (getSharedData(HOLDER, HOLDER_BYTES)) memory.copy(this.nonce, hostPointer(), NONCE_BYTES);
  }

  /** The slot of a budget in `slot`, made if there is none. `id` is a str16. NO_SLOT when all of its set are in use. */
  find(id: usize, nowMs: i64): i32 {
    while (true) {
      const index = this.search(id, nowMs);
      if (index == NO_SLOT || !this.isNew) return index;
      // Saved before it is used; another worker may want the same place.
      this.save();
    }
  }

  private search(id: usize, nowMs: i64): i32 {
    this.isNew = false;
    sipHash128(HASH_KEY, id + 2, load<u16>(id), tag);
    const high = load<u64>(tag);
    const low = load<u64>(tag, 8);
    const first = (<i32>low & (SETS - 1)) * WAYS;
    let free = NO_SLOT;
    for (let i = first; i < first + WAYS; i++) {
      if (!this.read(i)) {
        if (free == NO_SLOT) free = i;
        continue;
      }
      if (this.slot.is(high, low)) return i;
      if (free == NO_SLOT && this.slot.isIdle(nowMs)) free = i;
    }
    if (free == NO_SLOT) return NO_SLOT;
    const wasUsed = this.read(free);
    if (wasUsed && this.slot.is(high, low)) return free;
    if (wasUsed && !this.slot.isIdle(nowMs)) return this.search(id, nowMs);
    // A budget that comes back after another had its place is another holder to the ledger.
    const stamp: u32 = wasUsed ? this.slot.stamp + WAYS : free - first;
    this.slot.at(fresh).begin(high, low, stamp, id);
    this.isNew = true;
    return free;
  }

  /** False when the slot is not this budget's any more. */
  load(index: i32, tag: u64): bool {
    return this.read(index) && this.slot.tag == tag;
  }

  /** False when another worker wrote since. */
  save(): bool {
    writeKey(this.index);
    return setSharedData(key, KEY_BYTES, this.slot.pointer, SLOT_BYTES, this.cas);
  }

  /** False when the slot is nobody's. */
  private read(index: i32): bool {
    this.index = index;
    writeKey(index);
    if (!getSharedData(key, KEY_BYTES)) return false;
    this.cas = sharedDataCas();
    if (hostLength() != SLOT_BYTES) return false;
    this.slot.at(hostPointer());
    return true;
  }
}

function writeKey(index: i32): void {
  for (let i = 0; i < 3; i++) store<u8>(key + 7 + <usize>i, <u8>(0x61 + ((index >> (i * 4)) & 15)));
}

export const slots = new SharedSlots();
