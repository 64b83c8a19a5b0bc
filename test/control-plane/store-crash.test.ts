// kill -9 while a process writes: everything that it acknowledged is there afterwards, and nothing is torn.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openEmbeddedStore } from "../../control-plane/store/embedded/embedded-store.js";

const WRITER = new URL("store-writer.mjs", import.meta.url).pathname;
const KILLS = 3;
const ACKNOWLEDGED_BEFORE_KILL = 60;

/** Runs the writer until it has acknowledged enough, kills it, and gives back the last number that it acknowledged. */
async function writeUntilKilled(file: string, firstRevision: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER, file, String(firstRevision)], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  writer.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
    if (out.split("\n").length > ACKNOWLEDGED_BEFORE_KILL) writer.kill("SIGKILL");
  });
  writer.stderr.on("data", (chunk: Buffer) => (errors += chunk));
  const signal = await new Promise((resolve) => writer.on("close", (_code, by) => resolve(by)));
  expect(signal, errors).toBe("SIGKILL");
  // A line that the kill cut short was written by an acknowledged write too, but its number cannot be read.
  return Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1));
}

it("loses nothing that was acknowledged", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-"));
  const file = join(directory, "sluice.db");
  let next = 1;
  for (let round = 0; round < KILLS; round++) {
    const acknowledged = await writeUntilKilled(file, next);
    expect(acknowledged).toBeGreaterThanOrEqual(next + ACKNOWLEDGED_BEFORE_KILL - 1);
    // Opening at once also proves that the lock of the dead process is gone.
    const store = openEmbeddedStore(file);
    const live = (await store.liveRevision())!;
    expect(Number(live.number)).toBeGreaterThanOrEqual(acknowledged);
    for (let number = 1n; number <= live.number; number++) {
      const json = JSON.stringify({ number: Number(number) });
      const { documents } = (await store.revision(number))!;
      expect(documents.map((document) => document.json)).toEqual(["{}", json, json]);
    }
    expect(await store.credentials()).toMatchObject([{ sealed: { box: String(live.number) } }]);
    const keys = await store.apiKeys("writer");
    expect(keys.length).toBeGreaterThanOrEqual(acknowledged - round);
    for (let number = next; number <= acknowledged; number++) {
      expect(await store.findApiKey(number.toString(16).padStart(64, "0"))).toBeDefined();
    }
    next = Number(live.number) + 1;
    await store.close();
  }
  rmSync(directory, { recursive: true });
});
