// The text form of ARCHITECTURE.md §2: a u16 byte length, little endian, followed by UTF-8. Throws beyond 65,535 bytes.
export function string16(text: string): Buffer {
  return bytes16(Buffer.from(text, "utf8"));
}

/** A u16 count, then so many. Throws beyond 65,535. */
export function list16(texts: readonly string[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16LE(texts.length);
  return Buffer.concat([count, ...texts.map(string16)]);
}

/** The same for bytes that are no text. */
export function bytes16(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
