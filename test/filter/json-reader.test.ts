// The JSON reader and writer against JSON.parse: they accept the same texts, and read the same values out of them.

import { expect, test } from "vitest";
import { damage, randomString, randomValue, space } from "./json-texts.js";
import { property } from "./random.js";
import { JsonError, Testkit, Token } from "./testkit.js";

const DEPTH_MAX = 128;
const kit = new Testkit();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/** Lone surrogates have no UTF-8: the filter replaces them. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function asJson(value: unknown): Json {
  if (typeof value === "string") return wellFormed(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value as Json;
  return new Map(Object.entries(value).map(([key, member]) => [wellFormed(key), asJson(member)]));
}

/** What JSON.parse makes of it; undefined when it, or UTF-8, refuses. */
function reference(bytes: Uint8Array): Json | undefined {
  try {
    return asJson(JSON.parse(strictUtf8.decode(bytes)));
  } catch {
    return undefined;
  }
}

function unescaped(bytes: Buffer, start: number, end: number): string {
  const raw = kit.allocate(bytes.subarray(start, end));
  expect(kit.call("jsonUnescape", raw.pointer, raw.length)).toBe(1);
  kit.free(raw);
  return kit.output().toString();
}

/** The value that the token stream spells; undefined on an error. */
function readTokens(bytes: Buffer): Json | undefined {
  const input = kit.put(bytes);
  kit.call("jsonReset", input.pointer, input.length);
  const spans: { token: number; start: number; end: number }[] = [];
  while (true) {
    const token = kit.call("jsonNext");
    if (token === Token.ERROR) return undefined;
    if (token === Token.END) break;
    spans.push({ token, start: kit.call("jsonStart"), end: kit.call("jsonEnd") });
  }
  let at = 0;
  const value = (): Json => {
    const span = spans[at++]!;
    switch (span.token) {
      case Token.STRING:
        return unescaped(bytes, span.start, span.end);
      case Token.NUMBER:
        return Number(bytes.toString("latin1", span.start, span.end));
      case Token.TRUE:
        return true;
      case Token.FALSE:
        return false;
      case Token.NULL:
        return null;
      case Token.ARRAY_BEGIN: {
        const items: Json[] = [];
        while (spans[at]!.token !== Token.ARRAY_END) items.push(value());
        at++;
        return items;
      }
      default: {
        expect(span.token).toBe(Token.OBJECT_BEGIN);
        const members = new Map<string, Json>();
        while (spans[at]!.token !== Token.OBJECT_END) {
          const key = spans[at++]!;
          expect(key.token).toBe(Token.KEY);
          members.set(unescaped(bytes, key.start, key.end), value());
        }
        at++;
        return members;
      }
    }
  };
  return value();
}

function validate(bytes: Uint8Array, scalar: boolean): number {
  const input = kit.put(bytes);
  return kit.call("jsonValidate", input.pointer, input.length, scalar ? 1 : 0);
}

function copy(bytes: Uint8Array): Buffer {
  const input = kit.put(bytes);
  expect(kit.call("jsonCopy", input.pointer, input.length)).toBe(1);
  return kit.output();
}

test("reads the values that JSON.parse reads, and writes them again", () => {
  property(3000, (random) => {
    const bytes = Buffer.from(`${space(random)}${randomValue(random)}${space(random)}`);
    const expected = reference(bytes);
    expect(expected).toBeDefined();
    expect(readTokens(bytes)).toEqual(expected);
    expect(reference(copy(bytes))).toEqual(expected);
  });
});

test("accepts and refuses what JSON.parse does, with and without the fast paths: 60,000 damaged texts", () => {
  property(60_000, (random) => {
    const bytes = damage(random, Buffer.from(randomValue(random)));
    const accepted = reference(bytes) !== undefined;
    const error = validate(bytes, false);
    if ((error === JsonError.NONE) !== accepted)
      throw new Error(`error ${error} for ${JSON.stringify(bytes.toString())}`);
    const scalarError = validate(bytes, true);
    if (scalarError !== error)
      throw new Error(`scalar says ${scalarError}, fast says ${error}: ${bytes.toString("hex")}`);
  });
});

test("a text cut anywhere is refused, and says that it ends too early", () => {
  const text = Buffer.from('{"mo\\u0064el":"gpt \\n 今天","a":[true,false,null,-1.5e+3],"b":{"é":"😀"}}');
  for (let length = 0; length < text.length; length++) {
    const cut = text.subarray(0, length);
    const error = validate(cut, false);
    // Cut inside a character, the bytes are no UTF-8 either.
    expect([JsonError.TRUNCATED, JsonError.BAD_UTF8], `cut at ${length}`).toContain(error);
    expect(validate(cut, true)).toBe(error);
  }
  expect(validate(text, false)).toBe(JsonError.NONE);
});

