// What both planes agree on: the generated files are current, and every error that clients can see is documented and
// provoked by a test that runs the filter.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { FILTER_ERRORS } from "../../control-plane/contract.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** No test can cause these; each with its reason. */
const UNPROVOKED = new Map<string, string>([
  [
    "internal_error",
    "a reply of Envoy's own with a 5xx status and no cause that is known: it would be fixed, not tested",
  ],
]);

function testsIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => read(join(folder, name)));
}

const provoking = ["test/e2e", "test/filter", "test/quota", "test/capacity", "test/routing"].flatMap(testsIn);

test("generated files are current", async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, "scripts/generate-contract.mjs"), "--check"]);
});

describe("every error", () => {
  test("has a code of its own, and a status that clients take for an error", () => {
    const codes = FILTER_ERRORS.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(FILTER_ERRORS.filter(({ status }) => status < 400 || status > 599)).toEqual([]);
  });

  test("tells what to do in whole sentences", () => {
    const incomplete = FILTER_ERRORS.filter(({ message }) => !/^[A-Z].*\. [A-Z].*\.$/.test(message));
    expect(incomplete).toEqual([]);
  });

  test("is documented", () => {
    const rows = read("docs/errors.md").split("\n");
    const undocumented = FILTER_ERRORS.filter(
      ({ code, status }) => !rows.some((row) => row.startsWith(`| \`${code}\` | ${status} |`)),
    );
    expect(undocumented).toEqual([]);
  });

  test("is provoked by a test", () => {
    const named = (code: string) => provoking.some((source) => source.includes(`"${code}"`));
    const codes = FILTER_ERRORS.map(({ code }) => code as string);
    expect(codes.filter((code) => !named(code) && !UNPROVOKED.has(code))).toEqual([]);
    expect([...UNPROVOKED.keys()].filter((code) => named(code) || !codes.includes(code))).toEqual([]);
  });
});
