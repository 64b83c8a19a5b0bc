// Reads and writes the VM's linear memory. Every view is made anew: growing the memory detaches the old ones.

export class Memory {
  private exports: { memory: WebAssembly.Memory; proxy_on_memory_allocate: (size: number) => number } | undefined;

  attach(exports: WebAssembly.Exports): void {
    this.exports = exports as unknown as typeof this.exports;
  }

  get byteLength(): number {
    return this.linear().buffer.byteLength;
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.linear().buffer, pointer >>> 0, length >>> 0).slice();
  }

  text(pointer: number, length: number): string {
    return Buffer.from(this.bytes(pointer, length)).toString("utf8");
  }

  /** For header names and values, which are bytes (see header-map.ts). */
  latin1(pointer: number, length: number): string {
    return Buffer.from(this.bytes(pointer, length)).toString("latin1");
  }

  write(pointer: number, bytes: Uint8Array): void {
    new Uint8Array(this.linear().buffer).set(bytes, pointer >>> 0);
  }

  writeU32(pointer: number, value: number): void {
    new DataView(this.linear().buffer).setUint32(pointer >>> 0, value, true);
  }

  writeU64(pointer: number, value: bigint): void {
    new DataView(this.linear().buffer).setBigUint64(pointer >>> 0, BigInt.asUintN(64, value), true);
  }

  /** Hands bytes to the VM in memory that it allocates itself. False when it refuses. Nothing is allocated for no bytes. */
  hand(bytes: Uint8Array, pointerAt: number, lengthAt: number): boolean {
    let pointer = 0;
    if (bytes.length > 0) {
      pointer = this.attached().proxy_on_memory_allocate(bytes.length) >>> 0;
      if (pointer === 0) return false;
      this.write(pointer, bytes);
    }
    this.writeU32(pointerAt, pointer);
    this.writeU32(lengthAt, bytes.length);
    return true;
  }

  private linear(): WebAssembly.Memory {
    return this.attached().memory;
  }

  private attached() {
    if (this.exports === undefined) throw new Error("the VM called the host before it was instantiated");
    return this.exports;
  }
}
