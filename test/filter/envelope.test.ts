// The envelope of a request body against JSON.parse, and the bodies it must refuse.

import { expect, test } from "vitest";
import { damage, randomValue, space } from "./json-texts.js";
import { property, type Random } from "./random.js";
import { JsonError, Testkit, Token } from "./testkit.js";

const kit = new Testkit();
const KEYS_MAX = 256;

interface Envelope {
  ok: boolean;
  error: number;
  errorOffset: number;
  model: string | undefined;
  modelIsString: boolean;
  modelHasEscapes: boolean;
  streamKind: number;
  messagesKind: number;
  includeUsage: boolean;
}

function read(body: Buffer | string): Envelope {
  const bytes = Buffer.from(body);
  const { pointer, length } = kit.put(bytes);
  const ok = kit.call("envelopeRead", pointer, length) === 1;
  const hasModel = kit.call("envelopeHasModel") === 1;
  const start = kit.call("envelopeModelStart");
  return {
    ok,
    error: kit.call("envelopeError"),
    errorOffset: kit.call("envelopeErrorOffset"),
    model: hasModel ? bytes.toString("utf8", start, kit.call("envelopeModelEnd")) : undefined,
    modelIsString: kit.call("envelopeModelIsString") === 1,
    modelHasEscapes: kit.call("envelopeModelHasEscapes") === 1,
    streamKind: kit.call("envelopeStreamKind"),
    messagesKind: kit.call("envelopeMessagesKind"),
    includeUsage: kit.call("envelopeIncludeUsage") === 1,
  };
}

function kindOf(text: string | undefined): number {
  if (text === undefined) return Token.NONE;
  if (text === "true") return Token.TRUE;
  if (text === "false") return Token.FALSE;
  if (text === "null") return Token.NULL;
  const first = text[0];
  if (first === "{") return Token.OBJECT_BEGIN;
  if (first === "[") return Token.ARRAY_BEGIN;
  return first === '"' ? Token.STRING : Token.NUMBER;
}

/** Writes a name as a JSON string, some characters as escapes. */
function spelled(random: Random, name: string): string {
  const units = [...name].map((c) => (random.chance(6) ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : c));
  return `"${units.join("")}"`;
}

const OPTIONS = [
  "{}",
  '{"include_usage":true}',
  '{"include\\u005fusage" : true,"x":1}',
  '{"include_usage":false}',
  "null",
];

