// The text form of ARCHITECTURE.md §2: a u16 byte length, little endian, followed by UTF-8. Throws beyond 65,535 bytes.
export function string16(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
