// `npm test`: installs and builds what is missing, checks what is generated, formatted and typed, runs every test, real
// Envoy included, and closes with the line `N passed, N failed`. A step that fails, a test file that cannot be loaded and
// a test that is skipped all count as failed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findEnvoy } from "../envoy/setup.mjs";
import { ensureBuilt, ensureInstalled } from "./lib/build.mjs";
import { runQuietly, runVisibly } from "./lib/run.mjs";
import { step } from "./lib/steps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = (...args) => runQuietly(process.execPath, args, { cwd: root });
const failures = [];

/** Runs a step; its failure is shown, counted, and does not keep the next one from running. */
async function attempt(title, work) {
  try {
    return await step(title, work);
  } catch (error) {
    console.error(error.message);
    failures.push(title);
    return undefined;
  }
}

async function build() {
  await attempt("packages", () => ensureInstalled(root));
  await attempt(
    "generated files are current",
    async () => void (await node("scripts/generate-contract.mjs", "--check")),
  );
  await attempt("filter", () => ensureBuilt(root, "filter"));
  await attempt("control plane", () => ensureBuilt(root, "controlPlane"));
  return failures.length === 0;
}

async function check() {
  await attempt(
    "format and lint",
    async () => void (await node("node_modules/@biomejs/biome/bin/biome", "check", ".")),
  );
  await attempt(
    "types of the tests",
    async () => void (await node("node_modules/typescript/bin/tsc", "-p", "test", "--noEmit")),
  );
}

/** What vitest's JSON report says, in tests. */
function countOf(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.error(`${skipped} tests were skipped: that counts as failed.`);
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length + skipped };
}

async function runTests(envoy) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const file = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  try {
    const code = await runVisibly(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...process.argv.slice(2)],
      {
        cwd: root,
        env: { ...process.env, ENVOY_BIN: envoy },
      },
    );
    const count = existsSync(file) ? countOf(JSON.parse(readFileSync(file, "utf8"))) : { passed: 0, failed: 1 };
    // An error outside of any test, which vitest reports by its exit code alone.
    return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const count = { passed: 0, failed: 0 };
if (await build()) {
  await check();
  const envoy = await attempt("Envoy", () => findEnvoy({ progress: console.log }));
  if (envoy) Object.assign(count, await runTests(envoy));
}
for (const failure of failures) console.error(`failed: ${failure}`);
const failed = count.failed + failures.length;
console.log(`${count.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
