// `npm run bench:quota`: what budgets cost a request whose grants are in hand, and how seldom grants are asked for. One Envoy, one worker;
// keys without budgets, under one, and under three take turns, so that noise falls on all of them. Linux only.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findEnvoy } from "../../envoy/setup.mjs";
import { ensureBuilt } from "../../scripts/lib/build.mjs";
import { median } from "./figures.mjs";
import { measureRounds } from "./measure.mjs";
import { cleanUp, pinSelf, sleep, temporaryFolder } from "./processes.mjs";
import { startSluice } from "./sluice.mjs";
import { buildTools, runLoad, startUpstream } from "./tools.mjs";
import { CLIENTS, WORKLOADS, writeBodies } from "./workloads.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ADDED_P50_US_MAX = 20;
const CALLOUTS_MAX = 20;
/** Of the budget whose callouts are counted; the bar is about budgets of so much or more. */
const LIMIT = 200_000;
const COUNTED_SECONDS = 4;
const PER = 10_000;
const TELL_MS = 1_500;

const ENDLESS = 1_000_000_000_000;
const BUDGETS = [
  { measure: "requests", window: "day", limit: ENDLESS },
  { measure: "total_tokens", window: "month", limit: ENDLESS, reserve: "strict" },
  { measure: "output_tokens", window: "total", limit: ENDLESS },
];

const USAGE = `npm run bench:quota -- [options]
  --rounds N     rounds over all keys (8)
  --seconds N    length of one load (2)`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "8" },
      seconds: { type: "string", default: "2" },
      help: { type: "boolean", default: false },
    },
  });
  const { rounds, seconds } = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  if (!(rounds >= 1 && rounds <= 50 && seconds > 0 && seconds <= 30)) throw new Error(USAGE);
  return { ...values, rounds, seconds };
}

/** The same gateway under a consumer with these budgets. */
async function withBudgets(sluice, name, budgets) {
  await sluice.api("PUT", `/api/v1/consumers/${name}`, { models: ["*"] });
  for (const [index, budget] of budgets.entries()) {
    await sluice.api("PUT", `/api/v1/budgets/${name}-${index}`, { scope: { consumer: name }, ...budget });
  }
  const { key } = await sluice.api("POST", `/api/v1/consumers/${name}/keys`, {});
  return { ...sluice, name, headers: [`authorization: Bearer ${key}`] };
}

/** Callouts that requests have caused, for so many of them. */
async function countCallouts(bench, target, load) {
  const before = await target.statistic("sluice.grant_callouts_total");
  const result = await runLoad(bench.tools, {
    url: target.url + CLIENTS.chat.path,
    headers: target.headers,
    bodyFile: bench.body("small", "same", "chat"),
    sse: false,
    expect: CLIENTS.chat.expect.json,
    ...load,
    seconds: COUNTED_SECONDS,
  });
  if (result.failed > 0) throw new Error(`${result.failed} requests failed: ${result.firstFailure}`);
  await sleep(TELL_MS);
  const callouts = (await target.statistic("sluice.grant_callouts_total")) - before;
  return { callouts, answered: result.answered, per: (callouts * PER) / result.answered };
}

function reportCosts(results, targets) {
  const [plain, ...limited] = targets.map(({ name }) => name);
  console.log(
    "\n| budgets | p50 at 200/s, ms | added, µs (median of rounds) | CPU, µs a request | added, µs |\n| --- | --- | --- | --- | --- |",
  );
  const rate = results["chat-1k-rate"];
  const full = results["chat-1k"];
  const of = (table, name, key) => table[name].map((each) => each[key]);
  const added = (table, name, key) =>
    median(of(table, name, key).map((value, round) => value - table[plain][round][key]));
  console.log(
    `| none | ${median(of(rate, plain, "p50Ms")).toFixed(3)} | | ${median(of(full, plain, "cpuUs")).toFixed(1)} | |`,
  );
  const met = [];
  for (const name of limited) {
    const addedUs = added(rate, name, "p50Ms") * 1_000;
    met.push(addedUs <= ADDED_P50_US_MAX);
    const p50 = median(of(rate, name, "p50Ms")).toFixed(3);
    const cpu = median(of(full, name, "cpuUs")).toFixed(1);
    console.log(`| ${name} | ${p50} | ${addedUs.toFixed(0)} | ${cpu} | ${added(full, name, "cpuUs").toFixed(1)} |`);
  }
  console.log(`\nadded p50 ≤ ${ADDED_P50_US_MAX} µs: ${met[0] ? "met" : "not met"} (one budget)`);
}

async function run({ rounds, seconds }) {
  if (process.platform !== "linux") throw new Error("it reads /proc: run it on Linux");
  const progress = (text) => console.error(`- ${text}`);
  const envoyBin = await findEnvoy({ progress });
  await ensureBuilt(root, "filter");
  await ensureBuilt(root, "controlPlane");
  pinSelf();
  const folder = temporaryFolder();
  const tools = buildTools(folder);
  const upstream = await startUpstream(tools, { port: "0" });
  const bench = { root, tools, upstream, envoyBin, progress, rounds, seconds, body: writeBodies(folder) };
  const sluice = await startSluice(bench);
  const counted = await withBudgets(sluice, "counted", [{ measure: "requests", window: "day", limit: LIMIT }]);
  for (const [title, load] of [
    ["as fast as it goes", { connections: 32 }],
    ["at 1,000/s", { connections: 64, rate: 1_000 }],
  ]) {
    const { callouts, answered, per } = await countCallouts(bench, counted, load);
    const verdict = per <= CALLOUTS_MAX ? "met" : "not met";
    console.log(
      `${title}: ${callouts} callouts for ${answered} requests, ${per.toFixed(1)} per ${PER} (≤ ${CALLOUTS_MAX}: ${verdict})`,
    );
  }
  const targets = [
    { ...sluice, name: "none" },
    await withBudgets(sluice, "one", BUDGETS.slice(0, 1)),
    await withBudgets(sluice, "three", BUDGETS),
  ];
  const workloads = WORKLOADS.filter(({ id }) => ["chat-1k", "chat-1k-rate"].includes(id));
  reportCosts(await measureRounds(bench, targets, workloads), targets);
}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else await run(options);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
