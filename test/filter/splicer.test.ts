// The splicer against string operations: what is not replaced survives byte for byte.

import { expect, test } from "vitest";
import { property } from "./random.js";
import { type Span, Testkit } from "./testkit.js";

const kit = new Testkit();
const EDITS_MAX = 8;

interface Edit {
  start: number;
  end: number;
  text: string;
}

function splice(body: string, edits: Edit[], prefixOnly = false): string | undefined {
  const input = kit.put(Buffer.from(body, "latin1"));
  const texts: Span[] = edits.map((edit) => kit.allocate(Buffer.from(edit.text, "latin1")));
  kit.call("spliceBegin", input.pointer, input.length);
  for (const [i, edit] of edits.entries()) {
    kit.call("spliceReplace", edit.start, edit.end, texts[i]!.pointer, texts[i]!.length);
  }
  const written = kit.call("spliceWrite", prefixOnly ? 1 : 0) === 1;
  const result = kit.output().toString("latin1");
  for (const text of texts) kit.free(text);
  return written ? result : undefined;
}

test("gives what cutting and joining strings gives, whole and as a prefix", () => {
  property(3000, (random) => {
    const body = Array.from({ length: random.below(80) }, () => String.fromCharCode(random.below(256))).join("");
    const edits: Edit[] = [];
    let from = 0;
    let expected = "";
    for (let i = random.below(EDITS_MAX + 1); i > 0; i--) {
      const start = from + random.below(body.length - from + 1);
      const end = start + random.below(Math.min(body.length - start, 10) + 1);
      const text = "r".repeat(random.below(8));
      edits.push({ start, end, text });
      expected += body.slice(from, start) + text;
      from = end;
    }
    expect(splice(body, edits)).toBe(expected + body.slice(from));
    expect(kit.call("spliceDelta")).toBe(expected.length - from);
    expect(kit.call("splicePrefixEnd")).toBe(from);
    expect(splice(body, edits, true)).toBe(expected);
  });
});

test.each([
  ["descending", [4, 5], [1, 2]],
  ["overlapping", [1, 4], [3, 5]],
  ["beyond the body", [1, 2], [9, 11]],
  ["ending before it starts", [1, 2], [5, 4]],
  ["before the body", [-1, 2], [3, 4]],
])("refuses edits that are %s, and writes nothing", (_, first, second) => {
  const edits = [first, second].map(([start, end]) => ({ start: start!, end: end!, text: "x" }));
  expect(splice("0123456789", edits)).toBeUndefined();
  expect(splice("0123456789", edits, true)).toBeUndefined();
  expect(kit.call("spliceFailed")).toBe(1);
  expect(splice("0123456789", [{ start: 0, end: 1, text: "y" }])).toBe("y123456789");
});

test("refuses more edits than its table holds", () => {
  const edits = Array.from({ length: EDITS_MAX + 1 }, (_, i) => ({ start: i, end: i + 1, text: "x" }));
  expect(splice("0123456789", edits.slice(1))).toBe("0xxxxxxxx9");
  expect(splice("0123456789", edits)).toBeUndefined();
});

test("a new model leaves every other member as it was", () => {
  property(1000, (random) => {
    const body = `{ "x":1.50,"model" : "${"m".repeat(random.below(30))}" ,"\\u0079":[ null,"\\ud800" ],"n":1e400}`;
    const { pointer, length } = kit.put(Buffer.from(body, "latin1"));
    expect(kit.call("envelopeRead", pointer, length)).toBe(1);
    const start = kit.call("envelopeModelStart");
    const end = kit.call("envelopeModelEnd");
    const text = '"gpt-4o"';
    expect(splice(body, [{ start, end, text }])).toBe(`${body.slice(0, start)}${text}${body.slice(end)}`);
  });
});
