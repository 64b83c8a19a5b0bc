// `npm run test:node -- 22 24`: the tests of the control plane and of the whole system under other Node releases. Each
// comes once from the package registry (`node-<platform>-<architecture>`, a plain binary) into the cache folder. It runs
// what is built: `npm test` or `npm run build` first.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, findEnvoy } from "../envoy/setup.mjs";
import { npm, runQuietly, runVisibly } from "./lib/run.mjs";
import { step } from "./lib/steps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const TESTS = ["test/control-plane", "test/e2e"];

/** The path of a Node binary of this major release. */
async function fetchNode(major) {
  const folder = join(cacheFolder(), `node-${major}`);
  const binary = join(folder, "package/bin/node");
  if (existsSync(binary)) return binary;
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(join(cacheFolder(), "node-"));
  try {
    const [command, args] = npm(["pack", `node-${platform()}-${arch()}@${major}`, "--pack-destination", temporary]);
    await runQuietly(command, args, { cwd: temporary });
    const archive = readdirSync(temporary).find((name) => name.endsWith(".tgz"));
    await runQuietly("tar", ["-xzf", archive], { cwd: temporary });
    if (!existsSync(folder)) renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return binary;
}

const majors = process.argv.slice(2);
if (majors.length === 0 || !majors.every((major) => /^\d+$/.test(major))) {
  console.error("usage: npm run test:node -- 22 24");
  process.exit(2);
}
const envoy = await findEnvoy({ progress: console.log });
let failed = 0;
for (const major of majors) {
  const binary = await step(`Node ${major}`, () => fetchNode(major));
  const code = await runVisibly(binary, ["node_modules/vitest/vitest.mjs", "run", ...TESTS], {
    cwd: root,
    env: { ...process.env, ENVOY_BIN: envoy },
  });
  if (code !== 0) failed++;
}
console.log(`${majors.length - failed} of ${majors.length} Node releases passed`);
process.exitCode = failed === 0 ? 0 : 1;
