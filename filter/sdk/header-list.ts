// Builds a header list in the host's wire form (see headers.ts), for local replies and callouts, in one fixed buffer.
// A list that does not fit sets `overflow` and is cut: check it where values come from outside.

import { Literal } from "./literal";

const LIST_BYTES: usize = 8 * 1024;
const LIST_HEADERS_MAX: i32 = 32;

export class HeaderList {
  count: i32 = 0;
  overflow: bool = false;
  private readonly buffer: usize = heap.alloc(LIST_BYTES);
  private readonly scratch: usize = heap.alloc(LIST_BYTES);
  private used: usize = 0;

  reset(): HeaderList {
    this.count = 0;
    this.used = 0;
    this.overflow = false;
    return this;
  }

  add(name: Literal, value: usize, valueLength: i32): HeaderList {
    const lengths: usize = 4 + <usize>LIST_HEADERS_MAX * 8;
    const need = <usize>(name.length + valueLength + 2);
    if (this.count >= LIST_HEADERS_MAX || lengths + this.used + need > LIST_BYTES) {
      this.overflow = true;
      return this;
    }
    const at = this.scratch + 4 + <usize>this.count * 8;
    store<i32>(at, name.length);
    store<i32>(at, valueLength, 4);
    let data = this.buffer + this.used;
    memory.copy(data, name.pointer, name.length);
    data += <usize>name.length;
    store<u8>(data++, 0);
    memory.copy(data, value, valueLength);
    store<u8>(data + <usize>valueLength, 0);
    this.used += need;
    this.count++;
    return this;
  }

  addLiteral(name: Literal, value: Literal): HeaderList {
    return this.add(name, value.pointer, value.length);
  }

  /** Joins lengths and data; the bytes stay valid until the next `reset`. */
  finish(): usize {
    store<i32>(this.scratch, this.count);
    memory.copy(this.scratch + 4 + <usize>this.count * 8, this.buffer, this.used);
    return this.scratch;
  }

  get byteLength(): usize {
    return 4 + <usize>this.count * 8 + this.used;
  }
}
