// Text known at build time as UTF-8 bytes, made once when the module starts, so that passing it to the host costs
// nothing. Not for text that changes.

export class Literal {
  constructor(
    readonly pointer: usize,
    readonly length: i32,
  ) {}

  equals(pointer: usize, length: i32): bool {
    return this.length == length && memory.compare(this.pointer, pointer, length) == 0;
  }
}

/** Call at the top level of a module only: each call allocates for ever. */
export function utf8(text: string): Literal {
  const length = String.UTF8.byteLength(text);
  const pointer = heap.alloc(length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, pointer);
  return new Literal(pointer, length);
}
