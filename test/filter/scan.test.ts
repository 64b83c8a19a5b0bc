// The sixteen-byte scanners against their scalar twins, and UTF-8 against the platform's strict decoder.

import { expect, test } from "vitest";
import { property } from "./random.js";
import { JsonError, Testkit } from "./testkit.js";

const kit = new Testkit();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const SAMPLES = ["x", "plain text", "é", "今天天气很好", "안녕하세요", "สวัสดี", "😀", "\n", '"', "\\", "\r", "\u007f"];

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function scan(name: string, bytes: Uint8Array, scalar: boolean): number {
  const { pointer, length } = kit.put(bytes);
  return kit.call(name, pointer, pointer + length, scalar ? 1 : 0) - pointer;
}

function validateString(content: Uint8Array, scalar: boolean): number {
  const { pointer, length } = kit.put(Buffer.concat([Buffer.from('"'), content, Buffer.from('"')]));
  return kit.call("jsonValidate", pointer, length, scalar ? 1 : 0);
}

test.each(["bytesPlainEnd", "bytesLineEnd"])("%s stops where its scalar twin stops", (name) => {
  for (let byte = 0; byte < 256; byte++) {
    for (const at of [0, 1, 14, 15, 16, 17, 31, 32, 47]) {
      const bytes = Buffer.alloc(48, 0x61);
      bytes[at] = byte;
      expect(scan(name, bytes, false), `byte ${byte} at ${at}`).toBe(scan(name, bytes, true));
    }
  }
  for (let length = 0; length < 40; length++) expect(scan(name, Buffer.alloc(length, 0x61), false)).toBe(length);
});

test("the text scanner never passes its scalar twin, and stops at the beginning of a character", () => {
  property(20_000, (random) => {
    let text = "";
    for (let i = random.below(12); i > 0; i--) text += random.pick(SAMPLES);
    const bytes = Buffer.from(text);
    if (bytes.length > 0 && random.chance(2)) bytes[random.below(bytes.length)] = random.below(256);
    const exact = scan("bytesTextRunEnd", bytes, true);
    const fast = scan("bytesTextRunEnd", bytes, false);
    expect(fast).toBeLessThanOrEqual(exact);
    // Early by less than a step and a character: it must not give up on long text.
    expect(fast).toBeGreaterThan(exact - 16 - 4);
    expect(isUtf8(bytes.subarray(0, fast))).toBe(true);
  });
});

test("every pair of a first and a second byte is judged as the platform judges it, at every place of a step", () => {
  const before = Buffer.from("今天天气很好我们去公园");
  for (let first = 0x80; first < 256; first++) {
    for (let second = 0x70; second < 256; second++) {
      for (const rest of [[], [0x80], [0xbf, 0x80], [0x80, 0x80, 0x80]]) {
        const shift = (first + second) % 17;
        const content = Buffer.concat([
          before,
          Buffer.alloc(shift, 0x61),
          Buffer.from([first, second, ...rest]),
          before,
        ]);
        const expected = isUtf8(content) ? JsonError.NONE : JsonError.BAD_UTF8;
        const found = validateString(content, false);
        if (found !== expected || validateString(content, true) !== expected) {
          throw new Error(`error ${found} instead of ${expected} for ${content.toString("hex")}`);
        }
      }
    }
  }
});

test("the offset of ill-formed UTF-8 is that of the broken character", () => {
  for (const lead of [0, 1, 15, 16, 17, 40]) {
    const bytes = Buffer.concat([
      Buffer.from('"'),
      Buffer.from("天".repeat(lead)),
      Buffer.from([0xed, 0xa0, 0x80, 0x22]),
    ]);
    const { pointer, length } = kit.put(bytes);
    expect(kit.call("jsonValidate", pointer, length, 0)).toBe(JsonError.BAD_UTF8);
    expect(kit.call("jsonErrorOffset")).toBe(1 + 3 * lead);
  }
});
