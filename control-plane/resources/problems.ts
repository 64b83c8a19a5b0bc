// Turns what zod says about a document into problems: a JSON pointer, what is wrong, what to do.
import type { z } from "zod";
import type { Problem } from "../errors.js";
import type { ResourceRef } from "./common.js";

const PROBLEMS_MAX = 100;

/** RFC 6901. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function unknownField(path: readonly PropertyKey[], field: string): Omit<Problem, "kind" | "id"> {
  return {
    path: jsonPointer([...path, field]),
    code: "unknown_field",
    message: "is no field of this document",
    mend: "Remove the field, or correct its name: /api/v1/openapi.json lists the fields.",
  };
}

/** A check that knows the way out says it in `params.mend`. */
function ownMend(issue: z.core.$ZodIssue): string | undefined {
  const mend: unknown = issue.code === "custom" ? issue.params?.mend : undefined;
  return typeof mend === "string" ? mend : undefined;
}

function issueProblems(issue: z.core.$ZodIssue): Omit<Problem, "kind" | "id">[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownField(issue.path, key));
  const path = jsonPointer(issue.path);
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  if (missing) {
    return [{ path, code: "missing_field", message: "is required", mend: `Add ${path}: ${issue.expected}.` }];
  }
  const code = issue.code === "custom" ? "invalid_value" : issue.code;
  return [
    { path, code, message: issue.message, mend: ownMend(issue) ?? `Correct ${path === "" ? "the document" : path}.` },
  ];
}

/** The first hundred; more would help nobody. `ref` is absent where the document has no usable id. */
export function documentProblems(error: z.ZodError, ref: ResourceRef | undefined): Problem[] {
  return error.issues
    .flatMap(issueProblems)
    .slice(0, PROBLEMS_MAX)
    .map((problem) => ({ ...ref, ...problem }));
}
