// The Python SDKs for the matrix: installed once under build/ from the pinned requirements, then run as a process.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = fileURLToPath(new URL(".", import.meta.url));
const build = fileURLToPath(new URL("../../../build", import.meta.url));

/** Folder with the packages of requirements.txt, named by its content. */
async function installed(): Promise<string> {
  const requirements = join(folder, "requirements.txt");
  const name = readFileSync(requirements, "utf8")
    .trim()
    .replace(/[^\w.]+/g, "-");
  const target = join(build, `python-${name}`);
  if (existsSync(target)) return target;
  mkdirSync(build, { recursive: true });
  const partial = `${target}.${process.pid}`;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  await run("python3", [...pip, "--target", partial, "-r", requirements]);
  try {
    renameSync(partial, target);
  } catch {
    // Another test run was faster: its folder is the same.
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}

export interface PythonCheck {
  readonly client: string;
  readonly check: string;
  readonly value?: unknown;
  readonly error?: string;
}

/** Runs clients.py against a gateway; `mode` is "", "text-only" or "error". */
export async function runPython(
  url: string,
  key: string,
  model: string,
  question: string,
  mode: string,
): Promise<PythonCheck[]> {
  const environment = { ...process.env, PYTHONPATH: await installed(), SLUICE_KEY: key, PYTHONIOENCODING: "utf-8" };
  const script = join(folder, "clients.py");
  const { stdout } = await run("python3", [script, url, model, question, mode], { env: environment });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as PythonCheck);
}
