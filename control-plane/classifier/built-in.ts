// The classifier that needs no declaration: the four classes whose examples are in the catalogue, and small talk as what is
// none of them. It trains once, when first asked.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { TaskClass } from "./examples.js";
import { type TrainedClassifier, trainClassifier } from "./train.js";

export const BUILT_IN_CLASSES = ["writing", "research", "code", "reasoning"] as const;
const LANGUAGES = ["zh", "en"] as const;
const BACKGROUND = "small-talk";

/** By the package's `imports`, so that the files are found from the sources and from the build. */
function examplesOf(name: string): readonly string[] {
  return LANGUAGES.flatMap((language) => {
    const path = createRequire(import.meta.url).resolve(`#task-classes/${name}.${language}.json`);
    return JSON.parse(readFileSync(path, "utf8")) as string[];
  });
}

/** The built-in classes with their examples, for operators who add their own beside them. */
export function builtInTaskClasses(): readonly TaskClass[] {
  return BUILT_IN_CLASSES.map((name) => ({ name, examples: examplesOf(name) }));
}

/** Texts that are no task. To be left out where a class of the operator's own is about small talk. */
export function builtInBackground(): readonly string[] {
  return examplesOf(BACKGROUND);
}

let trained: TrainedClassifier | undefined;

export function builtInClassifier(): TrainedClassifier {
  trained ??= trainClassifier(builtInTaskClasses(), { background: builtInBackground() });
  return trained;
}
