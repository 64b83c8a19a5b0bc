// Comparing JSON numbers with a bound. Precise enough for a comparison, not for arithmetic; a value that is copied on is
// copied as its own digits.

import { DOT, isDigit, MINUS, ZERO } from "../../bytes/ascii";
import { Value } from "./value";

/** Beyond this a f64 is infinite or zero, whatever the digits are. */
const EXPONENT_MAX: i32 = 400;

export function exceeds(value: Value, bound: f64): bool {
  return value.isNumber && toFloat(value.pointer, value.length) > bound;
}

export function isBelow(value: Value, bound: f64): bool {
  return value.isNumber && toFloat(value.pointer, value.length) < bound;
}

export function isZero(value: Value): bool {
  return value.isNumber && toFloat(value.pointer, value.length) == 0;
}

/** A well-formed JSON number, to within a few units in the last place. */
export function toFloat(pointer: usize, length: i32): f64 {
  const end = pointer + <usize>length;
  let at = pointer;
  const negative = <u32>load<u8>(at) == MINUS;
  if (negative) at++;
  let mantissa: f64 = 0;
  let exponent = 0;
  let fraction = false;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == DOT) {
      fraction = true;
    } else if (isDigit(byte)) {
      mantissa = mantissa * 10 + <f64>(byte - ZERO);
      if (fraction) exponent--;
    } else {
      break;
    }
  }
  if (at < end) exponent += toExponent(at + 1, end);
  const size = mantissa == 0 ? 0 : mantissa * 10 ** <f64>exponent;
  return negative ? -size : size;
}

function toExponent(pointer: usize, end: usize): i32 {
  let exponent = 0;
  for (let at = pointer; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (isDigit(byte) && exponent < EXPONENT_MAX) exponent = exponent * 10 + <i32>(byte - ZERO);
  }
  return <u32>load<u8>(pointer) == MINUS ? -exponent : exponent;
}
