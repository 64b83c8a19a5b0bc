// Training: the same bytes for the same examples, problems for declarations that cannot work, classes of an operator's own,
// and a decoder in either plane that refuses what is damaged.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { builtInBackground, builtInClassifier, builtInTaskClasses } from "../../control-plane/classifier/built-in.js";
import { EXAMPLES_MAX, EXAMPLES_MIN } from "../../control-plane/classifier/examples.js";
import { Classifier, fnv1a32, modelProblem } from "../../control-plane/classifier/model.js";
import { exactExp, trainClassifier } from "../../control-plane/classifier/train.js";
import { CLASSIFIER_BYTES_MAX, CLASSIFIER_CLASSES_MAX, CLASSIFIER_HEADER_BYTES } from "../../control-plane/contract.js";
import { Random } from "../filter/random.js";
import { FilterClassifier } from "./kit.js";
import { OWN_CLASSES, OWN_LINES } from "./own-classes.js";

/** Changes whenever an example, a feature or the training does. Take the new one from the failure, after a look at the accuracy. */
const BUILT_IN_SHA256 = "a2a95537fa1e3e95e40903e71d5f2b9125a3f28bb5869a027f988f9646e2d29f";

const filter = new FilterClassifier();
const texts = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `example number ${"x".repeat(from + i)}`);

function damaged(blob: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(blob);
  change(copy);
  copy.writeUInt32LE(fnv1a32(copy.subarray(16)), 12);
  return copy;
}

describe("the built-in classifier", () => {
  test("is the same bytes again, and those that were committed", () => {
    const again = trainClassifier(builtInTaskClasses(), { background: builtInBackground() });
    expect(again.blob?.equals(builtInClassifier().blob as Buffer)).toBe(true);
    expect(
      createHash("sha256")
        .update(again.blob as Buffer)
        .digest("hex"),
    ).toBe(BUILT_IN_SHA256);
  });

  test("is within its size", () => {
    const blob = builtInClassifier().blob as Buffer;
    const count = builtInTaskClasses().reduce((sum, { examples }) => sum + examples.length, 0);
    const begin = performance.now();
    trainClassifier(builtInTaskClasses(), { background: builtInBackground() });
    console.info(`${blob.length} bytes of ${count} examples in ${Math.round(performance.now() - begin)} ms`);
    expect(blob.length).toBeLessThanOrEqual(CLASSIFIER_BYTES_MAX);
  });

  test("uses an exponential that is right", () => {
    for (let x = -30; x <= 30; x += 0.37) expect(Math.abs(exactExp(x) / Math.exp(x) - 1)).toBeLessThan(1e-12);
  });
});

describe("classes of an operator's own", () => {
  test("with twenty examples each are told apart, alike in both planes", () => {
    const { blob, problems } = trainClassifier(OWN_CLASSES);
    expect(problems).toEqual([]);
    const classifier = new Classifier(blob as Buffer);
    expect(filter.use(blob as Buffer)).toBe("");
    expect(filter.names()).toEqual(["legal", "smalltalk"]);
    for (const [text, name] of OWN_LINES) {
      const found = classifier.classify(text);
      expect(found.name, text).toBe(name);
      const { index, confidence } = filter.classify([Buffer.from(text)], false);
      expect({ index, confidence }).toEqual({ index: found.index, confidence: found.confidence });
    }
  });

  test("as many as there may be fit", () => {
    const classes = Array.from({ length: CLASSIFIER_CLASSES_MAX }, (_, i) => ({
      name: `class-${i}`,
      examples: Array.from({ length: EXAMPLES_MIN }, (_, j) => `topic${i} about thing${i} number ${"i".repeat(j)}`),
    }));
    const { blob, problems } = trainClassifier(classes, { background: ["hello", "thanks a lot"] });
    expect(problems).toEqual([]);
    expect((blob as Buffer).length).toBeLessThanOrEqual(CLASSIFIER_BYTES_MAX);
    expect(filter.use(blob as Buffer)).toBe("");
    const classifier = new Classifier(blob as Buffer);
    const found = classifier.classify("topic11 about thing11");
    const { index, confidence } = filter.classify([Buffer.from("topic11 about thing11")], false);
    expect({ index, confidence }).toEqual({ index: found.index, confidence: found.confidence });
  });
});

