// kill -9 of a process that appends: all that it acknowledged is there, once, in the events and in the sums.
import { spawn } from "node:child_process";
import { expect } from "vitest";
import type { UsageStore } from "../../control-plane/usage/usage-store.js";
import { event } from "./random-events.js";

const WRITER = new URL("writer.mjs", import.meta.url).pathname;
const KILLS = 3;
const ACKNOWLEDGED_BEFORE_KILL = 50;

/** How the writer opens the store: a module beside this one's folder, its function, and what the function takes. */
export interface Opening {
  readonly module: string;
  readonly open: string;
  readonly location: string;
}

/** Runs the writer until it has acknowledged enough batches, kills it, and gives back the last event's number. */
async function appendUntilKilled({ module, open, location }: Opening, first: number): Promise<number> {
  const args = [WRITER, module, open, location, String(first)];
  const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  writer.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
    if (out.split("\n").length > ACKNOWLEDGED_BEFORE_KILL) writer.kill("SIGKILL");
  });
  writer.stderr.on("data", (chunk: Buffer) => (errors += chunk));
  const signal = await new Promise((resolve) => writer.on("close", (_code, by) => resolve(by)));
  expect(signal, errors).toBe("SIGKILL");
  // The kill may have cut the last line short.
  return Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1));
}

async function allIds(store: UsageStore): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let after: string | undefined, more = true; more; ) {
    const page = await store.events({ from: 0, to: 2e12, filter: {}, after, limit: 1000 });
    for (const { id } of page.items) counts.set(id, (counts.get(id) ?? 0) + 1);
    after = page.next;
    more = after !== undefined;
  }
  return counts;
}

/** `reopen` opens what the writers wrote to. */
export async function survivesKills(opening: Opening, reopen: () => Promise<UsageStore>): Promise<void> {
  const { tokens } = event("any");
  let next = 0;
  for (let round = 0; round < KILLS; round++) {
    const acknowledged = await appendUntilKilled(opening, next);
    expect(acknowledged).toBeGreaterThanOrEqual(next + ACKNOWLEDGED_BEFORE_KILL);
    const store = await reopen();
    const ids = await allIds(store);
    for (let number = 0; number <= acknowledged; number++) expect(ids.get(`crash-${number}`), `${number}`).toBe(1);
    expect([...ids.values()].every((count) => count === 1)).toBe(true);
    const query = {
      from: 0,
      to: 1_999_999_980_000,
      timeZone: "UTC",
      filter: {},
      measures: ["requests", "totalTokens"],
    } as const;
    for (const groupBy of [["consumer"], ["model"], ["department"], ["route"]] as const) {
      const rows = await store.query({ ...query, step: "total", groupBy });
      const sum = (measure: "requests" | "totalTokens") =>
        rows.reduce((total, { values }) => total + (values[measure] ?? 0), 0);
      expect(sum("requests")).toBe(ids.size);
      expect(sum("totalTokens")).toBe(ids.size * (tokens.input + tokens.output));
    }
    // What was written but not acknowledged comes again, as from a client that asks again.
    next = acknowledged + 1;
    await store.close();
  }
}
