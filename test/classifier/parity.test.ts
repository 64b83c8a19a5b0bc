// The filter and the control plane judge every text alike, bit by bit, whatever it is and however its JSON is written.
import { beforeAll, expect, test } from "vitest";
import { builtInClassifier } from "../../control-plane/classifier/built-in.js";
import { Classifier } from "../../control-plane/classifier/model.js";
import { CLASSIFIER_HEAD_BYTES, CLASSIFIER_TAIL_BYTES } from "../../control-plane/contract.js";
import { Random } from "../filter/random.js";
import { asciiRawOf, FilterClassifier, rawOf } from "./kit.js";
import { CLASSES, heldBack, smallTalk, trainingTexts } from "./lines.js";

const filter = new FilterClassifier();
let oracle: Classifier;

beforeAll(() => {
  const blob = builtInClassifier().blob as Buffer;
  oracle = new Classifier(blob);
  expect(filter.use(blob)).toBe("");
});

function expectAlike(bytes: Uint8Array): void {
  const { index, confidence } = oracle.classify(bytes);
  const found = filter.classify([bytes], false);
  if (found.index !== index || found.confidence !== confidence) {
    throw new Error(
      `${JSON.stringify(found)} instead of ${index}, ${confidence}: ${Buffer.from(bytes).toString("hex")}`,
    );
  }
}

test("the classes have their names", () => {
  expect(filter.names()).toEqual([...CLASSES]);
});

test("every line that there is, plain and from either kind of JSON", () => {
  const texts = [...heldBack.map(({ text }) => text), ...smallTalk.map(({ text }) => text), ...trainingTexts];
  for (const text of texts) {
    const { index, confidence } = oracle.classify(text);
    expectAlike(Buffer.from(text));
    expect(filter.classify([Buffer.from(rawOf(text))], true), text).toEqual({ index, confidence });
    expect(filter.classify([Buffer.from(asciiRawOf(text))], true), text).toEqual({ index, confidence });
  }
});

test("an empty text is of no class", () => {
  expect(oracle.classify("")).toEqual({ name: undefined, index: -1, confidence: 0 });
  expect(oracle.classify(" \n\t。")).toEqual({ name: undefined, index: -1, confidence: 0 });
  expect(filter.classify([], true)).toEqual({ index: -1, confidence: 0 });
  expect(filter.classify([Buffer.from(" \n\t。")], false)).toEqual({ index: -1, confidence: 0 });
});

test("random bytes, and texts with random bytes in them", () => {
  const random = new Random(20_261_124);
  for (let run = 0; run < 3_000; run++) {
    const bytes = Buffer.alloc(random.below(200));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
    expectAlike(bytes);
    const text = Buffer.from(random.pick(trainingTexts));
    for (let i = random.below(4); i >= 0; i--) text[random.below(text.length)] = random.below(256);
    expectAlike(text);
  }
});

const PIECES = [
  "plain words ",
  "写一段代码",
  "\\",
  '"',
  "\n",
  "é",
  "😀",
  "a\\b",
  "\u0001",
  "ＡＢＣ！",
  "∑x²",
  "==>",
  "\\\\n",
  "\\u4f60",
];

/** Text of about this many bytes. */
function longText(random: Random, bytes: number): string {
  let text = "";
  while (Buffer.byteLength(text) < bytes)
    text += random.pick(PIECES).repeat(1 + random.below(random.chance(20) ? 300 : 3));
  return text;
}

test("long texts: the beginning and the end count, at whatever place they are cut", () => {
  const random = new Random(7);
  const whole = CLASSIFIER_HEAD_BYTES + CLASSIFIER_TAIL_BYTES;
  for (let run = 0; run < 400; run++) {
    const text = longText(random, random.chance(2) ? whole - 60 + random.below(120) : random.below(60_000));
    const { index, confidence } = oracle.classify(text);
    expect(filter.classify([Buffer.from(text)], false)).toEqual({ index, confidence });
    expect(filter.classify([Buffer.from(rawOf(text))], true), `run ${run}`).toEqual({ index, confidence });
    expect(filter.classify([Buffer.from(asciiRawOf(text))], true), `run ${run}`).toEqual({ index, confidence });
  }
});

test("what lies between the beginning and the end does not count", () => {
  const head = "Write a poem about the sea. ".repeat(100).slice(0, CLASSIFIER_HEAD_BYTES);
  const tail = "Make it rhyme, and keep it short. ".repeat(40).slice(-CLASSIFIER_TAIL_BYTES);
  const middle = "def main(): return 0; SELECT * FROM t; ".repeat(500);
  const judged = oracle.classify(head + middle + tail);
  expect(judged).toEqual(oracle.classify(head + "x".repeat(5000) + tail));
  expect(judged.name).toBe("writing");
  expect(oracle.classify(middle).name).toBe("code");
});

test("a message of several parts is its parts joined by line feeds", () => {
  const random = new Random(11);
  for (let run = 0; run < 300; run++) {
    const parts = Array.from({ length: 1 + random.below(5) }, () => {
      if (random.chance(5)) return "";
      return random.chance(2) ? random.pick(trainingTexts) : longText(random, random.below(2_500));
    });
    const { index, confidence } = oracle.classify(parts.filter((part) => part !== "").join("\n"));
    const raw = parts.map((part) => Buffer.from(rawOf(part)));
    expect(filter.classify(raw, true), `run ${run}`).toEqual({ index, confidence });
  }
});

test("raw content that is no JSON does no harm", () => {
  const random = new Random(13);
  for (let run = 0; run < 2_000; run++) {
    const bytes = Buffer.alloc(random.below(random.chance(20) ? 40_000 : 80));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.chance(3) ? 0x5c : random.below(256);
    const { index, confidence } = filter.classify([bytes], true);
    expect(index >= -1 && index < CLASSES.length && confidence >= 0 && confidence <= 100).toBe(true);
  }
});

test("a megabyte of backslashes is read in bounded time", () => {
  const text = "\\".repeat(524_288);
  console.info(`backslashes, ${2 * text.length} bytes: ${filter.microseconds(text, 50).toFixed(1)} µs`);
  const { index, confidence } = oracle.classify(text);
  expect(filter.classify([Buffer.from(rawOf(text))], true)).toEqual({ index, confidence });
});

test("figures: microseconds for a message", () => {
  const english =
    "Please look at the following function and tell me why it returns the wrong total when the list is empty. ";
  const chinese = "请帮我看看下面这个函数，为什么列表为空的时候返回的合计是错的，并给出修改之后的完整代码。";
  for (const [name, text, bytes] of [
    ["English", english, 200],
    ["English", english, 2048],
    ["Chinese", chinese, 200],
    ["Chinese", chinese, 2048],
  ] as const) {
    const cut = Buffer.from(text.repeat(40))
      .subarray(0, bytes - (name === "Chinese" ? bytes % 3 : 0))
      .toString();
    console.info(`${name}, ${bytes} bytes: ${filter.microseconds(cut, 2_000).toFixed(1)} µs`);
  }
  const varied = Buffer.from(trainingTexts.filter((text) => /^[ -~]+$/.test(text)).join(" "))
    .subarray(0, 2048)
    .toString();
  console.info(`English, all different, 2048 bytes: ${filter.microseconds(varied, 2_000).toFixed(1)} µs`);
  const million = english.repeat(10_000);
  console.info(`English, ${million.length} bytes: ${filter.microseconds(million, 200).toFixed(1)} µs`);
});
