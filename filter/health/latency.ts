// How quick targets are, averaged over the last requests of all workers: time to the first content, and tokens a second. Slots of fixed
// size in Envoy's shared data; two targets that want the same slot take it from each other. Streams and whole replies are kept apart.
//
//   slot [ tag | microseconds to the first content | thousandths of tokens a second | requests ]      weight of the newest: 1/8

import { getSharedData, hostLength, hostPointer, setSharedData, sharedDataCas } from "../sdk";

const SLOTS: u32 = 256; // power of two
const TAG: usize = 0;
const FIRST: usize = 8;
const RATE: usize = 16;
const COUNT: usize = 24;
const SLOT_BYTES: i32 = 32;
const SHIFT: u32 = 3;
/** Averages over fewer requests say nothing. */
export const REQUESTS_MIN: i64 = 5;
const STREAM: u64 = 1 << 63;

// "health1/" and two letters
const KEY_BYTES: i32 = 10;
const key: usize = memory.data<u8>([0x68, 0x65, 0x61, 0x6c, 0x74, 0x68, 0x31, 0x2f, 0, 0]);
const slot: usize = heap.alloc(SLOT_BYTES);

export class Latency {
  /** Microseconds; 0 = nothing is known. */
  firstUs: i64 = 0;
  /** Thousandths of a token a second; 0 = nothing is known. */
  rate: i64 = 0;
  requests: i64 = 0;
  private cas: u32 = 0;

  /** Call when the VM starts, as of `Outs`. */
  start(): void {
    writeKey(0);
    if (getSharedData(key, KEY_BYTES)) return;
    for (let i: u32 = 0; i < SLOTS; i++) {
      writeKey(i);
      setSharedData(key, KEY_BYTES, slot, 0, 0);
    }
  }

  /** What is known of a target. */
  load(tag: u64, streams: bool): Latency {
    const own = streams ? tag ^ STREAM : tag;
    this.firstUs = 0;
    this.rate = 0;
    this.requests = 0;
    writeKey(<u32>(own >> 8) & (SLOTS - 1));
    if (!getSharedData(key, KEY_BYTES)) return this;
    this.cas = sharedDataCas();
    if (hostLength() != SLOT_BYTES || load<u64>(hostPointer()) != own) return this;
    this.firstUs = load<i64>(hostPointer(), FIRST);
    this.rate = load<i64>(hostPointer(), RATE);
    this.requests = load<i64>(hostPointer(), COUNT);
    return this;
  }

  /** `rate` 0 = not measured. Afterwards the averages with it are at hand. */
  add(tag: u64, streams: bool, firstUs: i64, rate: i64): void {
    do {
      this.load(tag, streams);
      this.firstUs = average(this.firstUs, firstUs);
      if (rate > 0) this.rate = average(this.rate, rate);
      this.requests++;
    } while (!this.save(tag, streams));
  }

  /** A target that was left for being slow begins anew. */
  reset(tag: u64, streams: bool): void {
    do {
      this.load(tag, streams);
      this.firstUs = 0;
      this.rate = 0;
      this.requests = 0;
    } while (!this.save(tag, streams));
  }

  private save(tag: u64, streams: bool): bool {
    store<u64>(slot, streams ? tag ^ STREAM : tag, TAG);
    store<i64>(slot, this.firstUs, FIRST);
    store<i64>(slot, this.rate, RATE);
    store<i64>(slot, this.requests, COUNT);
    return setSharedData(key, KEY_BYTES, slot, SLOT_BYTES, this.cas);
  }
}

function average(before: i64, value: i64): i64 {
  return before == 0 ? max<i64>(value, 1) : max<i64>(before + ((value - before) >> SHIFT), 1);
}

function writeKey(index: u32): void {
  store<u8>(key, <u8>(0x61 + (index & 15)), 8);
  store<u8>(key, <u8>(0x61 + ((index >> 4) & 15)), 9);
}

export const latency = new Latency();
