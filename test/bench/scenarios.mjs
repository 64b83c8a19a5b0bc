// What is not a steady load: memory over a hundred thousand requests, failovers, a large push under traffic. Each gives
// rows of `{ title, label, value, unit, bar, met, note }`; all of them are about Sluice alone.

import { median } from "./figures.mjs";
import { loadOptions } from "./measure.mjs";
import { rssBytes, sleep } from "./processes.mjs";
import { runLoad } from "./tools.mjs";

const MIB = 2 ** 20;

function row(title, label, value, unit, { bar, strict, note } = {}) {
  const met = bar === undefined ? undefined : strict ? value < bar : value <= bar;
  return { title, label, value, unit, bar, strict, met, note };
}

const chat = (model, load) => ({ body: "small", model, load });

function load(bench, target, workload, more) {
  return runLoad(bench.tools, { ...loadOptions(bench, target, workload), ...more });
}

/** One in ten a large body, one in ten a stream: what a VM holds on to depends on the largest it has seen. */
async function mixed(bench, requests) {
  const part = { requests: requests / 10, seconds: 60 };
  const results = [
    await load(bench, bench.sluice, chat("same", { connections: 32 }), { ...part, requests: requests * 0.8 }),
    await load(bench, bench.sluice, { body: "large", load: { connections: 8 } }, part),
    await load(bench, bench.sluice, { body: "stream", sse: true, load: { connections: 16 } }, part),
  ];
  return results.reduce((sum, result) => sum + result.failed, 0);
}

async function memory(bench) {
  const title = "VM memory";
  const requests = bench.options.quick ? 20_000 : 100_000;
  const failedEarly = await mixed(bench, 1000);
  const early = await bench.sluice.vmMemoryBytes();
  const failed = failedEarly + (await mixed(bench, requests - 1000));
  const late = await bench.sluice.vmMemoryBytes();
  const note = `${(early / MIB).toFixed(2)} → ${(late / MIB).toFixed(2)} MiB; 80 % 1 KB, 10 % 200 KB, 10 % streams`;
  return [
    row(title, `growth from 1,000 to ${requests.toLocaleString("en-US")} requests`, (late - early) / MIB, "MiB", {
      bar: 1,
      note,
    }),
    row(title, "requests failed meanwhile", failed, "", { bar: 0 }),
  ];
}

const SEQUENTIAL = { connections: 1 };

/** The first target's fault, by the model that leads to it. */
const FAULTS = { failover429: "429", failover500: "500", failoverRefused: "connection refused" };
const BURST = 200;

/** What the failed attempt itself takes: the provider asked directly. A refused connection takes next to nothing. */
async function attemptMs(bench, model) {
  const port = bench.sluice.refusingPorts[model];
  if (port === undefined) return 0;
  const refusing = { url: `http://127.0.0.1:${port}`, headers: [] };
  const failed = await load(bench, refusing, chat(model, SEQUENTIAL), { seconds: 0.2, expect: "" });
  return (failed.seconds * 1000) / failed.sent;
}

async function failover(bench, model) {
  const title = `failover, ${FAULTS[model]} → other dialect`;
  const seconds = bench.seconds / 2;
  const beyond = { p50: [], p99: [] };
  let failed = 0;
  for (let round = 0; round < bench.rounds; round++) {
    const direct = await load(bench, bench.sluice, chat("translated", SEQUENTIAL), { seconds });
    const attempt = await attemptMs(bench, model);
    const failedOver = await load(bench, bench.sluice, chat(model, SEQUENTIAL), { seconds });
    for (const key of ["p50", "p99"]) beyond[key].push(failedOver.latencyMs[key] - direct.latencyMs[key] - attempt);
    failed += failedOver.failed;
  }
  // Where some were not failed over, those that were say nothing.
  const added = (key) => (failed === 0 ? median(beyond[key]) : Number.NaN);
  const burst = chat(model, { connections: BURST });
  const atOnce = await load(bench, bench.sluice, burst, { requests: BURST, seconds: 10 });
  return [
    row(title, "requests failed, one after another", failed, "", { bar: 0 }),
    row(title, "added beyond the failed attempt, p50", added("p50"), "ms", { bar: 5, strict: true }),
    row(title, "added beyond the failed attempt, p99", added("p99"), "ms"),
    row(title, `${BURST} failovers at once: failed`, atOnce.failed, "", {
      bar: 0,
      note: atOnce.firstFailure || `slowest ${atOnce.latencyMs.max.toFixed(0)} ms`,
    }),
  ];
}

