// Child processes of the commands: run to the end, or kept and ended by id. It never ends what it did not start.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { UserError } from "./steps.mjs";

const TAIL_CHARACTERS = 4000;
const STOP_MS_MAX = 8_000;

/** npm runs scripts with its own path in the environment; on some systems `npm` is no program that can be spawned. */
export function npm(args) {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") ? [process.execPath, [script, ...args]] : ["npm", args];
}

/** Runs a command to its end; throws what it said if it fails. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    let output = "";
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-TAIL_CHARACTERS);
      });
    }
    child.on("error", (error) => reject(new UserError(`${command} cannot be run: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new UserError(`${[command, ...args].join(" ")}\nended with ${code}:\n${output}`));
    });
  });
}

/** Runs a command with the terminal as its own; resolves with the exit code. */
export function runVisibly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** A process that runs until it is stopped; its output goes to a file. */
export class Service {
  #child;
  #name;
  #logFile;
  /** Resolves when the process has ended, for whatever reason. */
  ended;
  running = true;

  constructor(name, command, args, { logFile, env }) {
    this.#name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, "w", 0o600);
    // A group of its own: Ctrl-C reaches the command alone, which then ends its services in order.
    this.#child = spawn(command, args, { env, stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#child.on("error", resolve);
      this.#child.on("exit", resolve);
    }).then(() => {
      this.running = false;
    });
  }

  /** The error to report when it ended by itself: its name and its last words. */
  failure(what = "ended") {
    const log = readFileSync(this.#logFile, "utf8").slice(-TAIL_CHARACTERS).trim();
    return new UserError(`${this.#name} ${what}.\n${log === "" ? "It said nothing." : log}\n(${this.#logFile})`);
  }

  /** For the last moment of this process, when nothing can be awaited. */
  kill() {
    if (this.running) this.#child.kill("SIGTERM");
  }

  async stop() {
    if (!this.running) return;
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS_MAX);
    await this.ended;
    clearTimeout(killer);
  }
}
