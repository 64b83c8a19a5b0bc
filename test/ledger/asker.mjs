// Child process of the crash test: asks for one more of two budgets as fast as it can, and names on stdout what it was
// granted. It ends only by being killed.
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const [, , file, first] = process.argv;
const load = async (path) => (await runnerImport(fileURLToPath(new URL(path, import.meta.url)))).module;
const { openEmbeddedLedger } = await load("../../control-plane/ledger/embedded/embedded-ledger.ts");
const { ALICE, budget, entry } = await load("./budgets.ts");
const budgets = ["one", "two"].map((id) => budget({ id, limit: 1_000_000 }));
const ledger = openEmbeddedLedger({ file });

for (let number = Number(first); ; number++) {
  const entries = budgets.map((of) => entry(of, number, number, { allocated: number - 1 }));
  const { granted } = await ledger.ask({ holder: ALICE, entries });
  if (!granted) process.exit(1);
  // Synchronous: the line is out before the next ask begins.
  writeSync(1, `${number}\n`);
}