async function failovers(bench) {
  const rows = [];
  for (const model of Object.keys(FAULTS)) rows.push(...(await failover(bench, model)));
  return rows;
}

const PUSHED_ROUTES = 1000;
const SETTLE_MS = 1500; // traffic before and after the push

/** From the API's answer to the last worker's report; beside it the same from the sending of the change. */
function liveRow(title, pushes, bar) {
  const slowest = Math.max(...pushes.map(({ liveMs }) => liveMs)).toFixed(0);
  const whole = median(pushes.map(({ wholeMs }) => wholeMs)).toFixed(0);
  const note = `slowest ${slowest} ms; with check and store, median ${whole} ms`;
  return row(title, "revision to live, median", median(pushes.map(({ liveMs }) => liveMs)), "ms", {
    bar,
    strict: true,
    note,
  });
}

/** Noise only makes a slowest request slower, so the lowest over the rounds counts, with the push and without it. */
async function push(bench) {
  const title = `push of ${PUSHED_ROUTES.toLocaleString("en-US")} model routes at 200 requests/s`;
  const traffic = chat("same", { connections: 64, rate: 200 });
  const slowest = { without: [], with: [] };
  const pushes = [];
  let failed = 0;
  for (let round = 0; round < bench.rounds; round++) {
    const seconds = (3 * SETTLE_MS) / 1000;
    const quiet = await load(bench, bench.sluice, traffic, { seconds });
    const running = load(bench, bench.sluice, traffic, { seconds });
    await sleep(SETTLE_MS);
    pushes.push(await bench.sluice.pushModelRoutes(PUSHED_ROUTES, round));
    const pushed = await running;
    slowest.without.push(quiet.latencyMs.max);
    slowest.with.push(pushed.latencyMs.max);
    failed += pushed.failed;
  }
  const [without, withPush] = [Math.min(...slowest.without), Math.min(...slowest.with)];
  return [
    row(title, "added to the slowest request", withPush - without, "ms", {
      bar: 20,
      note: `${without.toFixed(1)} → ${withPush.toFixed(1)} ms; every round: ${slowest.with.map((ms) => ms.toFixed(0)).join(", ")}`,
    }),
    row(title, "requests failed", failed, "", { bar: 0 }),
    liveRow(title, pushes, undefined),
  ];
}

async function live(bench) {
  const pushes = [];
  for (let round = 0; round < bench.rounds; round++) pushes.push(await bench.sluice.pushModelRoutes(1, round));
  return [liveRow("one model route changed", pushes, 500)];
}

async function residentMemory(bench) {
  const mib = (pid) => rssBytes(pid) / MIB;
  return [
    row("resident memory after the run", "Envoy with Sluice", mib(bench.sluice.pid), "MiB", {
      note: `plain Envoy ${mib(bench.plain.pid).toFixed(0)} MiB, with fewer requests behind it`,
    }),
    row("resident memory after the run", "control plane", mib(bench.sluice.controlPlanePid), "MiB"),
  ];
}

/** `when`: before the steady loads (a fresh VM) or after them. */
export const SCENARIOS = [
  { id: "memory", title: "VM memory over many requests", when: "before", run: memory },
  { id: "failover", title: "failover", when: "after", run: failovers },
  { id: "live", title: "revision to live", when: "after", run: live },
  { id: "push", title: "a large push under traffic", when: "after", run: push },
  { id: "rss", title: "resident memory", when: "after", run: residentMemory },
];
