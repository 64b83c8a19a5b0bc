// The Python SDKs for the matrix: installed once under build/ from the pinned requirements, then run as a process.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = fileURLToPath(new URL(".", import.meta.url));
const build = fileURLToPath(new URL("../../../build", import.meta.url));
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

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

/** What clients.py can be asked for, by client. */
export const PYTHON_CHECKS = {
  "openai, chat": ["plain", "stream", "async stream", "tools", "structured", "embed"],
  "openai, responses": ["plain", "stream", "tools", "structured"],
  anthropic: ["plain", "stream", "tools", "structured"],
} as const;
export type PythonClient = keyof typeof PYTHON_CHECKS;
export type PythonCheck = (typeof PYTHON_CHECKS)[PythonClient][number];

export interface PythonJob {
  readonly client: PythonClient;
  readonly check: PythonCheck;
  readonly model: string;
  readonly question: string;
}

export interface PythonOutcome {
  readonly value?: unknown;
  readonly error?: { readonly type: string; readonly status: number | null; readonly text: string };
}

/** Runs clients.py against a gateway: an outcome for each job. */
export async function runPython(url: string, key: string, jobs: readonly PythonJob[]): Promise<PythonOutcome[]> {
  const environment = { ...process.env, PYTHONPATH: await installed(), SLUICE_KEY: key, PYTHONIOENCODING: "utf-8" };
  const options = { env: environment, maxBuffer: OUTPUT_BYTES_MAX };
  const running = run("python3", [join(folder, "clients.py"), url], options);
  running.child.stdin?.end(JSON.stringify(jobs));
  return JSON.parse((await running).stdout) as PythonOutcome[];
}
