// Digests against Node's, SipHash against the authors' vectors, API keys against the control plane that makes them.

import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { generateApiKey, isApiKey } from "../../control-plane/keys.js";
import { property } from "./random.js";
import { Testkit } from "./testkit.js";

const kit = new Testkit();
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function digest(bytes: Uint8Array): string {
  const out = kit.allocate(Buffer.alloc(32));
  const { pointer, length } = kit.put(bytes);
  kit.call("cryptoSha256", pointer, length, out.pointer);
  const hex = kit.read(out.pointer, 32).toString("hex");
  kit.free(out);
  return hex;
}

function sipHash(key: Uint8Array, bytes: Uint8Array): string {
  const keySpan = kit.allocate(key);
  const out = kit.allocate(Buffer.alloc(16));
  const { pointer, length } = kit.put(bytes);
  kit.call("cryptoSipHash128", keySpan.pointer, pointer, length, out.pointer);
  const hex = kit.read(out.pointer, 16).toString("hex");
  kit.free(keySpan);
  kit.free(out);
  return hex;
}

function accepts(text: string | Buffer): boolean {
  const { pointer, length } = kit.put(Buffer.from(text));
  return kit.call("cryptoIsApiKey", pointer, length) === 1;
}

test("SHA-256 is Node's for every length around a block, twice in a row", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = randomBytes(length);
    const expected = createHash("sha256").update(bytes).digest("hex");
    expect(digest(bytes)).toBe(expected);
    expect(digest(bytes)).toBe(expected);
  }
  expect(digest(Buffer.alloc(1_000_000, "a"))).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
});

// vectors_sip128 of the reference implementation: key 00 … 0f, inputs 00 01 02 … of this many bytes
test.each([
  [0, "a3817f04ba25a8e66df67214c7550293"],
  [1, "da87c1d86b99af44347659119b22fc45"],
  [2, "8177228da4a45dc7fca38bdef60affe4"],
  [3, "9c70b60c5267a94e5f33b6b02985ed51"],
  [7, "a1f1ebbed8dbc153c0b84aa61ff08239"],
  [8, "3b62a9ba6258f5610f83e264f31497b4"],
  [15, "5493e99933b0a8117e08ec0f97cfc3d9"],
  [16, "6ee2a4ca67b054bbfd3315bf85230577"],
  [63, "5150d1772f50834a503e069a973fbd7c"],
])("SipHash-2-4-128 of %i bytes is the reference's", (length, expected) => {
  const key = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
  expect(sipHash(key, Buffer.from(Array.from({ length }, (_, i) => i)))).toBe(expected);
});

test("SipHash depends on every byte of key and input, and on the length", () => {
  const key = Buffer.alloc(16);
  const input = Buffer.alloc(45);
  const seen = new Set([sipHash(key, input), sipHash(key, input.subarray(1))]);
  for (let i = 0; i < 16; i++) seen.add(sipHash(Buffer.from(key.map((_, at) => (at === i ? 1 : 0))), input));
  for (let i = 0; i < 45; i++) seen.add(sipHash(key, Buffer.from(input.map((_, at) => (at === i ? 1 : 0)))));
  expect(seen.size).toBe(2 + 16 + 45);
});

test("CRC-32 is zlib's", () => {
  for (let length = 0; length <= 100; length++) {
    const bytes = randomBytes(length);
    const { pointer } = kit.put(bytes);
    expect(kit.call("cryptoCrc32", pointer, length) >>> 0).toBe(crc32(bytes));
  }
});

test("accepts the keys that the control plane makes, and no key with one byte changed", () => {
  property(50, (random) => {
    const key = generateApiKey();
    expect(accepts(key)).toBe(true);
    for (let at = 0; at < key.length; at++) {
      const other = random.pick([...ALPHABET, "-", " ", "é"]);
      if (other === key[at]) continue;
      const changed = key.slice(0, at) + other + key.slice(at + 1);
      expect(accepts(changed), changed).toBe(isApiKey(changed));
      expect(accepts(changed)).toBe(false);
    }
  });
});

test("refuses keys of another length, and digits that a u32 cannot hold", () => {
  const key = generateApiKey();
  for (const text of [
    "",
    key.slice(0, -1),
    `${key}0`,
    `${key.slice(0, -6)}zzzzzz`,
    "0".repeat(45),
    key.toUpperCase(),
  ]) {
    expect(accepts(text), text).toBe(false);
  }
});
