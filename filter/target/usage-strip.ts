// Takes the chunk that only tells usage out of a stream whose client did not ask for it. What goes on are whole events alone:
// the beginning of one may be the beginning of that chunk, and no client can use it before its end anyway.
//
//   data: {…"choices":[{…}]}⏎⏎ data: {…"choices":[],"usage":{…}}⏎⏎ data: [DO
//   └──────── goes on ────────┘ └──────────── dropped ──────────────┘ └ kept for the next bytes

import { ByteWriter } from "../bytes/byte-writer";
import { SSE_EVENT_BYTES_MAX } from "../contract";
import { mentionsUsage } from "../usage/mentions-usage";
import { Fields } from "./translation/value";

const chunk = new Fields();
const choices = chunk.add("choices");
const usage = chunk.add("usage");

/** `{"choices":[],"usage":{…}}` and what is beside it. */
export function isUsageChunk(data: usize, length: i32): bool {
  if (!mentionsUsage(data, length) || !chunk.read(data, length)) return false;
  return usage.isObject && choices.isArray && choices.isEmpty;
}

export class UsageStrip {
  /** What goes on is not what came. */
  changed: bool = false;
  /** The beginning of an event that is not whole yet. */
  private readonly beginning: ByteWriter = new ByteWriter(SSE_EVENT_BYTES_MAX);
  private from: usize = 0;
  private end: usize = 0;

  reset(): void {
    this.changed = false;
    this.beginning.release();
  }

  push(pointer: usize, length: i32): void {
    if (this.beginning.length > 0) this.changed = true;
    this.from = pointer;
    this.end = pointer + <usize>length;
  }

  /** What is in front of `to` is no part of an event; 0 = there is nothing. */
  quiet(to: usize, out: ByteWriter): void {
    if (to > this.from) this.event(to, false, out);
  }

  /** An event ends at `to`. */
  event(to: usize, drops: bool, out: ByteWriter): void {
    if (drops) {
      this.changed = true;
    } else {
      out.writeBytes(this.beginning.pointer, this.beginning.length);
      out.writeBytes(this.from, <i32>(to - this.from));
    }
    this.beginning.reset();
    this.from = to;
  }

  /** The bytes are used up. */
  rest(): void {
    if (this.from == this.end) return;
    this.changed = true;
    this.beginning.writeBytes(this.from, <i32>(this.end - this.from));
    this.from = this.end;
  }

  /** Nothing more is held: the stream has ended, or is no stream of events. */
  finish(drops: bool, out: ByteWriter): void {
    if (this.beginning.length > 0) this.changed = true;
    this.event(this.end, drops, out);
  }
}
