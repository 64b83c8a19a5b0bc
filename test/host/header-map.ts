// Header maps as Envoy keeps them: names in lower case, order kept, several values of one name side by side.
//
//   wire   u32 count | count × (u32 name length, u32 value length) | count × (name \0 value \0)

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

// Values are bytes on the wire; latin1 keeps every byte as one character, so nothing is lost on the way.
const ENCODING = "latin1";

export class HeaderMap {
  private list: [string, string][];

  constructor(pairs: HeaderPairs = []) {
    this.list = pairs.map(([name, value]) => [name.toLowerCase(), value]);
  }

  get pairs(): [string, string][] {
    return this.list.map(([name, value]) => [name, value]);
  }

  get size(): number {
    return this.list.length;
  }

  /** The first value of a name: what `proxy_get_header_map_value` answers. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.list.find(([other]) => other === wanted)?.[1];
  }

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.list.filter(([other]) => other === wanted).map(([, value]) => value);
  }

  add(name: string, value: string): void {
    this.list.push([name.toLowerCase(), value]);
  }

  /** One header of that name is left, at the end: Envoy removes, then adds. */
  replace(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  remove(name: string): void {
    const wanted = name.toLowerCase();
    this.list = this.list.filter(([other]) => other !== wanted);
  }

  assign(pairs: HeaderPairs): void {
    this.list = pairs.map(([name, value]) => [name.toLowerCase(), value]);
  }

  copy(): HeaderMap {
    return new HeaderMap(this.list);
  }

  serialise(): Uint8Array {
    if (this.list.length === 0) return new Uint8Array(0);
    const head = Buffer.alloc(4 + this.list.length * 8);
    head.writeUInt32LE(this.list.length, 0);
    const parts: Buffer[] = [head];
    this.list.forEach(([name, value], index) => {
      const data = Buffer.from(`${name}\0${value}\0`, ENCODING);
      head.writeUInt32LE(name.length, 4 + index * 8);
      head.writeUInt32LE(value.length, 8 + index * 8);
      parts.push(data);
    });
    return Buffer.concat(parts);
  }

  /** Undefined when the bytes are no list of pairs. */
  static parse(bytes: Uint8Array): HeaderMap | undefined {
    const map = new HeaderMap();
    if (bytes.length === 0) return map;
    const data = Buffer.from(bytes);
    if (data.length < 4) return undefined;
    const count = data.readUInt32LE(0);
    let at = 4 + count * 8;
    if (at > data.length) return undefined;
    for (let index = 0; index < count; index++) {
      const nameEnd = at + data.readUInt32LE(4 + index * 8);
      const valueEnd = nameEnd + 1 + data.readUInt32LE(8 + index * 8);
      if (valueEnd >= data.length) return undefined;
      map.add(data.toString(ENCODING, at, nameEnd), data.toString(ENCODING, nameEnd + 1, valueEnd));
      at = valueEnd + 1;
    }
    return map;
  }
}
