// `npm run bench:usage`: how fast the embedded usage store takes events, how large it becomes, and how long a dashboard
// waits. It fills a store in a folder of its own, or takes one that it filled before, and prints Markdown.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../../scripts/lib/build.mjs";
import { batches, SPAN } from "./usage-events.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const BATCH = 10_000;
const BAR_MS = 300;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const USAGE = `npm run bench:usage -- [options]
  --events N     events to load, spread over 30 days (10000000)
  --rounds N     times that each query is asked (5)
  --keep FOLDER  keep the store there; one that is there already is asked as it is`;

const SUMS = ["requests", "errors", "inputTokens", "outputTokens", "costMicros"];
const LATENCIES = ["durationMsP50", "durationMsP95", "durationMsP99", "firstTokenMsP95", "perOutputTokenUsP50"];
const last = (ms) => ({ from: SPAN.to - ms, to: SPAN.to });
const ONE = { consumer: ["consumer-0003"] };
const month = { ...SPAN, measures: SUMS };

/** What a dashboard shows. */
const QUERIES = [
  ["30 days, one total", { ...month, step: "total" }],
  ["30 days by day and model", { ...month, step: "day", groupBy: ["model"] }],
  ["30 days by day and department", { ...month, step: "day", groupBy: ["department"] }],
  ["30 days by day and model, Berlin", { ...month, step: "day", groupBy: ["model"], timeZone: "Europe/Berlin" }],
  [
    "30 days by day and department, New York",
    { ...month, step: "day", groupBy: ["department"], timeZone: "America/New_York" },
  ],
  ["30 days by day and tenant, Kolkata", { ...month, step: "day", groupBy: ["tenant"], timeZone: "Asia/Kolkata" }],
  ["30 days by department and model (invoice)", { ...month, step: "total", groupBy: ["department", "model"] }],
  ["30 days by consumer", { ...month, step: "total", groupBy: ["consumer"] }],
  ["30 days by day, one consumer", { ...month, step: "day", filter: ONE }],
  ["30 days by model, one consumer", { ...month, step: "total", groupBy: ["model"], filter: ONE }],
  ["30 days by status and provider", { ...month, step: "total", groupBy: ["statusClass", "provider"] }],
  ["30 days by day, latencies by model", { ...SPAN, step: "day", groupBy: ["model"], measures: LATENCIES }],
  ["7 days by hour and model", { ...last(7 * DAY_MS), step: "hour", groupBy: ["model"], measures: SUMS }],
  ["7 days by hour and department", { ...last(7 * DAY_MS), step: "hour", groupBy: ["department"], measures: SUMS }],
  [
    "7 days by hour, latencies by provider",
    { ...last(7 * DAY_MS), step: "hour", groupBy: ["provider"], measures: LATENCIES },
  ],
  ["24 hours by hour, one consumer", { ...last(DAY_MS), step: "hour", filter: ONE, measures: SUMS }],
  ["24 hours by minute", { ...last(DAY_MS), step: "minute", measures: SUMS }],
  ["24 hours by minute and model", { ...last(DAY_MS), step: "minute", groupBy: ["model"], measures: SUMS }],
  ["6 hours by minute, latencies", { ...last(6 * HOUR_MS), step: "minute", measures: LATENCIES }],
  ["1 hour by minute and consumer", { ...last(HOUR_MS), step: "minute", groupBy: ["consumer"], measures: SUMS }],
].map(([title, query]) => [title, { timeZone: "UTC", groupBy: [], filter: {}, ...query }]);

const count = (value) => Math.round(value).toLocaleString("en-US");
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function load(store, events) {
  const begin = performance.now();
  let waited = 0;
  let longest = 0;
  let done = 0;
  for (const batch of batches(events, BATCH)) {
    const before = performance.now();
    await store.append(batch);
    const took = performance.now() - before;
    waited += took;
    longest = Math.max(longest, took);
    done += batch.length;
    if (done % 500_000 === 0)
      console.error(`- ${count(done)} events, ${count(done / ((performance.now() - begin) / 1000))}/s`);
  }
  return { seconds: waited / 1000, longest };
}

async function ask(store, rounds) {
  const rows = [];
  for (const [title, query] of QUERIES) {
    const times = [];
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      const before = performance.now();
      found = (await store.query(query)).length;
      times.push(performance.now() - before);
    }
    const worst = Math.max(...times);
    const verdict = worst < BAR_MS ? "met" : "**not met**";
    rows.push(`| ${title} | ${found} | ${median(times).toFixed(0)} | ${worst.toFixed(0)} | ${verdict} |`);
  }
  return ["| query | rows | median ms | slowest ms | < 300 ms |", "| --- | --: | --: | --: | --- |", ...rows].join(
    "\n",
  );
}

function provenance(events) {
  const commit = execFileSync("git", ["-C", root, "rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  return [
    `- machine: ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    `- command: \`npm run bench:usage${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(" ")}` : ""}\``,
    `- commit: ${commit}, ${new Date().toISOString().slice(0, 10)}; ${count(events)} events over 30 days, 1,000 consumers, 50 departments, 20 models`,
  ].join("\n");
}

async function run({ events, rounds, keep }) {
  await ensureBuilt(root, "controlPlane");
  const { openEmbeddedUsageStore } = await import("../../control-plane/dist/usage/embedded/usage-store.js");
  const folder = keep === undefined ? mkdtempSync(join(tmpdir(), "sluice-")) : resolve(keep);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "usage.db");
  const isFilled = existsSync(file);
  const store = openEmbeddedUsageStore(file);
  try {
    console.log(`## The embedded usage store\n\n${provenance(events)}\n`);
    if (!isFilled) {
      const { seconds, longest } = await load(store, events);
      console.log(
        `- loaded in batches of ${count(BATCH)}: ${count(events / seconds)} events/s, slowest batch ${count(longest)} ms`,
      );
    }
    const bytes = ["", "-wal"].reduce(
      (sum, suffix) => sum + (statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    console.log(
      `- file: ${(bytes / 2 ** 30).toFixed(2)} GiB, ${count(bytes / events)} bytes an event, roll-ups included\n`,
    );
    console.log(await ask(store, rounds));
  } finally {
    await store.close();
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const { values } = parseArgs({
    options: {
      events: { type: "string", default: "10000000" },
      rounds: { type: "string", default: "5" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [events, rounds] = [Number(values.events), Number(values.rounds)];
  if (!(events >= 1 && events <= 1e9)) throw new Error("--events: a number from 1 to 1000000000");
  if (!(rounds >= 1 && rounds <= 100)) throw new Error("--rounds: a number from 1 to 100");
  if (values.help) console.log(USAGE);
  else await run({ events, rounds, keep: values.keep });
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
