// Compiles filter/index.ts into build/sluice.wasm. With an argument `ENTRY OUT` it compiles another entry (test kits).
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The collector's walk over the globals calls one function for each of some thousand. Inlined there, that function made a
 * quarter of the module, which took the optimiser minutes.
 */
const keepVisitSmall = {
  afterCompile(module) {
    binaryen.setPassArgument("no-inline", "*/__visit");
    module.runPasses(["no-inline"]);
    binaryen.clearPassArguments();
  },
};

/** Compiles one AssemblyScript entry with the options of asconfig.json; throws with asc's own report. */
export async function compileFilter(entry = "filter/index.ts", outFile = "build/sluice.wasm", extra = []) {
  mkdirSync(join(root, dirname(outFile)), { recursive: true });
  const { error, stderr } = await asc.main(
    [entry, "--config", "asconfig.json", "--target", "release", "--outFile", outFile, "--baseDir", root, ...extra],
    { transforms: [keepVisitSmall] },
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
