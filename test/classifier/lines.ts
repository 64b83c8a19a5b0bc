// The held-back lines and the examples that they are held back from, and the scores of a classifier over them.
import { readFileSync } from "node:fs";
import { builtInBackground, builtInTaskClasses } from "../../control-plane/classifier/built-in.js";

export const LANGUAGES = ["zh", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
export const CLASSES = ["writing", "research", "code", "reasoning"] as const;

export interface Line {
  readonly text: string;
  readonly language: Language;
  /** Undefined = small talk. */
  readonly label: string | undefined;
}

function read(name: string, language: Language): string[] {
  return JSON.parse(readFileSync(new URL(`held-back/${name}.${language}.json`, import.meta.url), "utf8")) as string[];
}

function linesOf(name: string, label: string | undefined): Line[] {
  return LANGUAGES.flatMap((language) => read(name, language).map((text) => ({ text, language, label })));
}

/** 50 lines for each class and language. */
export const heldBack: readonly Line[] = CLASSES.flatMap((name) => linesOf(name, name));
/** 30 lines for each language. */
export const smallTalk: readonly Line[] = linesOf("small-talk", undefined);
/** Every example that the built-in classifier is trained with. */
export const trainingTexts: readonly string[] = [
  ...builtInTaskClasses().flatMap(({ examples }) => examples),
  ...builtInBackground(),
];

export interface Judged {
  readonly label: string | undefined;
  readonly given: string | undefined;
}

/** The mean over the classes of the harmonic mean of precision and recall: 0 … 1. */
export function macroF1(judged: readonly Judged[]): number {
  const each = CLASSES.map((name) => {
    const right = judged.filter(({ label, given }) => label === name && given === name).length;
    const named = judged.filter(({ given }) => given === name).length;
    const meant = judged.filter(({ label }) => label === name).length;
    return (2 * right) / (named + meant);
  });
  return each.reduce((sum, value) => sum + value, 0) / each.length;
}

/** Words, and pairs of Chinese characters: what a copied line would share with its original. */
export function shinglesOf(text: string): Set<string> {
  const lower = text.toLowerCase();
  const shingles = new Set(lower.match(/[a-z0-9]+/g) ?? []);
  for (const run of lower.match(/[\u4e00-\u9fff]+/g) ?? []) {
    for (let i = 0; i + 1 < run.length; i++) shingles.add(run.slice(i, i + 2));
  }
  return shingles;
}

/** What two sets share, as a part of what they have together: 0 … 1. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const item of a) if (b.has(item)) shared++;
  return shared / (a.size + b.size - shared);
}

/** Five words, or eight Chinese characters, in a row. */
export function phrasesOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[a-z0-9']+/g) ?? [];
  const phrases = new Set<string>();
  for (let i = 0; i + 5 <= words.length; i++) phrases.add(words.slice(i, i + 5).join(" "));
  for (const run of text.match(/[\u4e00-\u9fff]+/g) ?? []) {
    for (let i = 0; i + 8 <= run.length; i++) phrases.add(run.slice(i, i + 8));
  }
  return phrases;
}
