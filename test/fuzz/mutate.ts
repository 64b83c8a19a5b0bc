// Seeded damage to bytes and to JSON documents. Everything comes from the given Random, so that a seed repeats it.
import type { Random } from "../filter/random.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Written as it is, without quotes: numbers that JavaScript has no value for. */
const RAW = "\u0000raw:";
const LONG_TEXT_CHARACTERS_MAX = 40_000;
const NESTING_MAX = 400;

const GARBAGE = [
  Buffer.from([0xff]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  Buffer.from([0xe2, 0x82]),
  Buffer.from([0]),
  Buffer.from("\ufeff"),
  Buffer.from("\u2028"),
  ...'\\ud800|\\udc00\\ud800|\\u12|\\x|"|\\|{|}|[|]|,|:|\r|\n|\r\n\r\n|1e999|-|null|/**/'
    .split("|")
    .map((text) => Buffer.from(text)),
];

const ODD_VALUES: readonly Json[] = [
  null,
  true,
  false,
  "",
  " ",
  "\ud800",
  "\udc00 and \ud83d",
  "\u0000\u001f\u007f",
  "😀é\u2028",
  "data:image/png;base64,",
  "data:;base64,@@",
  '{"a":',
  '{"a":{"b":[1,2,{"c":"\\u00e9"}]}}',
  0,
  -1,
  3.5,
  `${RAW}1e999`,
  `${RAW}-0`,
  `${RAW}${"9".repeat(400)}`,
  `${RAW}0.${"0".repeat(300)}1`,
  `${RAW}18446744073709551616`,
  [],
  {},
  [null],
  [[[]]],
  { type: "text" },
  { type: "tool_use", id: 7 },
  { "": {} },
];

const FIELDS = [
  "type",
  "text",
  "content",
  "role",
  "id",
  "name",
  "index",
  "input",
  "arguments",
  "stream",
  "usage",
  "stop",
];

/** JSON text; `RAW` texts lose their quotes. */
export function textOf(value: Json): string {
  return JSON.stringify(value).replace(/"\\u0000raw:([^"]*)"/g, "$1");
}

export function clone(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** A copy with one to three of its values replaced, removed, doubled or moved: still well-formed, but no longer valid. */
export function mutateJson(random: Random, value: Json): Json {
  let mutated = clone(value);
  for (let left = 1 + random.below(3); left > 0; left--) mutated = mutateNode(random, mutated);
  return mutated;
}

function mutateNode(random: Random, value: Json): Json {
  if (value === null || typeof value !== "object" || random.chance(12)) return oddValue(random);
  const keys = Object.keys(value);
  if (keys.length === 0) return oddValue(random);
  const key = random.pick(keys);
  const holder = value as { [key: string]: Json };
  switch (random.below(8)) {
    case 0:
      if (Array.isArray(value)) value.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(value)) value.push(clone(holder[key] as Json));
      else holder[random.pick(FIELDS)] = clone(holder[key] as Json);
      break;
    case 2:
      holder[key] = oddValue(random);
      break;
    default:
      holder[key] = mutateNode(random, holder[key] as Json);
  }
  return value;
}

function oddValue(random: Random): Json {
  if (random.chance(15)) return 'ä"\\\n'.repeat(random.below(LONG_TEXT_CHARACTERS_MAX / 4));
  if (random.chance(15)) return nested(random.below(NESTING_MAX), random.chance(2));
  return clone(random.pick(ODD_VALUES));
}

function nested(depth: number, inObjects: boolean): Json {
  let value: Json = 1;
  for (let level = 0; level < depth; level++) value = inObjects ? { a: value } : [value];
  return value;
}

/** One to four edits anywhere in the bytes. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) mutated = editBytes(random, mutated);
  return mutated;
}

function editBytes(random: Random, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const span = Math.min(1 + random.below(40), bytes.length - at);
  switch (random.below(6)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (span > 0) flipped[at] = (flipped[at] as number) ^ (1 << random.below(8));
      return flipped;
    }
    case 1:
      return Buffer.from(bytes.subarray(0, at));
    case 2:
      return Buffer.concat([bytes.subarray(0, at + span), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + span)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(GARBAGE), bytes.subarray(at)]);
  }
}
