// Compiles filter/index.ts into build/sluice.wasm. With an argument `ENTRY OUT` it compiles another entry (test kits).
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Compiles one AssemblyScript entry with the options of asconfig.json; throws with asc's own report. */
export async function compileFilter(entry = "filter/index.ts", outFile = "build/sluice.wasm", extra = []) {
  mkdirSync(join(root, dirname(outFile)), { recursive: true });
  const { error, stderr } = await asc.main(
    [entry, "--config", "asconfig.json", "--target", "release", "--outFile", outFile, "--baseDir", root, ...extra],
    {},
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const warnings = stderr.toString();
  if (warnings.includes("WARNING")) console.error(warnings);
  return join(root, outFile);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await compileFilter(process.argv[2], process.argv[3]);
  } catch (error) {
    console.error(String(error.message ?? error));
    process.exit(1);
  }
}
