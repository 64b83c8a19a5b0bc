// The editor of multipart forms: a form of ours comes out with the target's model and else byte for byte, however it is cut,
// and one that two readers could understand in two ways is broken.

import { expect, test } from "vitest";
import { property, type Random } from "./random.js";
import { Testkit } from "./testkit.js";

const kit = new Testkit();
const TARGET = Buffer.from("模型-of-the-provider");
const BROKEN = "broken";

interface Part {
  readonly headers: string;
  readonly value: Buffer;
}

const field = (name: string, value: string | Buffer): Part => ({
  headers: `Content-Disposition: form-data; name="${name}"\r\n`,
  value: Buffer.from(value),
});
const file = (value: Buffer, name = "file"): Part => ({
  headers: `Content-Disposition: form-data; name="${name}"; filename="a;b.mp3"\r\nContent-Type: audio/mpeg\r\n`,
  value,
});

function written(parts: readonly Part[], boundary: string, tail = "\r\n"): Buffer {
  const pieces = parts.map(({ headers, value }) =>
    Buffer.concat([Buffer.from(`--${boundary}\r\n${headers}\r\n`), value, Buffer.from("\r\n")]),
  );
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--${tail}`)]);
}

function edited(pieces: readonly Buffer[], boundary: string, adds: boolean, type?: string): Buffer | typeof BROKEN {
  const header = kit.allocate(Buffer.from(type ?? `multipart/form-data; boundary=${boundary}`));
  const model = kit.allocate(TARGET);
  const began = kit.call("formBegin", header.pointer, header.length, model.pointer, model.length, adds ? 1 : 0);
  kit.free(header);
  kit.free(model);
  if (began === 0) return BROKEN;
  const result: Buffer[] = [];
  for (const piece of pieces) {
    const { pointer, length } = kit.put(piece);
    const replaced = kit.call("formPush", pointer, length);
    if (kit.call("formBroken") === 1) return BROKEN;
    result.push(...(replaced < 0 ? [piece] : [kit.output(), piece.subarray(replaced)]));
    kit.put(Buffer.alloc(length, 0xaa));
  }
  return Buffer.concat(result);
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random.chance(2) ? 1 + random.below(6) : 1 + random.below(bytes.length - at);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** Bytes that are nearly delimiters, and never one. */
function content(random: Random, boundary: string): Buffer {
  const delimiter = `\r\n--${boundary}`;
  const pieces = Array.from({ length: random.below(8) }, () =>
    random.pick([
      delimiter.slice(0, random.below(delimiter.length)),
      "\r",
      "\n",
      "-",
      `--${boundary}`.slice(0, -1),
      "\r\r\n--",
      "你好",
      String.fromCharCode(random.below(256)),
    ]),
  );
  // Two pieces could make a whole one, of which the first line break may be that in front of the content.
  let text = `\r\n${pieces.join("")}`;
  while (text.includes(delimiter)) text = text.replaceAll(delimiter, "");
  return Buffer.from(text.replace(/^\r\n/, ""));
}

test("a form gets the target's model and keeps every other byte", () => {
  property(3_000, (random) => {
    const boundary = random.pick(["b", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a-b", "x".repeat(70)]);
    const others = Array.from({ length: random.below(4) }, (_, i) =>
      random.chance(2) ? file(content(random, boundary)) : field(`field${i}`, content(random, boundary)),
    );
    const at = random.below(others.length + 1);
    const named = !random.chance(3);
    const insert = (value: Buffer) => others.toSpliced(at, 0, field("model", value));
    const tail = random.pick(["\r\n", "", "\r\nepilogue\r\n"]);
    const before = written(named ? insert(content(random, boundary)) : others, boundary, tail);
    const added = written([...others, field("model", TARGET)], boundary, tail);
    const after = named ? written(insert(TARGET), boundary, tail) : others.length > 0 ? added : before;
    if (!named && others.length === 0) return; // no form has no part at all
    const result = edited(cut(before, random), boundary, random.chance(2) || !named);
    expect(result.toString("latin1")).toBe(after.toString("latin1"));
  });
});

test("what nobody asked for is not added", () => {
  const form = written([file(Buffer.from("a"))], "b");
  expect(edited([form], "b", false)).toEqual(form);
});

const MODEL = field("model", "a");
test.each<[string, Part[]]>([
  ["two models", [MODEL, file(Buffer.from("x")), MODEL]],
  ["a second one whose name is escaped", [MODEL, { ...MODEL, headers: MODEL.headers.replace("model", "mo\\del") }]],
  ["a name by RFC 5987", [MODEL, { ...MODEL, headers: "Content-Disposition: form-data; name*=utf-8''model\r\n" }]],
  ["two names", [{ ...MODEL, headers: 'Content-Disposition: form-data; name="x"; name="model"\r\n' }]],
  ["two dispositions", [{ ...MODEL, headers: `Content-Disposition: form-data; name="x"\r\n${MODEL.headers}` }]],
  ["a quote without end", [{ ...MODEL, headers: 'Content-Disposition: form-data; name="model\r\n' }]],
  ["a folded header", [{ ...MODEL, headers: 'Content-Disposition: form-data;\r\n name="model"\r\n' }]],
  ["a line that is no header", [{ ...MODEL, headers: `--b\r\n${MODEL.headers}` }]],
  ["a line break without its return", [{ ...MODEL, headers: MODEL.headers.replace("\r", "") }]],
  ["a return without its line break", [{ ...MODEL, headers: `X: a\rb\r\n${MODEL.headers}` }]],
])("%s: broken", (_what, parts) => {
  const form = written(parts, "b");
  expect(edited([form], "b", false)).toBe(BROKEN);
  expect(
    edited(
      [...form].map((byte) => Buffer.from([byte])),
      "b",
      false,
    ),
  ).toBe(BROKEN);
});

test("what is not the model stays: a file of that name, the name in another header, another case", () => {
  const parts = [
    file(Buffer.from("x"), "model"),
    {
      ...field("x", "y"),
      headers: 'Content-Type: text/plain; name="model"\r\nContent-Disposition: form-data; name="x"\r\n',
    },
    field("Model", "z"),
    { headers: "", value: Buffer.from("no headers") },
  ];
  expect(edited([written(parts, "b")], "b", false)).toEqual(written(parts, "b"));
});

test.each([
  ["--bx\r\n", "what stands behind a delimiter"],
  ["--b-x", "one dash"],
  ["--b\n", "a bare line break"],
  ["--b\r \n", "a space within a line break"],
])("%j: broken, for %s", (form) => {
  expect(edited([Buffer.from(form)], "b", false)).toBe(BROKEN);
});

test("the boundary is what the Content-Type says, and there is one", () => {
  const form = written([MODEL], "b");
  const after = written([field("model", TARGET)], "b");
  for (const type of [
    'Multipart/Form-Data;  Boundary="b"; charset=utf-8',
    "multipart/form-data; boundary=b;",
    'multipart/form-data; x="; boundary=c"; boundary=b',
  ]) {
    expect(edited([form], "b", false, type)).toEqual(after);
  }
  for (const type of [
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=b; boundary=c",
    'multipart/form-data; boundary="b',
    'multipart/form-data; boundary="b"x',
    "multipart/form-data; boundary",
    `multipart/form-data; boundary=${"b".repeat(300)}`,
    "application/json",
  ]) {
    expect(edited([form], "b", false, type)).toBe(BROKEN);
  }
});
