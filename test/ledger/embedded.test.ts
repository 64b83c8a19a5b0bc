// The embedded ledger against the conformance suite, and what only a file can do wrong.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEmbeddedLedger } from "../../control-plane/ledger/embedded/embedded-ledger.js";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import { ALICE, budget, entry } from "./budgets.js";
import { ledgerConformance } from "./conformance.js";
import { survivesKills } from "./crash.js";

let directory = "";
const file = () => join(directory, "ledger.db");
const opened: Ledger[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

ledgerConformance("embedded ledger", {
  open: async (options = {}) => {
    const ledger = openEmbeddedLedger({ file: file(), ...options });
    opened.push(ledger);
    return ledger;
  },
  remove: async () => {},
});

it("is readable to its owner only", async () => {
  const ledger = openEmbeddedLedger({ file: file() });
  opened.push(ledger);
  await ledger.ask({ holder: ALICE, entries: [entry(budget(), 1, 1)] });
  for (const suffix of ["", "-wal", "-shm"]) expect(statSync(file() + suffix).mode & 0o777, suffix).toBe(0o600);
});

it("of a later release is refused", () => {
  const database = new Database(file());
  database.exec("PRAGMA user_version = 2");
  database.close();
  expect(() => openEmbeddedLedger({ file: file() })).toThrow(/schema version 2.*Start the release that wrote it/);
});

it("goes back to the window before when its clock does, with all that was counted", async () => {
  let now = Date.UTC(2026, 5, 15, 12, 0, 30);
  const ledger = openEmbeddedLedger({ file: file(), now: () => now });
  opened.push(ledger);
  const of = budget({ window: "minute", limit: 100 });
  const ask = (sequence: number, floor: number, window?: number) =>
    ledger.ask({ holder: ALICE, entries: [entry(of, sequence, floor, window === undefined ? {} : { window })] });
  await ask(1, 70);
  now += 60_000;
  expect((await ask(2, 100)).entries).toMatchObject([{ allocated: 100, windowStart: Date.UTC(2026, 5, 15, 12, 1) }]);
  now -= 45_000;
  expect((await ask(3, 101, Date.UTC(2026, 5, 15, 12, 1))).entries).toMatchObject([{ refused: "over" }]);
  expect((await ask(4, 110)).entries).toMatchObject([{ allocated: 100, refused: "spent" }]);
  expect((await ledger.state(of)).windowStart).toBe(Date.UTC(2026, 5, 15, 12));
});

it("forgets old windows, and nothing else", async () => {
  let now = Date.UTC(2026, 5, 15, 12);
  const ask = async (of: ReturnType<typeof budget>, sequence: number) => {
    const ledger = openEmbeddedLedger({ file: file(), now: () => now });
    await ledger.ask({ holder: ALICE, entries: [entry(of, sequence, 10)] });
    await ledger.close();
  };
  const budgets = ["second", "day", "total"].map((window) => budget({ id: window, window }));
  for (const of of budgets) await ask(of, 1);
  const windows = () => {
    const database = new Database(file(), { readonly: true });
    const rows = database.prepare("SELECT counter, start FROM account ORDER BY counter").raw().all() as [string][];
    database.close();
    return rows.map(([counter]) => counter.split("/").at(-1));
  };
  now += 2 * 3_600_000;
  await ask(budget({ id: "other" }), 1);
  expect(windows()).toEqual(["day", "total", "total"]);
  now += 9 * 24 * 3_600_000;
  await ask(budget({ id: "other" }), 2);
  expect(windows()).toEqual(["total", "total"]);
});

it("says so when its file cannot be written", async () => {
  const ledger = openEmbeddedLedger({ file: file() });
  opened.push(ledger);
  const other = new Database(file());
  other.exec("BEGIN IMMEDIATE");
  const ask = { holder: ALICE, entries: [entry(budget(), 1, 1)] };
  await expect(ledger.ask(ask)).rejects.toMatchObject({ name: "LedgerError", code: "unreachable" });
  other.exec("ROLLBACK");
  other.close();
  expect(await ledger.ask(ask)).toMatchObject({ granted: true });
});

it("loses nothing that was acknowledged when its process is killed", () => survivesKills(file()));
