// Base64 (RFC 4648 §4) written byte by byte: three bytes in, four characters out, `=` at the end.

import { utf8 } from "../sdk/literal";
import { ByteWriter } from "./byte-writer";

const ALPHABET = utf8("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PAD: u32 = 0x3d;

export class Base64Writer {
  private out: ByteWriter = new ByteWriter(0);
  private bits: u32 = 0;
  private count: i32 = 0;

  begin(out: ByteWriter): void {
    this.out = out;
    this.bits = 0;
    this.count = 0;
  }

  byte(value: u32): void {
    this.bits = (this.bits << 8) | (value & 0xff);
    if (++this.count < 3) return;
    this.flush(4);
  }

  bytes(pointer: usize, length: i32): void {
    for (let i: usize = 0; i < <usize>length; i++) this.byte(load<u8>(pointer + i));
  }

  /** A number's four bytes, little endian. */
  float(value: f32): void {
    const bits = reinterpret<u32>(value);
    for (let shift = 0; shift < 32; shift += 8) this.byte(bits >> shift);
  }

  end(): void {
    if (this.count == 0) return;
    const characters = this.count + 1;
    for (; this.count < 3; this.count++) this.bits <<= 8;
    this.flush(characters);
  }

  private flush(characters: i32): void {
    for (let i = 0; i < 4; i++) {
      const six = (this.bits >> (18 - i * 6)) & 63;
      this.out.writeByte(i < characters ? <u32>load<u8>(ALPHABET.pointer + <usize>six) : PAD);
    }
    this.bits = 0;
    this.count = 0;
  }
}
