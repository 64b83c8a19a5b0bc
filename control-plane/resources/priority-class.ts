// Priority classes: who is served first where capacity is scarce. There are three unless the settings name others; their order is theirs
// of being served. Pure.
import { z } from "zod";
import { PRIORITY_CLASSES_MAX } from "../contract.js";
import type { Problem } from "../errors.js";
import type { ResourceRef } from "./common.js";

export const DEFAULT_CLASSES: readonly string[] = ["critical", "standard", "batch"];
/** Of whoever has none. */
export const STANDARD_CLASS = "standard";

const CLASS_NAME = /^[a-z][a-z0-9-]{0,31}$/;

export const priorityClassSchema = z
  .string()
  .regex(CLASS_NAME, { error: "must be the name of a priority class: a-z, 0-9 and '-', beginning with a letter" })
  .describe(`A priority class: ${DEFAULT_CLASSES.join(", ")}, or those that SLUICE_PRIORITY_CLASSES names.`);

/** From the highest class to the lowest; undefined when it cannot be. */
export function parseClasses(text: string): readonly string[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  const isSound = names.every((name) => CLASS_NAME.test(name)) && new Set(names).size === names.length;
  return isSound && names.length <= PRIORITY_CLASSES_MAX && names.includes(STANDARD_CLASS) ? names : undefined;
}

/** 0 is served first. A class that was taken out of the settings counts as the standard one. */
export function rankOf(classes: readonly string[], name: string | undefined): number {
  const rank = name === undefined ? -1 : classes.indexOf(name);
  return rank >= 0 ? rank : classes.indexOf(STANDARD_CLASS);
}

/** What is wrong with a reference to a class at `path` of a document; undefined when nothing is. */
export function classProblem(
  classes: readonly string[],
  from: ResourceRef,
  path: string,
  name: string | undefined,
): Problem | undefined {
  if (name === undefined || classes.includes(name)) return undefined;
  return {
    ...from,
    path,
    code: "unknown_reference",
    message: `there is no priority class '${name}'`,
    mend: `Use one of ${classes.join(", ")}, or add it to SLUICE_PRIORITY_CLASSES and restart the control plane.`,
  };
}
