// Bytes of the filter's configuration while they are put together.

/** Grows at its end; offsets of what was put never change. */
export class Block {
  private readonly parts: Buffer[] = [];
  length: number;

  constructor(start: number) {
    this.length = start;
  }

  put(bytes: Buffer): number {
    const offset = this.length;
    this.parts.push(bytes);
    this.length += bytes.length;
    return offset;
  }

  putWords(words: readonly number[]): number {
    const bytes = Buffer.alloc(words.length * 4);
    for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
    return this.put(bytes);
  }

  finish(header: Buffer): Buffer {
    return Buffer.concat([header, ...this.parts], this.length);
  }
}
