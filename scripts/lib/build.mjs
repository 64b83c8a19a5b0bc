// Installs and builds what is out of date. Whether something is, is decided by a digest of what it is made from, kept
// beside what was made: time stamps say nothing after a clone or a checkout.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { npm, runQuietly } from "./run.mjs";
import { step } from "./steps.mjs";

const SKIPPED = new Set(["node_modules", "dist", "build"]);

const BUILDS = {
  filter: {
    title: "building the filter",
    inputs: ["filter", "contract", "asconfig.json", "package-lock.json", "scripts/build-filter.mjs"],
    command: ["scripts/build-filter.mjs"],
    output: "build/sluice.wasm",
    stamp: "build/sluice.wasm.stamp",
  },
  controlPlane: {
    title: "building the control plane",
    inputs: ["control-plane", "contract", "tsconfig.base.json", "package-lock.json"],
    command: ["node_modules/typescript/bin/tsc", "-b", "control-plane"],
    output: "control-plane/dist/main.js",
    stamp: "control-plane/dist/.stamp",
  },
};

/** Files below `path` in a stable order, without what builds and tests leave there. */
function filesOf(root, path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.has(name) && !name.endsWith(".test.ts"))
    .map(({ name }) => join(path, name))
    .sort()
    .flatMap((inner) => filesOf(root, inner));
}

function digestOf(root, paths) {
  const hash = createHash("sha256").update(process.version);
  for (const path of paths.flatMap((each) => filesOf(root, each))) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

const isStamped = (root, stamp, digest) =>
  existsSync(join(root, stamp)) && readFileSync(join(root, stamp), "utf8") === digest;

function writeStamp(root, stamp, digest) {
  mkdirSync(dirname(join(root, stamp)), { recursive: true });
  writeFileSync(join(root, stamp), digest);
}

/** True if npm itself installed from the lock file that is here now. */
function isInstalledByNpm(root) {
  const own = join(root, "node_modules", ".package-lock.json");
  return existsSync(own) && statSync(own).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

/** Installs exactly what the lock file says, unless that is what is there. */
export async function ensureInstalled(root) {
  const stamp = "node_modules/.sluice-stamp";
  const digest = digestOf(root, ["package-lock.json"]);
  if (isStamped(root, stamp, digest)) return;
  if (!isInstalledByNpm(root)) {
    // Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, which is what npm writes
    // where the registry does not carry them. The versions are those of the lock file all the same.
    const [command, args] = npm(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
    await step("installing packages", async () => void (await runQuietly(command, args, { cwd: root })));
  }
  writeStamp(root, stamp, digest);
}

/** Builds one part if what it is made from has changed. Says nothing if there is nothing to do. */
export async function ensureBuilt(root, part) {
  const { title, inputs, command, output, stamp } = BUILDS[part];
  const digest = digestOf(root, inputs);
  if (existsSync(join(root, output)) && isStamped(root, stamp, digest)) return;
  await step(title, async () => void (await runQuietly(process.execPath, command, { cwd: root })));
  writeStamp(root, stamp, digest);
}
