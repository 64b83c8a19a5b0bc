// Every `sh` block of the README and of the operator's page is executed, page by page and in order, against what
// `npm start` runs; a command that fails or is answered with an error fails the test. Links to files lead somewhere.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_PORTS, PORT_VARIABLES, StartCommand } from "./start-harness.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = ["README.md", "docs/operations.md"];
const read = (page: string) => readFileSync(join(root, page), "utf8");
const commandsOf = (page: string) => [...read(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);

/** curl that fails where a person would see an error. */
const PREFIX = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body -m 20 "$@"; }\n';

let command: StartCommand;
beforeAll(async () => {
  command = await StartCommand.create();
  expect(await command.start()).toContain("Sluice runs.");
}, 120_000);
afterAll(() => command.remove());

test.each(PAGES)("the commands of %s work", { timeout: 60_000 }, async (page) => {
  const commands = commandsOf(page);
  expect(commands.length).toBeGreaterThan(0);
  const script = PORT_VARIABLES.reduce(
    (text, name) => text.replaceAll(`127.0.0.1:${DEFAULT_PORTS[name]}`, `127.0.0.1:${command.ports[name]}`),
    commands.join("\n"),
  );
  const { stdout } = await run("bash", ["-c", PREFIX + script], { cwd: command.folder });
  expect(stdout).not.toBe("");
});

test("the failover that the README promises happens", { timeout: 60_000 }, async () => {
  const failover = commandsOf("README.md").find((block) => block?.includes("Who answers now?")) ?? "";
  expect(failover).toContain(":10101/__fault");
  const script = PORT_VARIABLES.reduce(
    (text, name) => text.replaceAll(`127.0.0.1:${DEFAULT_PORTS[name]}`, `127.0.0.1:${command.ports[name]}`),
    `KEY=$(cat data/demo-key)\n${failover}`,
  );
  const { stdout } = await run("bash", ["-c", PREFIX + script], { cwd: command.folder });
  expect(stdout).toMatch(/^x-sluice-target: demo-anthropic\r$/m);
});

test.each([...PAGES, "CONTRIBUTING.md", "ARCHITECTURE.md", "examples/demo-providers/README.md"])(
  "the links of %s lead to files",
  (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  },
);
