// `npm start` as a newcomer meets it: real control plane, real Envoy, an empty data directory, free ports. What it prints
// is what is tried.

import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PORT_VARIABLES, StartCommand } from "./start-harness.js";

const START_MS_MAX = 120_000;
const run = promisify(execFile);
const shell = async (command: string) =>
  (await run("bash", ["-c", command.replace("curl ", "curl -sS -m 20 ")])).stdout;
/** The commands that were printed, in their order. */
const curlsIn = (text: string) => [...text.matchAll(/curl [\s\S]*?'\{.*\}'/g)].map(([command]) => command);
const keyIn = (text: string) => /demo key +(\S+)/.exec(text)?.[1];

let command: StartCommand;
beforeEach(async () => {
  command = await StartCommand.create();
});
afterEach(() => command.remove());

test("the printed commands work: a question, a stream, a broken provider", { timeout: START_MS_MAX }, async () => {
  const [ask = "", stream = "", breakIt = "", mendIt = ""] = curlsIn(await command.start());
  expect(JSON.parse(await shell(ask))).toMatchObject({ choices: [{ finish_reason: "stop" }] });
  expect(await shell(stream)).toMatch(/^data: \{[\s\S]*\ndata: \[DONE\]\n\n$/);
  await shell(breakIt);
  expect(JSON.parse(await shell(ask))).toMatchObject({ object: "chat.completion" });
  expect(await shell(ask)).toContain("This is claude-demo");
  await shell(mendIt);
  // A target that was throttled is left for a second.
  let answer = "";
  for (let i = 0; i < 50 && !answer.includes("This is gpt-demo"); i++) {
    await pause(100);
    answer = await shell(ask);
  }
  expect(answer).toContain("This is gpt-demo");
  expect(statSync(join(command.configDirectory, "sluice", "master.key")).mode & 0o777).toBe(0o600);
});

test("Ctrl-C ends everything, and the second start finds all as it was", { timeout: START_MS_MAX }, async () => {
  const first = await command.start();
  expect(await command.stop()).toBe(0);
  await expect(fetch(command.url("SLUICE_GATEWAY_PORT"))).rejects.toThrow();
  await expect(fetch(command.url("SLUICE_API_PORT"))).rejects.toThrow();
  await expect(fetch(command.url("SLUICE_DEMO_OPENAI_PORT"))).rejects.toThrow();

  const second = await command.start();
  expect(keyIn(first)).toMatch(/^sk-slc-/);
  expect(keyIn(second)).toBe(keyIn(first));
  expect(await shell(curlsIn(second)[0] ?? "")).toContain("This is gpt-demo");
});

test("providers' credentials in the environment are configured and show nowhere", {
  timeout: START_MS_MAX,
}, async () => {
  const credential = "sk-test-never-to-be-seen";
  const variables = ["OPENAI", "ANTHROPIC", "GEMINI", "DEEPSEEK", "DASHSCOPE", "MOONSHOT", "ZHIPUAI"];
  const printed = await command.start(
    Object.fromEntries(variables.map((name) => [`${name}_API_KEY`, `${credential}-${name}`])),
  );
  const token = readFileSync(join(command.dataDirectory, "operator-token"), "utf8").trim();
  const configuration = await fetch(`${command.url("SLUICE_API_PORT")}/api/v1/configuration`, {
    headers: { authorization: `Bearer ${token}` },
  }).then((response) => response.text());
  expect(JSON.parse(configuration)).toMatchObject({
    providers: expect.arrayContaining([
      expect.objectContaining({ id: "openai", baseUrl: "https://api.openai.com/v1" }),
      expect.objectContaining({ id: "qwen", baseUrl: "https://dashscope.aliyuncs.com/compatible-mode/v1" }),
    ]),
    modelRoutes: expect.arrayContaining([
      expect.objectContaining({ id: "gpt-4o-mini" }),
      expect.objectContaining({ id: "demo", targets: expect.arrayContaining([{ target: "qwen-plus" }]) }),
    ]),
  });
  expect(JSON.parse(configuration).providers).toHaveLength(variables.length);
  const logs = ["envoy.log", "control-plane.log"].map((name) =>
    readFileSync(join(command.dataDirectory, "logs", name), "utf8"),
  );
  for (const seen of [printed, configuration, ...logs]) expect(seen).not.toContain(credential);
});

test.each(PORT_VARIABLES)("%s that is taken is named", { timeout: START_MS_MAX }, async (variable) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(command.ports[variable], "127.0.0.1", resolve));
  try {
    expect(await command.start()).toContain(
      `${variable}: port ${command.ports[variable]} is taken by another process.`,
    );
    expect(command.exitCode).toBe(1);
  } finally {
    server.close();
  }
});
