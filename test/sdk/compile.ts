// Compiles an AssemblyScript entry that imports the SDK as a package, with the options that its README tells users.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The options of the README's build command, without entry, output and the place of node_modules. */
export const BUILD_OPTIONS = [
  "-O3",
  "--runtime",
  "minimal",
  "--enable",
  "simd",
  "--exportStart",
  "_initialize",
  "--use",
  "abort=~lib/proxy-wasm-assemblyscript-sdk/abort/abort",
];

/** Compiles `folder/entry` (from the repository's root) to `build/out`; answers the path. Throws with asc's own report. */
export async function compile(folder: string, entry: string, out: string): Promise<string> {
  await mkdir(`${repository}build`, { recursive: true });
  const outFile = `${repository}build/${out}`;
  const place = ["--baseDir", `${repository}${folder}`, "--path", `${repository}node_modules`];
  const { error, stderr } = await asc.main([entry, "--outFile", outFile, ...place, ...BUILD_OPTIONS], {});
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return outFile;
}
