// Builds and runs the two C tools of the benchmark. Knows their command lines and nothing of gateways.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start, waitFor } from "./processes.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Compiles both tools into `folder`. */
export function buildTools(folder) {
  const compiler = process.env.CC || "cc";
  const tools = { upstream: join(folder, "upstream"), load: join(folder, "load") };
  for (const [name, output] of Object.entries(tools)) {
    try {
      execFileSync(compiler, ["-O2", "-Wall", "-Wextra", "-o", output, join(here, `${name}.c`)], { stdio: "pipe" });
    } catch (error) {
      throw new Error(
        `${compiler} could not build test/bench/${name}.c; install a C compiler or name one in CC\n${error.message}`,
      );
    }
  }
  return tools;
}

/** A fake provider; `status` other than 200 makes it refuse every request with that status. */
export async function startUpstream(tools, { status = 200, port = 0 } = {}) {
  const child = start("load", tools.upstream, ["--port", String(port), "--status", String(status)]);
  const ready = () => /listening on 127\.0\.0\.1:(\d+)/.exec(child.log)?.[1];
  return { child, pid: child.pid, port: Number(await waitFor(child, "the fake provider", ready)) };
}

/**
 * One run of the load generator; resolves with the object it prints.
 * Options are its own: connections, seconds, requests, rate, timeoutMs, sse, expect; headers is a list of lines.
 */
export async function runLoad(tools, { url, bodyFile, headers = [], sse = false, ...numbers }) {
  const args = ["--url", url, "--body", bodyFile];
  for (const header of headers) args.push("--header", header);
  if (sse) args.push("--sse");
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined) args.push(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, String(value));
  }
  const child = start("load", tools.load, args);
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  const code = await child.exited;
  await closed;
  if (code !== 0) throw new Error(`the load generator ended with ${code}: ${child.log}`);
  return JSON.parse(output);
}
