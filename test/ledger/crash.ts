// kill -9 of a process that asks: every grant that it was told of is there, and no more than was asked for.
import { spawn } from "node:child_process";
import { expect } from "vitest";
import { openEmbeddedLedger } from "../../control-plane/ledger/embedded/embedded-ledger.js";
import { budget } from "./budgets.js";

const ASKER = new URL("asker.mjs", import.meta.url).pathname;
const KILLS = 3;
const ACKNOWLEDGED_BEFORE_KILL = 50;

/** Runs the asker until it was granted enough, kills it, and gives back the last grant that it was told of. */
async function askUntilKilled(file: string, first: number): Promise<number> {
  const asker = spawn(process.execPath, [ASKER, file, String(first)], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  asker.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
    if (out.split("\n").length > ACKNOWLEDGED_BEFORE_KILL) asker.kill("SIGKILL");
  });
  asker.stderr.on("data", (chunk: Buffer) => (errors += chunk));
  const signal = await new Promise((resolve) => asker.on("close", (_code, by) => resolve(by)));
  expect(signal, errors).toBe("SIGKILL");
  // The kill may have cut the last line short.
  return Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1));
}

export async function survivesKills(file: string): Promise<void> {
  const budgets = ["one", "two"].map((id) => budget({ id, limit: 1_000_000 }));
  let next = 1;
  for (let round = 0; round < KILLS; round++) {
    const acknowledged = await askUntilKilled(file, next);
    expect(acknowledged).toBeGreaterThanOrEqual(next + ACKNOWLEDGED_BEFORE_KILL - 1);
    const ledger = openEmbeddedLedger({ file });
    const [one, two] = await Promise.all(budgets.map((of) => ledger.state(of)));
    await ledger.close();
    expect(one?.allocated).toBeGreaterThanOrEqual(acknowledged);
    // One ask may have been on the disk before its answer was out; both budgets change together or not at all.
    expect(one?.allocated).toBeLessThanOrEqual(acknowledged + 1);
    expect(two?.allocated).toBe(one?.allocated);
    next = acknowledged + 1;
  }
}
