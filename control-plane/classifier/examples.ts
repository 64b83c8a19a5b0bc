// What an operator may declare as task classes, and what is wrong with a declaration: a JSON pointer, why, what to do.
import { CLASSIFIER_CLASSES_MAX } from "../contract.js";

export interface TaskClass {
  /** a-z, 0-9, '.', '_' and '-', at most 63 characters, beginning with a letter or digit. */
  readonly name: string;
  /** Requests as users write them, in every language that they write. */
  readonly examples: readonly string[];
}

export interface ClassifierProblem {
  /** JSON pointer (RFC 6901) from the list of classes: `/0/examples/3`; of the background `/background/3`. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** What to do, as a sentence. */
  readonly mend: string;
}

/** With fewer a class is a guess. */
export const EXAMPLES_MIN = 8;
/** Of all classes together: training takes about 0.5 ms an example. */
export const EXAMPLES_MAX = 20_000;
/** The classifier reads no more of a text than 3,072 bytes. */
export const EXAMPLE_BYTES_MAX = 16_384;
const PROBLEMS_MAX = 100;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Two texts that differ only in this would train the same features. */
function sameAs(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}

class Judge {
  readonly problems: ClassifierProblem[] = [];
  /** Normalised example → where it was first. */
  private readonly seen = new Map<string, { readonly path: string; readonly owner: string }>();

  add(path: string, code: string, message: string, mend: string): void {
    this.problems.push({ path, code, message, mend });
  }

  example(text: unknown, path: string, owner: string): void {
    if (typeof text !== "string" || sameAs(text) === "") {
      this.add(path, "empty_example", "is no text", "Write a sentence as a user would, or remove the example.");
      return;
    }
    if (Buffer.byteLength(text) > EXAMPLE_BYTES_MAX) {
      this.add(path, "example_too_long", "is too long", `Shorten the example to ${EXAMPLE_BYTES_MAX} bytes of UTF-8.`);
      return;
    }
    const key = sameAs(text);
    const first = this.seen.get(key);
    if (first === undefined) {
      this.seen.set(key, { path, owner });
    } else if (first.owner === owner) {
      this.add(path, "duplicate_example", `says the same as ${first.path}`, "Remove one of the two.");
    } else {
      this.add(
        path,
        "contradicting_example",
        `says the same as ${first.path}, which is of another class`,
        "Keep the example in the class that it belongs to.",
      );
    }
  }
}

function judgeClass(judge: Judge, { name, examples }: TaskClass, index: number, names: Map<string, number>): void {
  const path = `/${index}`;
  if (!NAME.test(name)) {
    judge.add(
      `${path}/name`,
      "invalid_class_name",
      "must be 1 to 63 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
      "Correct the name of the class.",
    );
  }
  const first = names.get(name);
  if (first === undefined) names.set(name, index);
  else judge.add(`${path}/name`, "duplicate_class", `is the name of /${first} too`, "Join the two classes into one.");
  if (examples.length < EXAMPLES_MIN) {
    judge.add(
      `${path}/examples`,
      "too_few_examples",
      `has ${examples.length} examples`,
      `Give at least ${EXAMPLES_MIN} different ones; 50 or more serve better.`,
    );
  }
  for (const [position, text] of examples.entries()) {
    judge.example(text, `${path}/examples/${position}`, name);
  }
}

/** The first hundred problems; none = `trainClassifier` takes these. */
export function taskClassProblems(
  classes: readonly TaskClass[],
  background: readonly string[] = [],
): readonly ClassifierProblem[] {
  const judge = new Judge();
  const least = background.length > 0 ? 1 : 2;
  if (classes.length < least) {
    judge.add("", "too_few_classes", "leaves nothing to choose from", `Declare at least ${least} classes.`);
  }
  if (classes.length > CLASSIFIER_CLASSES_MAX) {
    judge.add("", "too_many_classes", `has ${classes.length} classes`, `Declare at most ${CLASSIFIER_CLASSES_MAX}.`);
  }
  const count = classes.reduce((sum, { examples }) => sum + examples.length, background.length);
  if (count > EXAMPLES_MAX) {
    judge.add("", "too_many_examples", `has ${count} examples`, `Give at most ${EXAMPLES_MAX} in all.`);
  }
  if (judge.problems.length > 0) return judge.problems;
  const names = new Map<string, number>();
  for (const [index, each] of classes.entries()) judgeClass(judge, each, index, names);
  for (const [position, text] of background.entries()) judge.example(text, `/background/${position}`, "");
  return judge.problems.slice(0, PROBLEMS_MAX);
}
