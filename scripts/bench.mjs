// `npm run bench`: Sluice against plain Envoy on this machine, alternating in one run, and what the differences are worth
// against the project's bars. It builds what is out of date, loads only loopback and leaves nothing running.
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findEnvoy } from "../envoy/setup.mjs";
import { measureRounds } from "../test/bench/measure.mjs";
import { startPlainEnvoy } from "../test/bench/plain-envoy.mjs";
import { cleanUp, pinSelf, temporaryFolder } from "../test/bench/processes.mjs";
import { markdown } from "../test/bench/report.mjs";
import { SCENARIOS } from "../test/bench/scenarios.mjs";
import { startSluice } from "../test/bench/sluice.mjs";
import { buildTools, startUpstream } from "../test/bench/tools.mjs";
import { WORKLOADS, writeBodies } from "../test/bench/workloads.mjs";
import { ensureBuilt } from "./lib/build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const USAGE = `npm run bench -- [options]
  --rounds N        rounds over all loads (5)
  --seconds N       length of one load (2)
  --quick           2 rounds of 1 s and shorter scenarios: a look, not a figure to quote
  --only a,b        loads and scenarios by id: ${[...WORKLOADS, ...SCENARIOS].map(({ id }) => id).join(", ")}
  --also NAME=URL,PID   one more gateway, already running, held against plain Envoy too (may be repeated)
  --upstream-port N port of the fake provider (any free one), for gateways of --also that must know it before
  --without-sluice  only plain Envoy and what --also names
  --json FILE       every measurement as JSON`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      also: { type: "string", multiple: true, default: [] },
      "upstream-port": { type: "string", default: "0" },
      "without-sluice": { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const count = (name, otherwise, most) => {
    const value = Number(values[name] ?? otherwise);
    if (!(value > 0 && value <= most)) throw new Error(`--${name}: a number above 0, at most ${most}`);
    return value;
  };
  return {
    ...values,
    rounds: Math.round(count("rounds", values.quick ? 2 : 5, 50)),
    seconds: count("seconds", values.quick ? 1 : 2, 30),
    only: values.only?.split(","),
    withSluice: !values["without-sluice"],
  };
}

/** The asked-for rows of a table; a load brings the one it is compared with. */
function select(table, only) {
  if (!only) return table;
  const baselines = table.filter(({ id }) => only.includes(id)).map(({ baseline }) => baseline);
  return table.filter(({ id }) => only.includes(id) || baselines.includes(id));
}

function checkIds(only) {
  const known = [...WORKLOADS, ...SCENARIOS].map(({ id }) => id);
  const unknown = (only ?? []).filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(",")}: unknown; there are ${known.join(", ")}`);
}

function alsoTarget(text) {
  const match = /^([\w-]+)=(http:\/\/[^,/]+),(\d+)$/.exec(text);
  if (!match) throw new Error(`--also ${text}: want NAME=http://127.0.0.1:PORT,PID`);
  if (!existsSync(`/proc/${match[3]}`)) throw new Error(`--also ${text}: there is no process ${match[3]}`);
  return { name: match[1], url: match[2], pid: Number(match[3]), headers: ["authorization: Bearer sk-bench"] };
}

async function startTargets(bench) {
  bench.plain = await startPlainEnvoy(bench.envoyBin, bench.upstream.port);
  const targets = [bench.plain];
  if (bench.options.withSluice) {
    bench.sluice = await startSluice(bench);
    targets.push(bench.sluice);
  }
  return targets;
}

async function run(options) {
  if (process.platform !== "linux") throw new Error("it reads /proc: run it on Linux");
  checkIds(options.only);
  const also = options.also.map(alsoTarget);
  const progress = (text) => console.error(`- ${text}`);
  const envoyBin = await findEnvoy({ progress });
  if (options.withSluice) {
    await ensureBuilt(root, "filter");
    await ensureBuilt(root, "controlPlane");
  }
  pinSelf();
  const folder = temporaryFolder();
  const tools = buildTools(folder);
  const upstream = await startUpstream(tools, { port: options["upstream-port"] });
  const bench = { root, options, tools, upstream, envoyBin, progress, body: writeBodies(folder) };
  Object.assign(bench, { rounds: options.rounds, seconds: options.seconds, arguments: process.argv.slice(2) });
  const targets = [...(await startTargets(bench)), ...also];
  const scenarios = [];
  const runScenarios = async (when) => {
    for (const scenario of select(SCENARIOS, options.only).filter((each) => each.when === when && bench.sluice)) {
      progress(scenario.title);
      scenarios.push(...(await scenario.run(bench)));
    }
  };
  await runScenarios("before");
  const workloads = select(WORKLOADS, options.only);
  const results = await measureRounds(bench, targets, workloads);
  await runScenarios("after");
  const names = targets.slice(1).map(({ name }) => name);
  console.log(markdown(bench, { names, workloads, results, scenarios }, root));
  if (options.json) writeFileSync(resolve(options.json), JSON.stringify({ results, scenarios }, null, 2));
}

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    interrupted = true;
    cleanUp().finally(() => process.exit(130));
  });
}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else await run(options);
} catch (error) {
  if (!interrupted) console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
