// Random JSON texts, and random damage to them.

import type { Random } from "./random.js";

const WHITESPACE = ["", "", "", " ", "\n", "\t", "\r\n", "   "];
const WORDS = ["true", "false", "null", "{}", "[]", '""', "0", "-0"];
const ODD_NUMBERS = [
  "1e400",
  "-1E-400",
  "123456789012345678901234567890",
  "0.1",
  "9007199254740993",
  "1E+2",
  "-0.0e-0",
];
const PIECES = [
  "a",
  "plain ascii text that is longer than sixteen bytes",
  "é",
  "ж",
  "今天天气很好，我们去公园散步吧。",
  "안녕하세요 ",
  "สวัสดี",
  "😀",
  "\u007f",
  "\u2028",
  "\ufffd",
  "\ud7ff",
  "\ue000",
  "\u{10ffff}",
  "\u{10000}",
];
const ESCAPES = [
  '\\"',
  "\\\\",
  "\\/",
  "\\b",
  "\\f",
  "\\n",
  "\\r",
  "\\t",
  "\\u0000",
  "\\u00E9",
  "\\ud83d\\ude00",
  "\\ud800",
];

export function space(random: Random): string {
  return random.pick(WHITESPACE);
}

/** A JSON string, quotes included. */
export function randomString(random: Random): string {
  let text = '"';
  for (let i = random.below(6); i > 0; i--) text += random.chance(4) ? random.pick(ESCAPES) : random.pick(PIECES);
  return `${text}"`;
}

function randomNumber(random: Random): string {
  if (random.chance(4)) return random.pick(ODD_NUMBERS);
  return String(random.chance(2) ? random.below(1000) - 500 : (random.below(1e9) - 5e8) / 1024);
}

export function randomValue(random: Random, depth = 0): string {
  const kind = random.below(depth > 5 ? 3 : 5);
  if (kind === 0) return random.pick(WORDS);
  if (kind === 1) return randomNumber(random);
  if (kind === 2) return randomString(random);
  const items: string[] = [];
  for (let i = random.below(5); i > 0; i--) {
    const value = `${space(random)}${randomValue(random, depth + 1)}${space(random)}`;
    items.push(kind === 3 ? value : `${space(random)}${randomString(random)}${space(random)}:${value}`);
  }
  return kind === 3 ? `[${items.join(",")}]` : `{${items.join(",")}}`;
}

const BYTES = Buffer.from('"\\{}[]:,0-1e.tfnu \n\u0000');

/** Some bytes overwritten, removed, added or doubled; also bytes that no UTF-8 has. */
export function damage(random: Random, bytes: Buffer): Buffer {
  let result = bytes;
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(result.length + 1);
    const byte = random.chance(3) ? random.below(256) : random.pick([...BYTES]);
    const keepFrom = at + random.below(3);
    const repeated = result.subarray(at, at + random.below(20));
    result = Buffer.concat([
      result.subarray(0, at),
      random.chance(3) ? repeated : Buffer.from(random.chance(4) ? [] : [byte]),
      random.chance(12) ? Buffer.alloc(0) : result.subarray(keepFrom),
    ]);
  }
  return result;
}
