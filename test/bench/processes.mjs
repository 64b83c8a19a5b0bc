// The processes of a benchmark: started on a fixed core, read through /proc, ended by their id. Linux only.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The first two cores that this process may use; null with fewer, or without `taskset`: then nothing is pinned. */
function chooseCores() {
  try {
    const list = execFileSync("taskset", ["-c", "-p", String(process.pid)], { encoding: "utf8" })
      .split(": ")
      .pop();
    const cores = list.split(",").flatMap((range) => {
      const [first, last = first] = range.trim().split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
    });
    return cores.length >= 2 ? { load: cores[0], gateway: cores[1] } : null;
  } catch {
    return null;
  }
}

export const CORES = chooseCores();

const children = new Set();
const folders = new Set();

/** @param {"load" | "gateway"} core */
export function start(core, command, args, options = {}) {
  const [file, all] = CORES ? ["taskset", ["-c", CORES[core], command, ...args]] : [command, args];
  const child = spawn(file, all, { stdio: ["ignore", "pipe", "pipe"], ...options });
  children.add(child);
  child.log = "";
  const keep = (text) => {
    child.log = (child.log + text).slice(-20_000);
  };
  child.stdout?.setEncoding("utf8").on("data", keep);
  child.stderr?.setEncoding("utf8").on("data", keep);
  child.exited = new Promise((resolve) => {
    child.on("error", (error) => {
      keep(`${error.message}\n`);
      resolve(-1);
    });
    child.on("exit", resolve);
  });
  child.exited.then(() => children.delete(child));
  return child;
}

/** Resolves when `ready` answers with something; rejects with the child's last words when it ends before. */
export async function waitFor(child, what, ready, timeoutMs = 20_000) {
  const until = Date.now() + timeoutMs;
  let ended = false;
  child.exited.then(() => {
    ended = true;
  });
  for (;;) {
    const answer = await Promise.resolve()
      .then(ready)
      .catch(() => undefined);
    if (answer) return answer;
    if (ended || Date.now() > until) {
      throw new Error(`${what} ${ended ? "ended" : "was not ready in time"}:\n${child.log.slice(-2000)}`);
    }
    await sleep(20);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  folders.add(folder);
  return folder;
}

export async function stop(child) {
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await child.exited;
  clearTimeout(killer);
}

/** Ends what is still running, newest first, and removes the temporary folders. */
export async function cleanUp() {
  for (const child of [...children].reverse()) await stop(child);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** The driver works on the load's core, so that the gateway has its own to itself. */
export function pinSelf() {
  if (CORES) execFileSync("taskset", ["-a", "-c", "-p", CORES.load, String(process.pid)], { stdio: "ignore" });
}

/** CPU time of all threads so far, in nanoseconds. */
export function cpuNs(pid) {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // A thread that ended in between: its time is lost, and Envoy's threads do not end.
    }
  }
  return sum;
}

export function rssBytes(pid) {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return match ? Number(match[1]) * 1024 : 0;
}

const TICKS_PER_SECOND = 100;

/** CPU seconds that the whole machine has been busy. */
export function machineBusySeconds() {
  const fields = readFileSync("/proc/stat", "utf8").split("\n", 1)[0].split(/\s+/).slice(1, 9).map(Number);
  const idle = fields[3] + fields[4];
  return (fields.reduce((sum, field) => sum + field, 0) - idle) / TICKS_PER_SECOND;
}
