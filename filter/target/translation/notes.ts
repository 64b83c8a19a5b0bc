// What the translation of one request has to say beside its body: why it gave up, and which of the client's fields the
// provider does not get. Nothing is lost silently: a dropped field is counted and named in a reply header, or, where the
// model route is strict, refused.

import { ByteWriter } from "../../bytes/byte-writer";

const DETAIL_BYTES_MAX: i32 = 4096;
/** As much of the list as is worth a header; the count goes on. */
const DROPPED_BYTES_MAX: i32 = 512;

export class Notes {
  /** What was wrong, for the client's message (UTF-8, unescaped); empty when the code's own text says it all. */
  readonly detail: ByteWriter = new ByteWriter(DETAIL_BYTES_MAX);
  /** Names of dropped fields: `seed, top_k`. */
  readonly dropped: ByteWriter = new ByteWriter(DROPPED_BYTES_MAX);
  droppedCount: i32 = 0;
  /** The model route wants an error instead of a dropped field. */
  strict: bool = false;

  reset(strict: bool): void {
    this.detail.reset();
    this.dropped.reset();
    this.droppedCount = 0;
    this.strict = strict;
  }

  addDroppedName(name: string): void {
    this.droppedCount++;
    if (this.begin(name.length)) this.dropped.writeAscii(name);
  }

  /** Only what may stand in a header is taken: a name with other bytes counts, unnamed. */
  addDropped(name: usize, length: i32): void {
    this.droppedCount++;
    if (isHeaderText(name, length) && this.begin(length)) this.dropped.writeBytes(name, length);
  }

  private begin(length: i32): bool {
    const list = this.dropped;
    if (list.length + length + 2 > DROPPED_BYTES_MAX) return false;
    if (list.length > 0) list.writeAscii(", ");
    return true;
  }
}

function isHeaderText(pointer: usize, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(pointer + <usize>i);
    if (byte <= 0x20 || byte >= 0x7f || byte == 0x2c) return false;
  }
  return length > 0;
}
