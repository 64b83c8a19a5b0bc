// One callout for grants that is under way: which slots it spoke of, and what it said. Writes the request, reads the reply
// (ARCHITECTURE.md §2.5), and changes no slot.

import { ByteWriter } from "../bytes/byte-writer";
import {
  GRANT_ENTRIES_MAX,
  GRANT_REPLY_BYTES,
  GRANTS_FORMAT,
  GRANTS_REPLY_HEADER_BYTES,
  GrantFlag,
  GrantOutcome,
} from "../contract";
import { NONCE_BYTES } from "./shared-slots";
import { NO_WINDOW, Slot } from "./slot";

const ENTRIES_MAX: i32 = GRANT_ENTRIES_MAX;
const REQUEST_BYTES_MAX: i32 = 16 * 1024;
const NEVER: u64 = u64.MAX_VALUE;

/** What an entry of the reply says; times are Unix ms of the ledger. */
export class GrantReply {
  outcome: i32 = GrantOutcome.LOST;
  sequence: i64 = 0;
  windowStart: i64 = 0;
  /** i64.MAX_VALUE = never. */
  windowEnd: i64 = 0;
  allocated: i64 = 0;
  remaining: i64 = 0;
  limit: i64 = 0;
  notAfter: i64 = 0;
}

export class GrantAsk {
  /** The host's token; 0 = this place is free. */
  token: u32 = 0;
  /** Rises with every ask of this worker. */
  serial: i64 = 0;
  /** Monotonic ms. */
  sentMs: i64 = 0;
  deadlineMs: i64 = 0;
  count: i32 = 0;
  /** The ledger's clock in the reply. */
  ledgerMs: i64 = 0;
  readonly slots: StaticArray<i32> = new StaticArray<i32>(ENTRIES_MAX);
  readonly tags: StaticArray<u64> = new StaticArray<u64>(ENTRIES_MAX);
  readonly windows: StaticArray<i64> = new StaticArray<i64>(ENTRIES_MAX);
  readonly used: StaticArray<i64> = new StaticArray<i64>(ENTRIES_MAX);
  readonly floors: StaticArray<i64> = new StaticArray<i64>(ENTRIES_MAX);

  get isFull(): bool {
    return this.count == ENTRIES_MAX;
  }

  begin(nonce: usize): GrantAsk {
    this.count = 0;
    body.reset();
    body.writeU16(GRANTS_FORMAT);
    body.writeU16(0);
    body.writeU32(0);
    body.writeBytes(nonce, NONCE_BYTES);
    return this;
  }

  /** `start` NO_WINDOW = the current window, of which nothing is known. */
  add(index: i32, slot: Slot, start: i64, used: i64, floor: i64, wanted: i64, allocated: i64, isAlone: bool): void {
    const i = this.count++;
    this.slots[i] = index;
    this.tags[i] = slot.tag;
    this.windows[i] = start;
    this.used[i] = used;
    this.floors[i] = floor;
    const isNamed = start != NO_WINDOW;
    body.writeU32(slot.stamp);
    body.writeU32((isNamed ? GrantFlag.WINDOW : 0) | (isAlone ? GrantFlag.ALONE : 0));
    body.writeU64(isNamed ? start : 0);
    body.writeU64(slot.sequence);
    body.writeU64(used);
    body.writeU64(floor);
    body.writeU64(wanted);
    body.writeU64(allocated);
    body.writeString16(slot.idPointer, slot.idLength);
  }

  /** The request's body; one ask is written at a time. */
  finish(): ByteWriter {
    store<u16>(body.pointer, <u16>this.count, 2);
    return body;
  }

  /** False when the bytes are no reply to this ask. */
  accepts(bytes: usize, length: i32): bool {
    if (length != <i32>GRANTS_REPLY_HEADER_BYTES + this.count * <i32>GRANT_REPLY_BYTES) return false;
    if (load<u8>(bytes) != <u8>GRANTS_FORMAT || load<u16>(bytes, 2) != <u16>this.count) return false;
    this.ledgerMs = load<i64>(bytes, 8);
    return true;
  }

  /** False when the entry is none that a ledger can have meant: then it is LOST. */
  read(bytes: usize, i: i32, reply: GrantReply): bool {
    const at = bytes + <usize>GRANTS_REPLY_HEADER_BYTES + <usize>i * GRANT_REPLY_BYTES;
    reply.outcome = load<u8>(at);
    if (reply.outcome >= GrantOutcome.GONE) return reply.outcome <= GrantOutcome.LOST;
    reply.sequence = load<i64>(at, 8);
    reply.windowStart = load<i64>(at, 16);
    const end = load<u64>(at, 24);
    reply.windowEnd = end == NEVER ? i64.MAX_VALUE : <i64>end;
    reply.allocated = load<i64>(at, 32);
    reply.remaining = load<i64>(at, 40);
    reply.limit = load<i64>(at, 48);
    reply.notAfter = load<i64>(at, 56);
    return reply.allocated >= 0 && reply.remaining >= 0 && reply.limit >= 0 && reply.windowEnd >= reply.windowStart;
  }

  /** A time of the ledger's on this Envoy's monotonic clock, rather too early than too late. */
  here(ledgerTime: i64): i64 {
    if (ledgerTime == i64.MAX_VALUE) return ledgerTime;
    return this.sentMs + (ledgerTime - this.ledgerMs);
  }
}

const body = new ByteWriter(REQUEST_BYTES_MAX);
