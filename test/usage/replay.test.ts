// `sluice usage replay` as its users run it, from the build, against a running control plane.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatEventLine } from "../../control-plane/usage/event.js";
import { Harness, OPERATOR_TOKEN } from "../control-plane/operator-harness.js";
import { event, randomEvents } from "./random-events.js";

const MAIN = fileURLToPath(new URL("../../control-plane/dist/cli/main.js", import.meta.url));
const SPAN = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 6, 1) };

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.remove());

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sluice(args: readonly string[], environment: NodeJS.ProcessEnv = {}, input = ""): Promise<Run> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, SLUICE_OPERATOR_TOKEN: OPERATOR_TOKEN, ...environment };
    const child = execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) =>
      resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

const api = () => `http://${harness.running.api.host}:${harness.running.api.port}`;
const run = (files: readonly string[], input?: string) =>
  sluice(["usage", "replay", "--api", api(), ...files], {}, input);

function write(name: string, lines: readonly string[]): string {
  const file = join(harness.directory, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

async function ids(): Promise<string[]> {
  return (await harness.usage.events({ ...SPAN, filter: {}, limit: 10_000 })).items.map(({ id }) => id).sort();
}

describe("a log", () => {
  it("is stored, however it was collected, and counts once", async () => {
    const events = randomEvents(1_200, SPAN, 1);
    const wrapped = events.map((each, index) => {
      const line = formatEventLine(each);
      if (index % 3 === 0) return line;
      return index % 3 === 1 ? `2026-06-01T00:00:00Z stdout F ${line}` : `[info] ${line} trace=1`;
    });
    const others = ['{"level":"info"}', "", '[2026-06-01T00:00:00Z] "GET / HTTP/1.1" 200 { id }'];
    const file = write("access.log", [...others, ...wrapped, ...others]);
    await harness.usage.append(events.slice(0, 100));
    const first = await run([file]);
    expect(first.stderr).toBe("");
    expect(JSON.parse(first.stdout)).toEqual({
      lines: 1_206,
      events: 1_200,
      accepted: 1_100,
      duplicates: 100,
      refused: 0,
    });
    expect(first.status).toBe(0);
    expect(JSON.parse((await run([file])).stdout)).toMatchObject({ accepted: 0, duplicates: 1_200 });
    expect(await ids()).toEqual(events.map(({ id }) => id).sort());
  });

  it("says which of its lines were refused, and stores the others", async () => {
    const line = formatEventLine(event("a"));
    const bad = line.replace('"durationMs":100', '"durationMs":-1').replace('"id":"a"', '"id":"b"');
    const long = formatEventLine(event("c")).replace('"USD"', `"${"x".repeat(40_000)}"`);
    const { status, stdout, stderr } = await run([
      write("one.log", [bad, line]),
      write("two.log", [long, line.slice(0, -20)]),
    ]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ lines: 4, events: 4, accepted: 1, duplicates: 0, refused: 3 });
    const said = stderr.split("\n").filter((text) => text !== "");
    expect(said.sort()).toEqual([
      expect.stringMatching(/one\.log:1: durationMs: /),
      expect.stringMatching(/two\.log:1: is not whole/),
      expect.stringMatching(/two\.log:2: is not whole/),
    ]);
    expect(await ids()).toEqual(["a"]);
  });

  it("may come from standard input", async () => {
    const { status, stdout } = await run(["-"], `${formatEventLine(event("a"))}\n`);
    expect([status, JSON.parse(stdout).accepted]).toEqual([0, 1]);
  });

  it("waits for a control plane that is away for a moment", async () => {
    let calls = 0;
    const server = createServer((_request, response) => {
      const answer = ++calls === 1 ? { error: { message: "The usage store does not answer." } } : {};
      response.writeHead(calls === 1 ? 503 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ accepted: 1, duplicates: 0, refused: 0, defects: [], ...answer }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const file = write("access.log", [formatEventLine(event("a"))]);
    const { status, stderr } = await sluice(["usage", "replay", "--api", `http://127.0.0.1:${port}`, file]);
    expect(stderr).toContain("trying again: The usage store does not answer.");
    expect([status, calls]).toEqual([0, 2]);
    server.close();
  });
});

describe("what it cannot do", () => {
  it.each<[string, readonly string[], NodeJS.ProcessEnv, RegExp]>([
    ["nothing", [], {}, /^sluice usage replay \[options\] FILE/],
    ["another command", ["usage", "erase", "x"], {}, /^sluice usage replay/],
    ["an unknown option", ["usage", "replay", "--colour", "x"], {}, /--colour/],
    ["no URL", ["usage", "replay", "--api", "nowhere", "x"], {}, /--api: want a URL/],
    [
      "no token",
      ["usage", "replay", "x"],
      { SLUICE_OPERATOR_TOKEN: "", SLUICE_DATA_DIR: "gone" },
      /operator token .*ENOENT/,
    ],
    ["no file", ["usage", "replay", "gone.log"], {}, /gone\.log cannot be read \(ENOENT\)/],
  ])("%s is said", async (_what, args, environment, words) => {
    const { status, stdout, stderr } = await sluice(args, environment);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(words);
  });

  it("a wrong token ends it at once, and is not repeated", async () => {
    const file = write("access.log", [formatEventLine(event("a"))]);
    const environment = { SLUICE_OPERATOR_TOKEN: "a-wrong-operator-token" };
    const { status, stderr } = await sluice(["usage", "replay", "--api", api(), file], environment);
    expect(status).toBe(1);
    expect(stderr).toMatch(/answers 401: The operator token is missing or wrong/);
    expect(stderr).not.toContain("a-wrong-operator-token");
  });
});
