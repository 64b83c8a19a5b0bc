// How well the built-in classifier does on lines that had no part in its training or tuning. The figures are printed, so
// that a change of the examples shows what it does; the floors are the promise of docs/task-classes.md.
import { beforeAll, describe, expect, test } from "vitest";
import { builtInClassifier } from "../../control-plane/classifier/built-in.js";
import { Classifier } from "../../control-plane/classifier/model.js";
import { CLASSIFIER_CONFIDENCE_DEFAULT } from "../../control-plane/contract.js";
import {
  CLASSES,
  heldBack,
  jaccard,
  LANGUAGES,
  macroF1,
  phrasesOf,
  shinglesOf,
  smallTalk,
  trainingTexts,
} from "./lines.js";

let classifier: Classifier;
beforeAll(() => {
  classifier = new Classifier(builtInClassifier().blob as Buffer);
});

function judged(confidence: number) {
  return heldBack.map(({ text, language, label }) => {
    const found = classifier.classify(text);
    return { text, language, label, given: found.confidence >= confidence ? found.name : undefined, found };
  });
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

describe("the held-back lines", () => {
  test("are 50 for each class and language, each once", () => {
    for (const language of LANGUAGES) {
      for (const name of CLASSES) {
        expect(heldBack.filter((line) => line.label === name && line.language === language).length).toBe(50);
      }
    }
    expect(new Set([...heldBack, ...smallTalk].map(({ text }) => text)).size).toBe(460);
  });

  test("are none of the examples in other clothes", () => {
    const examples = trainingTexts.map((text) => ({ text, shingles: shinglesOf(text), phrases: phrasesOf(text) }));
    let nearest = 0;
    const near: string[] = [];
    for (const { text } of heldBack) {
      const shingles = shinglesOf(text);
      const phrases = [...phrasesOf(text)];
      for (const example of examples) {
        const likeness = jaccard(shingles, example.shingles);
        nearest = Math.max(nearest, likeness);
        const copied = phrases.filter((phrase) => example.phrases.has(phrase)).length;
        if (likeness >= 0.5 || copied >= 2) near.push(`${text} | ${example.text}`);
      }
    }
    console.info(`nearest example: ${percent(nearest)} of words or pairs of characters shared`);
    expect(near).toEqual([]);
  });
});

describe("the built-in classifier", () => {
  test.each([0, CLASSIFIER_CONFIDENCE_DEFAULT])(
    "has a macro-F1 of 90 percent or more at a confidence of %d",
    (confidence) => {
      const all = judged(confidence);
      const figures = [percent(macroF1(all))];
      for (const language of LANGUAGES) {
        const score = macroF1(all.filter((line) => line.language === language));
        figures.push(`${language} ${percent(score)}`);
        expect(score).toBeGreaterThanOrEqual(0.9);
      }
      const named = all.filter(({ given }) => given !== undefined);
      const right = named.filter(({ given, label }) => given === label);
      console.info(
        `macro-F1 at ${confidence}: ${figures.join(", ")}; ${percent(named.length / all.length)} are given a class, ` +
          `${percent(right.length / named.length)} of those the right one`,
      );
      expect(macroF1(all)).toBeGreaterThanOrEqual(0.9);
    },
  );

  test("figures: what is taken for what", () => {
    const all = judged(0);
    for (const label of CLASSES) {
      const row = [...CLASSES, undefined].map((given) => {
        return `${given ?? "none"} ${all.filter((line) => line.label === label && line.given === given).length}`;
      });
      console.info(`${label} → ${row.join(", ")}`);
    }
  });

  test("gives small talk no class", () => {
    const given = smallTalk.filter(({ text }) => {
      const { name, confidence } = classifier.classify(text);
      return name !== undefined && confidence >= CLASSIFIER_CONFIDENCE_DEFAULT;
    });
    const left = 1 - given.length / smallTalk.length;
    console.info(`small talk left to the default: ${percent(left)} of ${smallTalk.length} lines`);
    expect(left).toBeGreaterThanOrEqual(0.9);
  });
});
