// Sealed ids and what they are made of, against Node's: base64url has one spelling, HMAC is RFC 2104's, and a seal opens
// with its own key, for its own target, unchanged, and in no other case.

import { createHash, createHmac, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { property } from "./random.js";
import { Testkit } from "./testkit.js";

const kit = new Testkit();
const KEY = randomBytes(32);

function withSpans<T>(bytes: readonly Uint8Array[], use: (...pointers: number[]) => T): T {
  const spans = bytes.map((each) => kit.allocate(each));
  const result = use(...spans.map(({ pointer }) => pointer));
  for (const span of spans) kit.free(span);
  return result;
}

function seal(key: Buffer, target: string, id: string): string | undefined {
  const made = withSpans([key, Buffer.from(target)], (keyAt = 0, targetAt = 0) => {
    const { pointer, length } = kit.put(Buffer.from(id));
    return kit.call("sealId", keyAt, targetAt, Buffer.byteLength(target), pointer, length);
  });
  return made === 1 ? kit.output().toString() : undefined;
}

function open(key: Buffer, target: string, sealed: string): string | undefined {
  const opened = withSpans([key, Buffer.from(target)], (keyAt = 0, targetAt = 0) => {
    const { pointer, length } = kit.put(Buffer.from(sealed));
    return kit.call("openId", keyAt, targetAt, Buffer.byteLength(target), pointer, length);
  });
  return opened === 1 ? kit.output().toString() : undefined;
}

test("base64url is Node's for every length, and nothing but that is decoded", () => {
  for (let length = 0; length < 100; length++) {
    const bytes = randomBytes(length);
    const input = kit.put(bytes);
    kit.call("base64UrlEncode", input.pointer, input.length);
    const text = kit.output().toString();
    expect(text).toBe(bytes.toString("base64url"));
    const encoded = kit.put(Buffer.from(text));
    expect(kit.call("base64UrlDecode", encoded.pointer, encoded.length)).toBe(1);
    expect(kit.output()).toEqual(bytes);
  }
  for (const bad of ["A", "AB=", "AB==", "A+", "A/", "A B", "AAAAA", "AB", "AAB", "A\u00e9"]) {
    const { pointer, length } = kit.put(Buffer.from(bad, "latin1"));
    expect(kit.call("base64UrlDecode", pointer, length), bad).toBe(0);
  }
});

test("HMAC-SHA-256 is Node's; what is too long is refused", () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 500, 2048]) {
    const text = randomBytes(length);
    const keyLength = length % 65;
    const key = randomBytes(64);
    const result = withSpans([key, Buffer.alloc(32)], (keyAt = 0, out = 0) => {
      const { pointer } = kit.put(text);
      expect(kit.call("cryptoHmacSha256", keyAt, keyLength, pointer, length, out)).toBe(1);
      return kit.read(out, 32).toString("hex");
    });
    expect(result).toBe(createHmac("sha256", key.subarray(0, keyLength)).update(text).digest("hex"));
  }
  const { pointer } = kit.put(Buffer.alloc(2049));
  expect(kit.call("cryptoHmacSha256", pointer, 32, pointer, 2049, pointer)).toBe(0);
  expect(kit.call("cryptoHmacSha256", pointer, 65, pointer, 1, pointer)).toBe(0);
});

test("a sealed id is the target's hash, the id and 16 bytes of their HMAC", () => {
  const body = Buffer.concat([createHash("sha256").update("gpt").digest().subarray(0, 8), Buffer.from("resp_1")]);
  const mac = createHmac("sha256", KEY).update(body).digest().subarray(0, 16);
  expect(seal(KEY, "gpt", "resp_1")).toBe(`resp_slc_${Buffer.concat([body, mac]).toString("base64url")}`);
  expect(seal(KEY, "gpt", "r".repeat(1025))).toBeUndefined();
});

test("it begins as the provider's id does, because SDKs tell items apart by that", () => {
  const ids = { msg_1: "msg", fc_68ab: "fc", resp_1: "resp", "2f0c-11": "resp", Msg_1: "resp", _x: "resp", a: "resp" };
  for (const [id, word] of Object.entries(ids)) {
    const sealed = seal(KEY, "gpt", id) ?? "";
    expect(sealed.slice(0, sealed.indexOf("_slc_")), id).toBe(word);
    expect(open(KEY, "gpt", sealed), id).toBe(id);
    expect(open(KEY, "gpt", `rs${sealed.slice(word.length)}`), id).toBeUndefined();
  }
});

test("it opens with its key, for its target, and unchanged", () => {
  property(200, (random) => {
    const id = `${random.pick(["resp_", "msg_", ""])}${"x".repeat(1 + random.below(200))}`;
    const sealed = seal(KEY, "gpt", id) ?? "";
    expect(open(KEY, "gpt", sealed)).toBe(id);
    expect(open(randomBytes(32), "gpt", sealed)).toBeUndefined();
    expect(open(KEY, "gpt-", sealed)).toBeUndefined();
    const at = random.below(sealed.length);
    const other = random.pick([..."ABab09-_=. é"].filter((letter) => letter !== sealed[at]));
    expect(open(KEY, "gpt", sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeUndefined();
    expect(open(KEY, "gpt", sealed.slice(0, at))).toBeUndefined();
    expect(open(KEY, "gpt", `${sealed}${other}`)).toBeUndefined();
    expect(open(KEY, "gpt", `resp_slc_${randomBytes(random.below(80)).toString("base64url")}`)).toBeUndefined();
  });
});