test.each([
  ["", JsonError.TRUNCATED],
  ["1 2", JsonError.TRAILING],
  ["{}x", JsonError.TRAILING],
  ["\ufeff{}", JsonError.UNEXPECTED],
  ["{'a':1}", JsonError.UNEXPECTED],
  ['{"a" 1}', JsonError.UNEXPECTED],
  ['{"a":1,}', JsonError.UNEXPECTED],
  ["[1,]", JsonError.UNEXPECTED],
  ["[1}", JsonError.UNEXPECTED],
  ["NaN", JsonError.UNEXPECTED],
  ["trux", JsonError.UNEXPECTED],
  ["01", JsonError.BAD_NUMBER],
  ["1.x", JsonError.BAD_NUMBER],
  ["1e+x", JsonError.BAD_NUMBER],
  ["-x", JsonError.BAD_NUMBER],
  ['"\\x"', JsonError.BAD_STRING],
  ['"\\u12g4"', JsonError.BAD_STRING],
  ['"a\nb"', JsonError.BAD_STRING],
])("refuses %j with error %i", (text, error) => {
  expect(validate(Buffer.from(text), false)).toBe(error);
});

test("numbers of any size pass, and keep their bytes", () => {
  const text = `[${"9".repeat(5000)},1e999999,-0.${"0".repeat(5000)}1]`;
  expect(copy(Buffer.from(text)).toString()).toBe(text);
});

test("lone surrogates pass as escapes and stay as they are", () => {
  const text = '["\\ud800","\\udc00\\ud800","\\ud800\\n"]';
  expect(copy(Buffer.from(text)).toString()).toBe(text);
  expect(readTokens(Buffer.from(text))).toEqual(["\ufffd", "\ufffd\ufffd", "\ufffd\n"]);
});

test("nests as deep as the limit and no deeper", () => {
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    const nested = (depth: number): Buffer => Buffer.from(`${open.repeat(depth)}1${close.repeat(depth)}`);
    expect(validate(nested(DEPTH_MAX), false)).toBe(JsonError.NONE);
    expect(validate(nested(DEPTH_MAX + 1), false)).toBe(JsonError.DEPTH);
    expect(validate(nested(1_000_000), false)).toBe(JsonError.DEPTH);
  }
});

test("skipping a member spans its whole value", () => {
  property(2000, (random) => {
    const value = randomValue(random);
    const key = randomString(random);
    const head = `{${space(random)}${key}${space(random)}:${space(random)}`;
    const input = kit.put(Buffer.from(`${head}${value}${space(random)}}`));
    kit.call("jsonReset", input.pointer, input.length);
    expect(kit.call("jsonNext")).toBe(Token.OBJECT_BEGIN);
    expect(kit.call("jsonNext")).toBe(Token.KEY);
    expect(kit.call("jsonSkip", 0)).toBe(1);
    const start = kit.call("jsonStart");
    const end = kit.call("jsonEnd");
    expect(kit.read(input.pointer + start, end - start).toString()).toBe(value);
    expect(kit.call("jsonNext")).toBe(Token.OBJECT_END);
    expect(kit.call("jsonNext")).toBe(Token.END);
  });
});

test("keys are compared unescaped", () => {
  const isModel = (key: string): boolean => {
    const input = kit.put(Buffer.from(`{${key}:1}`));
    kit.call("jsonReset", input.pointer, input.length);
    kit.call("jsonNext");
    expect(kit.call("jsonNext")).toBe(Token.KEY);
    return kit.call("jsonKeyIsModel") === 1;
  };
  for (const key of ['"model"', '"mo\\u0064el"', '"\\u006d\\u006F\\u0064\\u0065\\u006C"'])
    expect(isModel(key), key).toBe(true);
  for (const key of ['"Model"', '"mode"', '"models"', '"mode\\u006c\\u0000"', '"\\u016dodel"'])
    expect(isModel(key), key).toBe(false);
});

test("any bytes become a JSON string of the same text", () => {
  property(3000, (random) => {
    const bytes = random.chance(2)
      ? Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)))
      : Buffer.from(JSON.parse(randomString(random)) as string);
    const input = kit.put(bytes);
    kit.call("jsonEscape", input.pointer, input.length);
    const escaped = kit.output();
    const text = JSON.parse(`"${strictUtf8.decode(escaped)}"`) as string;
    const isUtf8 = bytes.equals(Buffer.from(bytes.toString()));
    if (isUtf8) expect(text).toBe(bytes.toString());
    // Without escapes, ill-formed bytes are the only ones that changed, and each became U+FFFD.
    else expect(text).toContain("\ufffd");
  });
});

test("unescaping any raw content neither traps nor reads too far", () => {
  property(20_000, (random) => {
    const raw = damage(random, Buffer.from(randomString(random).slice(1, -1)));
    const input = kit.put(raw);
    kit.call("jsonUnescape", input.pointer, input.length);
  });
});

test.each([
  ["0", 0n],
  ["-1", -1n],
  ["9223372036854775807", 9223372036854775807n],
  ["-9223372036854775807", -9223372036854775807n],
])("reads the integer %s", (text, value) => {
  expect(kit.integer(kit.put(Buffer.from(text)))).toBe(value);
});

test.each(["", "-", "1.0", "1e2", "9223372036854775808", "99999999999999999999", "1x", " 1"])(
  "%j is no integer",
  (text) => {
    expect(kit.integer(kit.put(Buffer.from(text)))).toBe(-(2n ** 63n));
  },
);