/** Members of a request in random order, not two of a name. */
function randomMembers(random: Random): Map<string, string> {
  const all: [string, string][] = [
    ["model", random.pick(['"gpt-4o"', '"a\\u0062c"', '""', "5", "null", randomValue(random)])],
    ["stream", random.pick(["true", "false", "null", '"yes"', "[1]"])],
    ["stream_options", random.pick(OPTIONS)],
    ["messages", random.pick(["[]", '[{"role":"user","content":"hi"}]', "{}", randomValue(random)])],
    ["temperature", "0.5"],
    ["models", '"other"'],
    ["Stream", "true"],
    ["", "0"],
    ["模型", randomValue(random)],
  ];
  for (let i = all.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  return new Map(all.slice(0, random.below(all.length + 1)));
}

function write(random: Random, members: [string, string][]): string {
  const parts = members.map(([key, value]) => {
    return `${space(random)}${spelled(random, key)}${space(random)}:${space(random)}${value}${space(random)}`;
  });
  return `${space(random)}{${parts.join(",")}}${space(random)}`;
}

test("finds what JSON.parse finds", () => {
  property(5000, (random) => {
    const members = randomMembers(random);
    const body = write(random, [...members]);
    const model = members.get("model");
    const options = (JSON.parse(body) as { stream_options?: { include_usage?: unknown } | null }).stream_options;
    expect(read(body)).toEqual({
      ok: true,
      error: JsonError.NONE,
      errorOffset: 0,
      model,
      modelIsString: model?.startsWith('"') ?? false,
      modelHasEscapes: (model?.startsWith('"') && model.includes("\\")) ?? false,
      streamKind: kindOf(members.get("stream")),
      messagesKind: kindOf(members.get("messages")),
      includeUsage: options?.include_usage === true,
    });
  });
});

test("refuses any doubled member of the top level, however it is spelled", () => {
  property(2000, (random) => {
    const members = [...randomMembers(random)];
    if (members.length === 0) return;
    const [key] = random.pick(members);
    members.splice(random.below(members.length + 1), 0, [key, randomValue(random)]);
    const found = read(write(random, members));
    expect([found.ok, found.error]).toEqual([false, JsonError.DUPLICATE_KEY]);
  });
});

test("a doubled member is told by the offset of its second key", () => {
  expect(read('{"model":"a","mode\\u006c":"b"}').errorOffset).toBe('{"model":"a","'.length);
});

test("refuses a doubled include_usage, and leaves other doubled members inside values alone", () => {
  expect(read('{"stream_options":{"include_usage":false,"include_usag\\u0065":true}}').error).toBe(
    JsonError.DUPLICATE_KEY,
  );
  expect(read('{"metadata":{"a":1,"a":2},"stream_options":{"a":1,"a":2}}').ok).toBe(true);
});

test("members inside values are not members of the request", () => {
  const found = read(
    '{"a":{"model":"x","stream":true,"messages":[]},"b":[{"model":"y"}],"stream_options":{"b":{"include_usage":true}}}',
  );
  expect(found).toMatchObject({ ok: true, model: undefined, streamKind: Token.NONE, messagesKind: Token.NONE });
  expect(found.includeUsage).toBe(false);
});

test.each(["[]", "1", '"model"', "null", " true "])("%j is no object", (body) => {
  expect(read(body).error).toBe(JsonError.NOT_OBJECT);
});

test("what comes behind the members is judged too", () => {
  expect(read('{"model":"a"} x').error).toBe(JsonError.TRAILING);
  expect(read('{"model":"a","b":[}').error).toBe(JsonError.UNEXPECTED);
  expect(read('{"stream_options":{"include_usage":true').error).toBe(JsonError.TRUNCATED);
  expect(read('{"stream_options":[').error).toBe(JsonError.TRUNCATED);
  expect(read(`{"a":${"[".repeat(200)}`).error).toBe(JsonError.DEPTH);
});

test("cut anywhere, a body is refused", () => {
  const body = '{"model":"gpt","stream":true,"stream_options":{"include_usage":true},"messages":[{"content":"é"}]}';
  const bytes = Buffer.from(body);
  for (let length = 0; length < bytes.length; length++)
    expect(read(bytes.subarray(0, length)).ok, `${length}`).toBe(false);
  expect(read(bytes).ok).toBe(true);
});

test("tells apart as many members as the limit, and refuses more", () => {
  const body = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"key${i}":${i}`).join(",")}}`;
  expect(read(body(KEYS_MAX)).ok).toBe(true);
  expect(read(body(KEYS_MAX + 1)).error).toBe(JsonError.KEY_LIMIT);
  expect(read(`{"${"\\u0061".repeat(1024)}":1}`).ok).toBe(true);
  expect(read(`{"${"\\u0061".repeat(1025)}":1}`).error).toBe(JsonError.KEY_LIMIT);
  expect(read(`{"${"a".repeat(100_000)}":1,"${"a".repeat(99_999)}b":1}`).ok).toBe(true);
});

test("no body traps: 100,000 damaged ones, and none is accepted that JSON.parse refuses", () => {
  const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const isJson = (bytes: Buffer): boolean => {
    try {
      JSON.parse(strictUtf8.decode(bytes));
      return true;
    } catch {
      return false;
    }
  };
  property(100_000, (random) => {
    const bytes = damage(random, Buffer.from(write(random, [...randomMembers(random)])));
    const found = read(bytes);
    if (found.ok && !isJson(bytes)) throw new Error(`accepted ${bytes.toString("hex")}`);
    const own: number[] = [JsonError.DUPLICATE_KEY, JsonError.NOT_OBJECT];
    if (!found.ok && !own.includes(found.error) && isJson(bytes)) throw new Error(`refused ${bytes.toString("hex")}`);
  });
});
