// Header maps. Reading the whole map is one host call, where reading n headers is n calls: prefer `HeaderCursor.read`
// when more than two headers are wanted.
//
//   pairs   u32 count | count × (u32 name length, u32 value length) | count × (name \0 value \0)

import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
} from "./env";
import { hostLength, hostPointer, OUT_LENGTH, OUT_POINTER } from "./host";
import { Literal } from "./literal";
import { HeaderMap, Status } from "./types";

/** Walks the pairs of a header map without allocating: `while (cursor.next()) …`. One instance serves many maps. */
export class HeaderCursor {
  count: i32 = 0;
  namePointer: usize = 0;
  nameLength: i32 = 0;
  valuePointer: usize = 0;
  valueLength: i32 = 0;
  private lengths: usize = 0;
  private data: usize = 0;
  private end: usize = 0;
  private index: i32 = 0;

  /** Reads the whole map into the arena. A map that does not exist yet reads as empty under Envoy. */
  read(map: HeaderMap): bool {
    this.count = 0;
    this.index = 0;
    if (proxy_get_header_map_pairs(map, OUT_POINTER, OUT_LENGTH) != Status.OK) return false;
    const pointer = hostPointer();
    const length = hostLength();
    if (length < 4) return true;
    this.count = load<i32>(pointer);
    this.lengths = pointer + 4;
    this.data = this.lengths + <usize>this.count * 8;
    this.end = pointer + <usize>length;
    return true;
  }

  rewind(): void {
    this.index = 0;
    this.data = this.lengths + <usize>this.count * 8;
  }

  next(): bool {
    if (this.index >= this.count) return false;
    const at = this.lengths + <usize>this.index * 8;
    this.nameLength = load<i32>(at);
    this.valueLength = load<i32>(at, 4);
    this.namePointer = this.data;
    this.valuePointer = this.data + <usize>this.nameLength + 1;
    this.data = this.valuePointer + <usize>this.valueLength + 1;
    this.index++;
    return this.data <= this.end;
  }
}

/**
 * The value of a header in `hostPointer`/`hostLength`. Of several headers of one name Envoy answers the first only: where the
 * others matter (credentials, lists), read the whole map.
 */
export function getHeader(map: HeaderMap, name: Literal): bool {
  return proxy_get_header_map_value(map, name.pointer, name.length, OUT_POINTER, OUT_LENGTH) == Status.OK;
}

/** The same for a name that is no constant. */
export function getHeaderBytes(map: HeaderMap, name: usize, nameLength: i32): bool {
  return proxy_get_header_map_value(map, name, nameLength, OUT_POINTER, OUT_LENGTH) == Status.OK;
}

/** Replaces all headers of that name by one. */
export function setHeader(map: HeaderMap, name: Literal, value: usize, valueLength: i32): bool {
  return proxy_replace_header_map_value(map, name.pointer, name.length, value, valueLength) == Status.OK;
}

export function setHeaderLiteral(map: HeaderMap, name: Literal, value: Literal): bool {
  return setHeader(map, name, value.pointer, value.length);
}

export function addHeader(map: HeaderMap, name: Literal, value: usize, valueLength: i32): bool {
  return proxy_add_header_map_value(map, name.pointer, name.length, value, valueLength) == Status.OK;
}

export function removeHeader(map: HeaderMap, name: Literal): bool {
  return proxy_remove_header_map_value(map, name.pointer, name.length) == Status.OK;
}

export function removeHeaderBytes(map: HeaderMap, name: usize, nameLength: i32): bool {
  return proxy_remove_header_map_value(map, name, nameLength) == Status.OK;
}
