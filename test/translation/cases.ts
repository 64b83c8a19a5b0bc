// Golden cases: one folder is one case (test/translation/cases/README.md), found by walking. This file reads them, and
// writes golden sides when UPDATE_GOLDEN is set; it judges nothing.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Direction, PlanOptions } from "./kit.ts";

const root = fileURLToPath(new URL("cases/", import.meta.url));
const updating = process.env.UPDATE_GOLDEN !== undefined;

const caseSchema = z.strictObject({
  title: z.string().min(10),
  source: z.url(),
  direction: z.string().regex(/^(chat|embeddings|messages|countTokens|responses|generateContent)-to-[a-z-]+$/),
  plan: z.record(z.string(), z.unknown()).optional(),
  refusal: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
  dropped: z.array(z.string()).optional(),
  /** Of upstream-error.json. */
  status: z.int().min(400).max(599).optional(),
  /** Of an error that came with a status of success: what the client gets as its status. */
  failure: z.int().min(400).max(599).optional(),
  /** Nothing is translated: bytes pass. */
  passes: z.literal(true).optional(),
  /** Events of upstream-stream.sse that say nothing to a user yet, where bytes pass. */
  preamble: z.int().min(0).optional(),
  /** Behind the base path. */
  path: z.string().optional(),
});

export const FILES = [
  "case.json",
  "downstream-request.json",
  "upstream-request.json",
  "upstream-reply.json",
  "downstream-reply.json",
  "upstream-error.json",
  "downstream-error.json",
  "upstream-stream.sse",
  "upstream-stream.jsonl",
  "downstream-stream.sse",
] as const;
export type CaseFile = (typeof FILES)[number];

export class GoldenCase {
  readonly name: string;
  readonly title: string;
  readonly direction: Direction;
  readonly plan: PlanOptions;
  readonly refusal: { code: string; detail: string } | undefined;
  readonly dropped: string[];
  readonly status: number | undefined;
  readonly failure: number | undefined;
  readonly passes: boolean;
  readonly preamble: number | undefined;
  readonly path: string | undefined;

  constructor(private readonly folder: string) {
    const read = caseSchema.parse(JSON.parse(readFileSync(join(folder, "case.json"), "utf8")));
    this.name = relative(root, folder);
    this.title = read.title;
    this.direction = read.direction as Direction;
    this.plan = (read.plan ?? {}) as PlanOptions;
    this.refusal = read.refusal;
    this.dropped = read.dropped ?? [];
    this.status = read.status;
    this.failure = read.failure;
    this.passes = read.passes ?? false;
    this.preamble = read.preamble;
    this.path = read.path;
  }

  get files(): string[] {
    return readdirSync(this.folder);
  }

  has(file: CaseFile): boolean {
    return existsSync(join(this.folder, file));
  }

  text(file: CaseFile): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  /** What the golden file holds; with UPDATE_GOLDEN it is first written from `actual`. */
  goldenJson(file: CaseFile, actual: string): unknown {
    if (updating) writeFileSync(join(this.folder, file), `${JSON.stringify(JSON.parse(actual), null, 2)}\n`);
    return JSON.parse(this.text(file));
  }

  goldenText(file: CaseFile, actual: string): string {
    if (updating) writeFileSync(join(this.folder, file), actual);
    return this.text(file);
  }
}

export function goldenCases(): GoldenCase[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("case.json"))
    .sort()
    .map((path) => new GoldenCase(join(root, path, "..")));
}

/** The dialect or client API whose folder a case lies in. */
export function familyOf({ name }: GoldenCase): string {
  return name.split(/[/\\]/)[0] ?? "";
}
