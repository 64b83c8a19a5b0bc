// `npm start` as a newcomer meets it: real control plane, real Envoy, an empty data directory, free ports. What it prints
// is what is tried.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "../e2e/harness.js";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const PORTS = [
  "SLUICE_GATEWAY_PORT",
  "SLUICE_API_PORT",
  "SLUICE_XDS_PORT",
  "SLUICE_CALLOUT_PORT",
  "SLUICE_ENVOY_ADMIN_PORT",
  "SLUICE_DEMO_OPENAI_PORT",
  "SLUICE_DEMO_ANTHROPIC_PORT",
] as const;

let folder: string;
let environment: NodeJS.ProcessEnv;
let child: ChildProcess | undefined;
let output: string;

/** Resolves with all that was printed, when the script runs or has ended. */
function start(more: NodeJS.ProcessEnv = {}): Promise<string> {
  output = "";
  const started = spawn(process.execPath, [SCRIPT], {
    env: { ...environment, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  return new Promise((resolve) => {
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes('{"kind":"none"}') || /models .*\n +demo key.*\n[\s\S]*With a stream:/.test(output))
          resolve(output);
      });
    }
    started.once("close", () => resolve(output));
  });
}

async function stop(): Promise<number | null> {
  const ending = child;
  if (!ending || ending.exitCode !== null) return ending?.exitCode ?? null;
  const closed = new Promise<number | null>((resolve) => ending.once("close", resolve));
  ending.kill("SIGINT");
  return closed;
}

const curls = (text: string) => [...text.matchAll(/curl [\s\S]*?'\{.*\}'/g)].map(([command]) => command);
const shell = async (command: string) =>
  (await run("bash", ["-c", command.replace("curl ", "curl -sS -m 20 ")])).stdout;
const keyOf = (text: string) => /demo key +(\S+)/.exec(text)?.[1];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-start-"));
  const ports = await freePorts(PORTS.length);
  const { OPENAI_API_KEY: _, ANTHROPIC_API_KEY: __, ...inherited } = process.env;
  environment = {
    ...inherited,
    ...Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])])),
    SLUICE_DATA_DIR: join(folder, "data"),
    XDG_CONFIG_HOME: join(folder, "config"),
  };
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the printed commands work: a question, a stream, a broken provider; the second start finds all as it was", async () => {
  const first = await start();
  const [ask = "", stream = "", breakIt = ""] = curls(first);
  expect(JSON.parse(await shell(ask))).toMatchObject({ model: "gpt-demo", choices: [{ finish_reason: "stop" }] });
  expect(await shell(stream)).toMatch(/^data: \{[\s\S]*\ndata: \[DONE\]\n\n$/);
  await shell(breakIt);
  expect(JSON.parse(await shell(ask))).toMatchObject({ object: "chat.completion", model: "claude-demo" });
  expect(statSync(join(folder, "config", "sluice", "master.key")).mode & 0o777).toBe(0o600);

  expect(await stop()).toBe(0);
  await expect(fetch(`http://127.0.0.1:${environment.SLUICE_GATEWAY_PORT}/`)).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${environment.SLUICE_API_PORT}/healthz`)).rejects.toThrow();

  const second = await start();
  expect(keyOf(second)).toBe(keyOf(first));
  expect(JSON.parse(await shell(curls(second)[0] ?? ""))).toMatchObject({ model: "gpt-demo" });
}, 120_000);

test("with a provider's credential in the environment that provider is configured, and the credential shows nowhere", async () => {
  const credential = "sk-test-never-to-be-seen";
  const text = await start({ OPENAI_API_KEY: credential });
  expect(text).toContain("gpt-4o-mini");
  const token = readFileSync(join(folder, "data", "operator-token"), "utf8").trim();
  const configuration = await fetch(`http://127.0.0.1:${environment.SLUICE_API_PORT}/api/v1/configuration`, {
    headers: { authorization: `Bearer ${token}` },
  }).then((response) => response.text());
  expect(JSON.parse(configuration)).toMatchObject({
    providers: [{ id: "openai", baseUrl: "https://api.openai.com/v1" }],
  });
  const logs = ["envoy.log", "control-plane.log"].map((name) =>
    readFileSync(join(folder, "data", "logs", name), "utf8"),
  );
  for (const seen of [text, configuration, ...logs]) expect(seen).not.toContain(credential);
}, 120_000);

test.each(PORTS.filter((name) => name !== "SLUICE_CALLOUT_PORT"))(
  "%s that is taken is named",
  async (name) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(Number(environment[name]), "127.0.0.1", resolve));
    try {
      const text = await start();
      expect(text).toContain(`${name}: port ${environment[name]} is taken by another process.`);
      expect(child?.exitCode).toBe(1);
    } finally {
      server.close();
    }
  },
  120_000,
);
