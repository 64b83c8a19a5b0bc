// Replaces spans of a text and leaves every other byte as it is: how a body is edited without being parsed and written
// again. Edits come in ascending order and do not overlap; one that does not, or one too many, sets `failed`, and then
// nothing is written. It keeps pointers only: the text and the replacements must live until the write.
//
//   body   [ ……… | old | ……… | old | ………………… ]            writePrefixTo: everything up to prefixEnd(), edited
//                 edit 0       edit 1 ↑ prefixEnd()          writeTo: the whole body, edited

import { ByteWriter } from "../bytes/byte-writer";

/** Nobody edits more places of one body: model, a prompt, stream options, a limit. */
const EDITS_MAX: i32 = 8;

// One edit in the table: the span of the body, and what stands there instead.
const START: usize = 0;
const END: usize = 4;
const POINTER: usize = 8;
const LENGTH: usize = 12;
const EDIT_BYTES: usize = 16;

export class Splicer {
  /** How many bytes the edits add to the body; negative when they shorten it. */
  delta: i32 = 0;
  /** An edit was refused: the edits are not what the caller meant, so the result must not be sent. */
  failed: bool = false;
  private body: usize = 0;
  private length: i32 = 0;
  private count: i32 = 0;
  private readonly edits: usize = heap.alloc(<usize>EDITS_MAX * EDIT_BYTES);

  begin(body: usize, length: i32): void {
    this.body = body;
    this.length = length;
    this.count = 0;
    this.delta = 0;
    this.failed = false;
  }

  /** Puts `length` bytes at `pointer` in the place of [start, end) of the body; start == end inserts. */
  replace(start: i32, end: i32, pointer: usize, length: i32): void {
    if (this.count == EDITS_MAX || start < this.prefixEnd() || end < start || end > this.length || length < 0) {
      this.failed = true;
      return;
    }
    const edit = this.edit(this.count++);
    store<i32>(edit, start, START);
    store<i32>(edit, end, END);
    store<usize>(edit, pointer, POINTER);
    store<i32>(edit, length, LENGTH);
    this.delta += length - (end - start);
  }

  /** Where the last edit ends in the old body; 0 without edits. */
  prefixEnd(): i32 {
    return this.count == 0 ? 0 : load<i32>(this.edit(this.count - 1), END);
  }

  /** The new body up to `prefixEnd()` of the old one: what has to replace a buffer's first `prefixEnd()` bytes. */
  writePrefixTo(out: ByteWriter): void {
    if (this.failed) {
      out.overflow = true;
      return;
    }
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const edit = this.edit(i);
      const start = load<i32>(edit, START);
      out.writeBytes(this.body + <usize>at, start - at);
      out.writeBytes(load<usize>(edit, POINTER), load<i32>(edit, LENGTH));
      at = load<i32>(edit, END);
    }
  }

  writeTo(out: ByteWriter): void {
    this.writePrefixTo(out);
    const at = this.prefixEnd();
    out.writeBytes(this.body + <usize>at, this.length - at);
  }

  private edit(index: i32): usize {
    return this.edits + <usize>index * EDIT_BYTES;
  }
}
