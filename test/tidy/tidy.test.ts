// The repository's own rules, as far as a machine can judge them. It reads the files that git knows and changes nothing;
// a rule that needs an opinion belongs in CONTRIBUTING.md.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LINES_MAX = 500;
const LINES_WISHED = 300;
/** What runs in production and is longer than it should be. A ratchet: lengths only fall, and no file is added. */
const LONG: ReadonlyMap<string, number> = new Map([
  ["filter/json/reader.ts", 335],
  ["filter/target/http-context.ts", 484],
]);

const GENERATED = ["filter/contract.ts", "control-plane/contract.ts", "docs/errors.md", "package-lock.json"];
const SOURCE = /\.(ts|mts|mjs|c|h)$/;
const TEXT = /\.(ts|mts|mjs|c|h|md|json|yaml|yml)$/;
/** This file names what it forbids. */
const HERE = "test/tidy/tidy.test.ts";

interface File {
  readonly path: string;
  readonly text: string;
}

const files: readonly File[] = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((path) => TEXT.test(path) && !GENERATED.includes(path) && path !== HERE && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
const sources = files.filter(({ path }) => SOURCE.test(path));

/** `path:line: text` of every line that the pattern finds. */
function findings(among: readonly File[], pattern: RegExp): string[] {
  return among.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

function within(...folders: string[]): File[] {
  return sources.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));
}

test("the rules read something", () => {
  expect(sources.length).toBeGreaterThan(200);
});

describe("size and form", () => {
  const lengths = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));

  test("no source is too long", () => {
    expect(lengths.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  test("what runs in production is short, or becomes shorter", () => {
    const production = lengths.filter(({ path }) => !path.startsWith("test/"));
    const grown = production.filter(({ path, lines }) => lines > (LONG.get(path) ?? LINES_WISHED));
    expect(grown).toEqual([]);
    const loose = production.filter(({ path, lines }) => lines <= LINES_WISHED && LONG.has(path));
    expect(loose, "short now: take it off the list").toEqual([]);
  });

  test("every source opens with what it is for", () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text)).map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  test("names are kebab-case", () => {
    const named = /^([a-z0-9]+([-_.][a-z0-9]+)*)\.[a-z]+$/;
    expect(sources.map(({ path }) => path).filter((path) => !named.test(path.split("/").at(-1) ?? ""))).toEqual([]);
  });
});

describe("what no file says", () => {
  test.each([
    ["a path of one machine", files, /(^|[\s"'`(=:])\/(work|tmp|root|home)\//],
    [
      "a package registry's host",
      files,
      /\b(registry\.[a-z]+\.(com|org|io|net)|pypi\.org|files\.pythonhosted|npmjs\.|proxy\.golang|artifactory)/,
    ],
    ["work that was put off", sources, /\b(TODO|FIXME|HACK)\b/],
  ] as const)("%s", (_what, among, pattern) => {
    expect(findings(among, pattern)).toEqual([]);
  });

  test("the control plane logs by its logger", () => {
    const services = within("control-plane").filter(({ path }) => !path.startsWith("control-plane/xds/descriptors/"));
    expect(findings(services, /\bconsole\./)).toEqual([]);
  });

  test("no test is left out", () => {
    expect(findings(within("test"), /\b(test|describe|it)\.(only|skip|todo|skipIf|runIf)\b/)).toEqual([]);
  });

  test("the filter never throws: a trap cuts every stream of its worker", () => {
    expect(findings(within("filter"), /^\s*throw\b/)).toEqual([]);
  });
});

/** Folder → what it may import beside itself. */
const LAYERS: readonly (readonly [string, readonly string[]])[] = [
  ["filter/sdk", []],
  ["filter/bytes", ["filter/sdk"]],
  ["filter/json", ["filter/sdk", "filter/bytes", "filter/contract"]],
  ["filter/sse", ["filter/sdk", "filter/bytes", "filter/contract"]],
  ["filter/crypto", ["filter/sdk", "filter/bytes", "filter/contract"]],
  ["filter/classifier", ["filter/sdk", "filter/bytes", "filter/json", "filter/contract"]],
  ["filter/config", ["filter/sdk", "filter/bytes", "filter/crypto", "filter/classifier", "filter/contract"]],
];
/** Folder → what it must not import. */
const STRANGERS: readonly (readonly [string, readonly string[]])[] = [
  ["filter/target", ["filter/gateway", "filter/policies", "filter/state", "filter/config"]],
  ["filter/state", ["filter/gateway", "filter/policies", "filter/target"]],
  ["filter/gateway", ["filter/target"]],
  ["filter/policies", ["filter/target"]],
  ["control-plane/snapshot", ["store", "operator-api", "callout-api", "configuration", "identity", "secrets"]],
  ["control-plane/xds", ["store", "operator-api", "callout-api", "configuration", "identity", "secrets"]],
  ["control-plane/store", ["xds", "snapshot", "operator-api", "callout-api", "configuration", "identity"]],
  ["control-plane/ledger", ["xds", "snapshot", "operator-api", "callout-api", "configuration", "identity", "store"]],
  ["control-plane/operator-api", ["xds", "snapshot", "callout-api"]],
  ["control-plane/callout-api", ["store", "snapshot", "operator-api", "configuration", "identity"]],
];

const SDK = "proxy-wasm-assemblyscript-sdk";

/** Who imports what, as paths from the root of the repository; another package by its name. */
function importsOf(folder: string): { from: string; to: string }[] {
  return within(folder).flatMap(({ path, text }) =>
    [...text.matchAll(/^(?!\s*(?:\/\/|\*)).*(?:from|import) "([^"]+)"/gm)].map(([, name = ""]) => ({
      from: path,
      to: name.startsWith(".") ? normalize(join(dirname(path), name)) : name.replace(SDK, "filter/sdk"),
    })),
  );
}

const reaches = (to: string, folder: string) => to === folder || to.startsWith(`${folder}/`);

describe("dependencies point one way", () => {
  test.each(LAYERS)("%s imports only what is below it", (folder, below) => {
    const astray = importsOf(folder).filter(({ to }) => ![folder, ...below].some((allowed) => reaches(to, allowed)));
    expect(astray).toEqual([]);
  });

  test.each(STRANGERS)("%s knows nothing of what is beside it", (folder, names) => {
    const part = folder.split("/")[0];
    const strangers = names.map((name) => (name.startsWith("filter/") ? name : `${part}/${name}`));
    const astray = importsOf(folder).filter(({ to }) => strangers.some((stranger) => reaches(to, stranger)));
    expect(astray).toEqual([]);
  });

  test("the filter uses no package", () => {
    expect(importsOf("filter").filter(({ to }) => !to.startsWith("filter/"))).toEqual([]);
  });

  test("what runs in production imports nothing of the tests or examples", () => {
    const production = [...importsOf("control-plane"), ...importsOf("filter"), ...importsOf("envoy")];
    expect(production.filter(({ to }) => reaches(to, "test") || reaches(to, "examples"))).toEqual([]);
  });
});
