// What an attempt cost, by the bill record that stands behind each target record of the configuration (ARCHITECTURE.md §2.2).
// Integers alone: a price is millionths of the currency's unit per million tokens, a cost billionths of the unit.

import { BILL_HEADER_BYTES, PRICE_LIST_BYTES } from "../contract";
import { TokenUsage } from "./token-usage";

const SECONDS_A_DAY: u32 = 86_400;
/** Millionths per million tokens, times tokens, to billionths. */
const PRICE_SCALE: i64 = 1000;

// One price list.
const INPUT_ABOVE: usize = 0;
const FROM: usize = 4;
const TO: usize = 8;
const INPUT: usize = 16;
const OUTPUT: usize = 24;
const CACHE_READ: usize = 32;
const CACHE_WRITE: usize = 40;
const INPUT_AUDIO: usize = 48;
const OUTPUT_AUDIO: usize = 56;
const REASONING: usize = 64;
const REQUEST: usize = 72;

/** The bill record of a target record. */
export function billOf(target: usize): usize {
  return target + <usize>load<u16>(target);
}

/** str16 */
export function providerOf(target: usize): usize {
  return billOf(target) + BILL_HEADER_BYTES;
}

/** str16, empty where no price is known. */
export function currencyOf(target: usize): usize {
  const provider = providerOf(target);
  return provider + 2 + <usize>load<u16>(provider);
}

/** Billionths of the currency's unit. `startedMs`: Unix ms, for prices that depend on the time of day. */
export function costOf(target: usize, usage: TokenUsage, startedMs: u64): i64 {
  const list = listFor(target, usage.input, <u32>((startedMs / 1000) % SECONDS_A_DAY));
  if (list == 0) return 0;
  const cached = max<i64>(usage.cached, 0);
  const written = max<i64>(usage.cacheWritten, 0);
  const inputAudio = max<i64>(usage.inputAudio, 0);
  const outputAudio = max<i64>(usage.outputAudio, 0);
  const reasoning = max<i64>(usage.reasoning, 0);
  let sum: i64 = 0;
  sum += max<i64>(usage.input - cached - written - inputAudio, 0) * load<i64>(list, INPUT);
  sum += cached * load<i64>(list, CACHE_READ);
  sum += written * load<i64>(list, CACHE_WRITE);
  sum += inputAudio * load<i64>(list, INPUT_AUDIO);
  sum += max<i64>(usage.output - outputAudio - reasoning, 0) * load<i64>(list, OUTPUT);
  sum += outputAudio * load<i64>(list, OUTPUT_AUDIO);
  sum += reasoning * load<i64>(list, REASONING);
  return (sum + PRICE_SCALE / 2) / PRICE_SCALE + load<i64>(list, REQUEST);
}

/** The last list that applies; 0 when there is none. */
function listFor(target: usize, input: i64, second: u32): usize {
  const bill = billOf(target);
  const currency = currencyOf(target);
  let list = currency + 2 + <usize>load<u16>(currency);
  let chosen: usize = 0;
  for (let left: i32 = load<u8>(bill, 2); left > 0; left--) {
    const above = load<u32>(list, INPUT_ABOVE);
    if ((above == 0 || input > <i64>above) && isAt(second, load<u32>(list, FROM), load<u32>(list, TO))) chosen = list;
    list += PRICE_LIST_BYTES;
  }
  return chosen;
}

/** Between two seconds of the day, the later of which may be the next day's; equal ones mean the whole day. */
function isAt(second: u32, from: u32, to: u32): bool {
  if (from == to) return true;
  return from < to ? second >= from && second < to : second >= from || second < to;
}
