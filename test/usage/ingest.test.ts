// Batches of usage events: what is stored of them, what is refused, and what a failing store makes of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../control-plane/logger.js";
import { openEmbeddedUsageStore } from "../../control-plane/usage/embedded/usage-store.js";
import { formatEventLine } from "../../control-plane/usage/event.js";
import { type IngestOutcome, UsageIngest } from "../../control-plane/usage/ingest.js";
import { NO_FLOORS } from "../../control-plane/usage/roll-up.js";
import { type UsageStore, UsageStoreUnavailable } from "../../control-plane/usage/usage-store.js";
import { event, randomEvents } from "./random-events.js";

const SPAN = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 6, 1) };

let directory = "";
let store: UsageStore;
let logged: string[];
let observed: IngestOutcome[];
let ingest: UsageIngest;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-"));
  store = openEmbeddedUsageStore(join(directory, "usage.db"));
  logged = [];
  observed = [];
  const log = createLogger((line) => logged.push(line));
  ingest = new UsageIngest(store, log, (outcome) => observed.push(outcome));
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const batchOf = (...lines: (string | Buffer)[]) =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from("\n")]));
const stored = async () => (await store.events({ ...SPAN, filter: {}, limit: 50_000 })).items.map(({ id }) => id);

describe("a batch", () => {
  it("is stored, and counts once however often it comes", async () => {
    const batch = batchOf(...randomEvents(30, SPAN, 1).map(formatEventLine));
    expect(await ingest.ingest(batch)).toEqual({ accepted: 30, duplicates: 0, refused: 0, defects: [] });
    expect(await ingest.ingest(batch)).toEqual({ accepted: 0, duplicates: 30, refused: 0, defects: [] });
    expect(await stored()).toHaveLength(30);
    expect(logged).toEqual([]);
    expect(observed.map(({ accepted }) => accepted)).toEqual([30, 0]);
  });

  it("loses its bad lines one by one", async () => {
    const good = formatEventLine(event("a"));
    const half = Buffer.from(good.replace("search", "sch\u00e4r"), "latin1");
    const batch = batchOf(good, "", "\r", half, "{", `${formatEventLine(event("b"))}\r`, good.slice(0, 20), "null");
    expect(await ingest.ingest(batch)).toEqual({
      accepted: 2,
      duplicates: 0,
      refused: 4,
      defects: [
        { index: 3, message: "is not UTF-8" },
        { index: 4, message: "is not JSON" },
        { index: 6, message: "is not JSON" },
        { index: 7, message: expect.stringMatching(/^event: /) },
      ],
    });
    expect((await stored()).sort()).toEqual(["a", "b"]);
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0]!)).toMatchObject({ refused: 4, malformed: 4, first: "is not UTF-8" });
  });

  it("needs no line feed at its end, and may be empty", async () => {
    expect(await ingest.ingest(batchOf(formatEventLine(event("a"))).subarray(0, -1))).toMatchObject({ accepted: 1 });
    expect(await ingest.ingest(Buffer.alloc(0))).toEqual({ accepted: 0, duplicates: 0, refused: 0, defects: [] });
  });

  it("may be larger than what a store takes at once", async () => {
    const events = Array.from({ length: 10_001 }, (_, index) => event(`${index}`));
    expect(await ingest.ingestEvents(events)).toMatchObject({ accepted: 10_001 });
  });

  it("counts as refused what is too old to be known", async () => {
    await store.prune({ ...NO_FLOORS, events: SPAN.to });
    expect(await ingest.ingestEvents([event("a")])).toMatchObject({ accepted: 0, refused: 1, defects: [] });
    expect(JSON.parse(logged[0]!)).toMatchObject({ refused: 1, malformed: 0 });
  });

  it("of nonsense does not fill the log", async () => {
    const outcome = await ingest.ingest(batchOf(...Array<string>(1_000).fill("sk-slc-secret")));
    expect(outcome).toMatchObject({ accepted: 0, refused: 1_000 });
    expect(outcome.defects).toHaveLength(20);
    expect(logged.join("")).not.toContain("secret");
  });

  it("is not acknowledged while the store is away, and may come again", async () => {
    const append = store.append;
    store.append = () => Promise.reject(new UsageStoreUnavailable("gone"));
    const batch = batchOf(formatEventLine(event("a")), "{");
    await expect(ingest.ingest(batch)).rejects.toBeInstanceOf(UsageStoreUnavailable);
    expect(observed).toEqual([]);
    store.append = append;
    expect(await ingest.ingest(batch)).toMatchObject({ accepted: 1, refused: 1 });
  });
});