describe("a declaration that cannot work", () => {
  const good = { name: "good", examples: texts(EXAMPLES_MIN) };
  const other = (examples: readonly string[], name = "other") => [good, { name, examples }];
  const more = texts(EXAMPLES_MIN, 100);

  test.each([
    ["one class", [good], "", "too_few_classes"],
    ["no class", [], "", "too_few_classes"],
    [
      "too many classes",
      Array.from({ length: CLASSIFIER_CLASSES_MAX + 1 }, (_, i) => ({ name: `c${i}`, examples: texts(9, i * 20) })),
      "",
      "too_many_classes",
    ],
    ["too many examples", other(texts(EXAMPLES_MAX).map((_, i) => `text ${i}`)), "", "too_many_examples"],
    ["a class with few examples", other(more.slice(1)), "/1/examples", "too_few_examples"],
    ["an empty example", other([...more, " \n"]), `/1/examples/${EXAMPLES_MIN}`, "empty_example"],
    ["a long example", other([...more, "字".repeat(6_000)]), `/1/examples/${EXAMPLES_MIN}`, "example_too_long"],
    [
      "a duplicate",
      other([...more, `  ${more[0]?.toUpperCase()}`]),
      `/1/examples/${EXAMPLES_MIN}`,
      "duplicate_example",
    ],
    ["a contradiction", other([...more, "Example  number "]), `/1/examples/${EXAMPLES_MIN}`, "contradicting_example"],
    ["a bad name", other(more, "Not so good"), "/1/name", "invalid_class_name"],
    ["a name given twice", other(more, "good"), "/1/name", "duplicate_class"],
  ])("%s is a problem with a path and a mend", (_what, classes, path, code) => {
    const { blob, problems } = trainClassifier(classes);
    expect(blob).toBeUndefined();
    expect(problems.map((problem) => [problem.path, problem.code])).toEqual([[path, code]]);
    expect(problems[0]?.mend).toMatch(/^[A-Z].*\.$/);
  });

  test("the background is judged too", () => {
    const { problems } = trainClassifier(other(more), { background: ["", more[2] as string] });
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
      "/background/0 empty_example",
      "/background/1 contradicting_example",
    ]);
  });
});

describe("bytes that are no classifier", () => {
  let blob: Buffer;
  beforeAll(() => {
    blob = builtInClassifier().blob as Buffer;
  });

  const namesAt = (bytes: Buffer) => bytes.readUInt32LE(28);
  test.each<[string, (whole: Buffer) => Buffer]>([
    ["nothing", () => Buffer.alloc(0)],
    ["a header alone", (whole) => whole.subarray(0, CLASSIFIER_HEADER_BYTES)],
    ["too many bytes", () => Buffer.alloc(CLASSIFIER_BYTES_MAX + 1)],
    ["one byte less", (whole) => whole.subarray(0, whole.length - 1)],
    ["one byte more", (whole) => Buffer.concat([whole, Buffer.alloc(1)])],
    ["another magic", (whole) => damaged(whole, (copy) => copy.writeUInt32LE(1, 0))],
    ["another format", (whole) => damaged(whole, (copy) => copy.writeUInt16LE(9, 4))],
    ["no class", (whole) => damaged(whole, (copy) => copy.writeUInt8(0, 6))],
    ["too many classes", (whole) => damaged(whole, (copy) => copy.writeUInt8(17, 6))],
    ["two backgrounds", (whole) => damaged(whole, (copy) => copy.writeUInt8(2, 7))],
    ["another number of buckets", (whole) => damaged(whole, (copy) => copy.writeUInt8(14, 16))],
    ["too many buckets", (whole) => damaged(whole, (copy) => copy.writeUInt8(31, 16))],
    ["a scale out of bounds", (whole) => damaged(whole, (copy) => copy.writeUInt32LE(0x10000, 20))],
    ["weights elsewhere", (whole) => damaged(whole, (copy) => copy.writeUInt32LE(0xfffffff0, 24))],
    ["names elsewhere", (whole) => damaged(whole, (copy) => copy.writeUInt32LE(namesAt(copy) + 1, 28))],
    ["a bias out of bounds", (whole) => damaged(whole, (copy) => copy.writeInt32LE(-0x80000000, 32))],
    ["an empty curve", (whole) => damaged(whole, (copy) => copy.writeUInt16LE(0, 32 + 5 * 4))],
    ["a nameless class", (whole) => damaged(whole, (copy) => copy.writeUInt16LE(0, namesAt(copy)))],
    ["a name too long", (whole) => damaged(whole, (copy) => copy.writeUInt16LE(0xffff, namesAt(copy)))],
    ["a name too short", (whole) => damaged(whole, (copy) => copy.writeUInt16LE(1, namesAt(copy)))],
  ])("%s: both planes say why", (_what, change) => {
    const bytes = change(blob);
    const problem = modelProblem(bytes);
    expect(problem).toBeDefined();
    expect(filter.use(bytes)).toBe(problem);
    expect(() => new Classifier(bytes)).toThrow(RangeError);
  });

  test("any one changed byte is found", () => {
    const random = new Random(3);
    for (let run = 0; run < 300; run++) {
      const copy = Buffer.from(blob);
      const at = run < 200 ? run % 64 : random.below(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      const problem = modelProblem(copy);
      expect(problem, `byte ${at}`).toBeDefined();
      expect(filter.use(copy), `byte ${at}`).toBe(problem);
    }
  });
});
