// The bootstrap as Envoy reads it, in every form of address, and the documented file beside it.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { type BootstrapSettings, renderBootstrap } from "../../control-plane/envoy-bootstrap.js";
import { findEnvoy } from "../../envoy/setup.mjs";
import { eventually } from "./delivery-harness.js";

const DOCUMENTED = fileURLToPath(new URL("../../envoy/bootstrap.yaml", import.meta.url));
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "sluice-bootstrap-"));
afterAll(() => rmSync(folder, { recursive: true }));

const DEFAULTS: BootstrapSettings = {
  xds: { kind: "tcp", host: "127.0.0.1", port: 18_000 },
  tls: undefined,
  envoyAdminPort: 9_901,
};

/** Rejects with Envoy's own words. */
async function validate(file: string): Promise<void> {
  await run(await findEnvoy(), ["--mode", "validate", "-c", file, "-l", "error"]);
}

test.each([
  ["loopback", DEFAULTS],
  ["IPv6", { ...DEFAULTS, xds: { kind: "tcp", host: "::1", port: 18_000 } }],
  ["a host name", { ...DEFAULTS, xds: { kind: "tcp", host: "localhost", port: 18_000 } }],
  ["a unix socket", { ...DEFAULTS, xds: { kind: "unix", path: "/run/sluice/xds.sock" } }],
] as [string, BootstrapSettings][])("Envoy accepts the bootstrap for %s", async (name, settings) => {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, renderBootstrap(settings, { xds: 'token-with-"quotes"' }));
  await validate(file);
});

test("Envoy accepts the documented file", async () => {
  await validate(DOCUMENTED);
});

/** What Envoy has understood of a bootstrap. */
async function understood(name: string, text: string): Promise<unknown> {
  const file = join(folder, name);
  const admin = `${file}.admin`;
  // Ports of the machine that runs the test may be taken.
  writeFileSync(file, text.replace(/("?port_value"?: )9901/, "$10"));
  const flags = ["--concurrency", "1", "--use-dynamic-base-id", "-l", "error", "--admin-address-path", admin];
  const envoy = spawn(await findEnvoy(), ["-c", file, ...flags], { stdio: "ignore" });
  const ended = new Promise((resolve) => envoy.once("exit", resolve));
  try {
    const dump = await eventually("admin", async () => {
      const response = await fetch(`http://${readFileSync(admin, "utf8").trim()}/config_dump`);
      return (await response.json()) as { configs: { bootstrap?: { node: object } }[] };
    });
    const bootstrap = dump.configs.find((config) => config.bootstrap !== undefined)?.bootstrap;
    return { ...bootstrap, node: undefined };
  } finally {
    envoy.kill("SIGKILL");
    await ended;
  }
}

test("the documented file says what the written one does", async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it stands so in the file
  const written = renderBootstrap(DEFAULTS, { xds: "${SLUICE_XDS_TOKEN}" });
  const documented = readFileSync(DOCUMENTED, "utf8");
  const [left, right] = [await understood("documented.yaml", documented), await understood("written.json", written)];
  expect(left).toEqual(right);
  expect(left).toHaveProperty("dynamic_resources.ads_config");
});
