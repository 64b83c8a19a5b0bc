// Google's times ("2026-11-23T08:05:09.123456Z") as seconds since 1970. 0 for what is no such text.

import { isDigit, ZERO } from "../../bytes/ascii";
import { Value } from "../translation/value";

const DATE_TIME_BYTES: i32 = 19; // 2026-11-23T08:05:09
const NOT_A_NUMBER: i64 = -1;

export function secondsOf(time: Value): i64 {
  if (!time.isString || time.length < DATE_TIME_BYTES) return 0;
  const at = time.pointer;
  const year = digits(at, 4);
  const month = digits(at + 5, 2);
  const day = digits(at + 8, 2);
  const hour = digits(at + 11, 2);
  const minute = digits(at + 14, 2);
  const second = digits(at + 17, 2);
  if (min(min(min(year, month), min(day, hour)), min(minute, second)) < 0) return 0;
  if (year < 1970 || month < 1 || month > 12) return 0;
  return ((daysBefore(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
}

/** Days from 1970-01-01 to the first of a month; years counted from March, so that the leap day is their last. */
function daysBefore(year: i64, month: i64): i64 {
  const y = month < 3 ? year - 1 : year;
  const m = month < 3 ? month + 9 : month - 3;
  return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 - 719_468;
}

function digits(at: usize, count: i32): i64 {
  let value: i64 = 0;
  for (let i = 0; i < count; i++) {
    const byte: u32 = load<u8>(at + <usize>i);
    if (!isDigit(byte)) return NOT_A_NUMBER;
    value = value * 10 + <i64>(byte - ZERO);
  }
  return value;
}
