// A server that speaks MongoDB's wire protocol (SecantusDB from PyPI, pinned), installed once under build/ and run as a
// process of the tests. It is no part of the product.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const PACKAGE = "SecantusDB==0.7.0b3";
const build = fileURLToPath(new URL("../../build", import.meta.url));
const START_TRIES = 300;
/** As with `transactionLifetimeLimitSeconds` 2: what a killed client leaves open does not hold a test up for a minute. */
const LAUNCH = `
import sys
from secantus import cli, transactions
transactions.TransactionRegistry.__init__.__kwdefaults__["lifetime_seconds"] = 2.0
sys.exit(cli.main())`;

/** Folder with the package, named by its version. */
async function installed(): Promise<string> {
  const target = join(build, `python-${PACKAGE.replace(/[^\w.]+/g, "-")}`);
  if (existsSync(target)) return target;
  mkdirSync(build, { recursive: true });
  const partial = `${target}.${process.pid}`;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  await run("python3", [...pip, "--target", partial, PACKAGE]).catch((error: Error) => {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`the tests' MongoDB server is missing: python3 ${pip.join(" ")} --target ${target} ${PACKAGE}`, {
      cause: error,
    });
  });
  try {
    renameSync(partial, target);
  } catch {
    // Another test run was faster: its folder is the same.
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

export interface MongoServer {
  /** Ends with the path: a database's name may be put behind it. */
  readonly uri: string;
  readonly port: number;
  /** Stops it in its tracks (SIGSTOP); resolves when it stands. */
  pause(): Promise<void>;
  /** Lets it run again. */
  resume(): void;
  stop(): Promise<void>;
}

async function waitUntilReady(server: ChildProcess, port: number, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < START_TRIES; attempt++) {
    if (server.exitCode !== null) throw new Error(`the tests' MongoDB server ended: ${output()}`);
    if (await accepts(port)) return;
    await sleep(100);
  }
  throw new Error(`the tests' MongoDB server does not listen: ${output()}`);
}

export interface MongoServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Of its command line. */
  readonly options?: readonly string[];
}

/** All of its threads: one that still runs may answer. */
function isStopped(pid: number | undefined): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) => /\) [TZ] /.test(readFileSync(`${tasks}/${task}/stat`, "utf8")));
}

/** `storage`: a folder, or `:memory:`. */
export async function startMongoServer(
  storage = ":memory:",
  { port: given, options = [] }: MongoServerOptions = {},
): Promise<MongoServer> {
  const folder = await installed();
  const port = given ?? (await freePort());
  const args = ["--host", "127.0.0.1", "--port", String(port), "--storage-path", storage, ...options];
  const server = spawn("python3", ["-c", LAUNCH, ...args], {
    env: { ...process.env, PYTHONPATH: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  await waitUntilReady(server, port, () => output);
  return {
    uri: `mongodb://127.0.0.1:${port}/`,
    port,
    pause: async () => {
      server.kill("SIGSTOP");
      while (!isStopped(server.pid)) await sleep(1);
    },
    resume: () => void server.kill("SIGCONT"),
    stop: async () => {
      server.kill("SIGCONT");
      server.kill("SIGKILL");
      await ended;
    },
  };
}
