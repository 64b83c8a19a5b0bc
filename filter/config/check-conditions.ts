// Checks the conditions of one rule (ARCHITECTURE.md §2.4): each is whole and has the shape of its kind. Null = sound, else why.

import { CONDITION_HEADER_BYTES, Condition } from "../contract";
import { Bounds } from "./bounds";

/** Levels of tenancy. */
const LEVELS: i32 = 4;

export function checkConditions(bounds: Bounds, offset: u32, count: u32): string | null {
  let at = offset;
  for (let i: u32 = 0; i < count; i++) {
    if (!bounds.hasRange(at, CONDITION_HEADER_BYTES)) return "out of bounds";
    const length: u32 = load<u16>(bounds.bytes + at, 2);
    if (length < CONDITION_HEADER_BYTES || !bounds.hasRange(at, length)) return "out of bounds";
    if (!isWhole(bounds, at, at + length)) return "a condition is not whole, or of no known kind";
    at += length;
  }
  return null;
}

function isWhole(bounds: Bounds, at: u32, end: u32): bool {
  const kind: i32 = load<u8>(bounds.bytes + at);
  const small: i32 = load<u8>(bounds.bytes + at, 1);
  const body = at + CONDITION_HEADER_BYTES;
  switch (kind) {
    case Condition.STREAMING:
    case Condition.TOOLS:
    case Condition.IMAGES:
      return body == end;
    case Condition.OPERATION:
    case Condition.INPUT_TOKENS:
      return body + 8 == end;
    case Condition.PRINCIPAL:
      return small < LEVELS && bounds.behindList(body, end) == end;
    case Condition.MODEL:
      return bounds.behindList(body, end) == end;
    case Condition.HEADER:
      return small < <i32>load<u16>(bounds.bytes + bounds.u32(72)) && bounds.behindList(body, end) == end;
    case Condition.TASK: {
      if (body + 4 > end || small >= <i32>load<u16>(bounds.bytes + bounds.u32(72))) return false;
      return bounds.u32(80) != 0 && bounds.behindList(body + 4, end) == end;
    }
    case Condition.METADATA: {
      const list = bounds.behindStrings(body, 1, end);
      return list > 0 && bounds.behindList(list, end) == end;
    }
    default:
      return false;
  }
}
