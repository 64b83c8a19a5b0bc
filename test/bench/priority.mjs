// `npm run bench:priority`: three times as much as a target can take, in equal thirds of critical, standard and batch, over two Envoys
// with two workers each. It prints who was served, how long who waited, and how much of the capacity stood idle. Linux only.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findEnvoy } from "../../envoy/setup.mjs";
import { ensureBuilt } from "../../scripts/lib/build.mjs";
import { agentsOf, ask, poisson, seeded } from "./priority-load.mjs";
import { startProvider, TOKENS } from "./priority-provider.mjs";
import { cleanUp, pinSelf, sleep, start, temporaryFolder, waitFor } from "./processes.mjs";
import { live, startControlPlane } from "./sluice.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CLASSES = ["critical", "standard", "batch"];
const OVERLOAD = 3;
const SERVICE_MS = 500;
const SLOTS = 80;
const MAX_WAIT_MS = 2_000;
const MAX_WAITING = 2_000;
const WARM_UP_MS = 5_000;
const IDLE_MAX = 0.05;
const CRITICAL_SERVED_MIN = 0.99;
/** Requests are counted when they come and not when they are served: at both ends of a measurement some are missing. */
const SHARE_KEPT = 0.99;
/** Of every Envoy: all that can be under way or wait at once. */
const CONNECTIONS = 1_500;
const TELL_MS = 1_500;

const USAGE = `npm run bench:priority -- [options]
  --seconds N    length of each measurement (30)`;

/** Requests a second. */
const CAPACITY_RATE = (SLOTS * 1_000) / SERVICE_MS;
const REQUESTS = { concurrentRequests: SLOTS };
const TOKENS_A_MINUTE = { tokensPerMinute: CAPACITY_RATE * 60 * TOKENS };
const SHARES = { critical: 50, standard: 30, batch: 15 };
/** With nothing reserved the classes' order alone counts. Where critical has all that it asks for, others can have no share: two runs. */
const SCENARIOS = [
  { name: "Concurrent requests, by class alone", limit: REQUESTS, reserved: {}, criticalMin: CRITICAL_SERVED_MIN },
  { name: "Concurrent requests, with shares", limit: REQUESTS, reserved: SHARES },
  { name: "Tokens a minute, by class alone", limit: TOKENS_A_MINUTE, reserved: {}, criticalMin: CRITICAL_SERVED_MIN },
  { name: "Tokens a minute, with shares", limit: TOKENS_A_MINUTE, reserved: SHARES },
];

const target = ({ limit, reserved }) => ({
  provider: "provider",
  model: "m",
  capacity: { ...limit, reserved, queue: { maxWaitMs: MAX_WAIT_MS, maxWaiting: MAX_WAITING } },
});

async function startEnvoy(envoyBin, folder, api, index) {
  const bootstrap = JSON.parse(readFileSync(join(folder, "envoy-bootstrap.json"), "utf8"));
  bootstrap.node.id = `bench-${index}`;
  bootstrap.admin.address.socket_address.port_value = 0;
  const file = join(folder, `envoy-${index}.json`);
  writeFileSync(file, JSON.stringify(bootstrap));
  const child = start("gateway", envoyBin, ["-c", file, "--concurrency", "2", "--disable-hot-restart", "-l", "error"]);
  await waitFor(child, `Envoy ${index}`, async () => {
    const { items } = await api("GET", "/api/v1/envoys");
    return items.some(({ nodeId, workers }) => nodeId === `bench-${index}` && workers.length >= 3);
  });
  return child.pid;
}

async function configure(api, port) {
  const url = `http://127.0.0.1:${port}/v1`;
  await api("PUT", "/api/v1/configuration", {
    providers: [{ id: "provider", dialect: "openai", baseUrl: url, apiKey: "bench", allowPrivateAddress: true }],
    targets: [{ id: "target", provider: "provider", model: "m" }],
    modelRoutes: [{ id: "model", targets: [{ target: "target" }] }],
  });
  const keys = {};
  for (const priority of CLASSES) {
    await api("PUT", `/api/v1/consumers/${priority}`, { models: ["*"], priority });
    keys[priority] = (await api("POST", `/api/v1/consumers/${priority}/keys`, {})).key;
  }
  return keys;
}

/** Sends all classes at `rate` each for `ms`; what came due in the first `warmUpMs` is not counted. */
async function run({ agents, gatewayPort, keys, provider }, rate, ms) {
  const begin = performance.now();
  const from = begin + WARM_UP_MS;
  const until = from + ms;
  const answers = [];
  const body = JSON.stringify({ model: "model", max_tokens: 10, messages: [{ role: "user", content: "hi" }] });
  const lateness = monitorEventLoopDelay({ resolution: 1 });
  const measured = sleep(WARM_UP_MS).then(async () => {
    provider.reset();
    lateness.enable();
    await sleep(ms);
    return provider.use(ms);
  });
  const sent = CLASSES.map((name, index) =>
    poisson(rate, until, seeded(index + 1), (count) => {
      const isCounted = performance.now() >= from;
      const answer = ask(agents[count % agents.length], gatewayPort, keys[name], body);
      answers.push(answer.then((each) => ({ ...each, name, isCounted })));
    }),
  );
  await Promise.all(sent);
  const all = (await Promise.all(answers)).filter(({ isCounted }) => isCounted);
  lateness.disable();
  return { use: await measured, answers: all, lateMs: lateness.max / 1e6 };
}

const percentile = (sorted, part) => sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0;

function summaryOf(name, answers, seconds) {
  const mine = answers.filter((each) => each.name === name);
  const ok = mine.filter(({ status }) => status === 200);
  const shed = mine.filter(({ status }) => status === 429);
  const waits = [...ok.map(({ ms }) => ms - SERVICE_MS), ...shed.map(({ ms }) => ms)].sort((a, b) => a - b);
  return {
    name,
    asked: mine.length,
    served: ok.length / mine.length,
    share: ok.length / (CAPACITY_RATE * seconds),
    failed: mine.length - ok.length - shed.length,
    p50: percentile(waits, 0.5),
    p99: percentile(waits, 0.99),
    max: waits.at(-1) ?? 0,
  };
}

const percent = (part) => `${(part * 100).toFixed(1)} %`;
const bar = (isMet) => (isMet ? "met" : "**not met**");

function report(scenario, { use, answers, lateMs }, rate, seconds) {
  const classes = CLASSES.map((name) => summaryOf(name, answers, seconds));
  // As many tokens a second as so many requests of that length use: either way the mean in flight tells.
  const idle = 1 - use.mean / SLOTS;
  const longest = Math.max(...classes.map(({ max }) => max));
  console.log(`\n## ${scenario.name}\n`);
  console.log(
    `${(rate * CLASSES.length).toFixed(0)} requests/s asked for, ${CAPACITY_RATE.toFixed(0)} can be served.\n`,
  );
  console.log("| class | asked | served | of the capacity | reserved | wait p50 | wait p99 | longest wait | failed |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const each of classes) {
    const waits = [each.p50, each.p99, each.max].map((ms) => `${Math.max(ms, 0).toFixed(0)} ms`).join(" | ");
    const reserved = `${scenario.reserved[each.name] ?? 0} %`;
    console.log(
      `| ${each.name} | ${each.asked} | ${percent(each.served)} | ${percent(each.share)} | ${reserved} | ${waits} | ${each.failed} |`,
    );
  }
  const isKept = classes.every(({ name, share }) => share >= (SHARE_KEPT * (scenario.reserved[name] ?? 0)) / 100);
  console.log(`\nIdle capacity ${percent(idle)}; at most ${use.most} requests at the provider at once.\n`);
  if (scenario.criticalMin !== undefined) {
    console.log(
      `- critical ≥ ${percent(scenario.criticalMin)} served: ${bar(classes[0].served >= scenario.criticalMin)}`,
    );
  }
  console.log(`- every class ≥ its reserved share, to one part in a hundred: ${bar(isKept)}`);
  const late = `the load generator was up to ${lateMs.toFixed(0)} ms late itself`;
  console.log(`- none waits beyond ${MAX_WAIT_MS} ms (${late}): ${bar(longest - lateMs <= MAX_WAIT_MS)}`);
  console.log(`- capacity idle ≤ ${percent(IDLE_MAX)}: ${bar(idle <= IDLE_MAX)}`);
  if (scenario.limit === REQUESTS) console.log(`- never more than ${SLOTS} at once: ${bar(use.most <= SLOTS)}`);
}

async function main() {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" }, help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  await ensureBuilt(root, "filter");
  await ensureBuilt(root, "controlPlane");
  pinSelf();
  const provider = await startProvider(SERVICE_MS);
  const folder = join(temporaryFolder(), "data");
  const { api, gatewayPort } = await startControlPlane(root, folder);
  const keys = await configure(api, provider.port);
  const envoyBin = await findEnvoy();
  const pids = [await startEnvoy(envoyBin, folder, api, 0), await startEnvoy(envoyBin, folder, api, 1)];
  const agents = await agentsOf(gatewayPort, pids, CONNECTIONS);
  const parts = { agents, gatewayPort, keys, provider };
  const rate = (OVERLOAD * CAPACITY_RATE) / CLASSES.length;
  const seconds = Number(values.seconds);
  console.log(`# Priority under ${OVERLOAD} × overload\n`);
  console.log(
    `2 Envoys with 2 workers each on ${cpus().length} × ${cpus()[0]?.model}, ${values.seconds} s each; a target of`,
  );
  console.log(
    `${SLOTS} concurrent requests of ${SERVICE_MS} ms, or as many tokens; at most ${MAX_WAIT_MS} ms of waiting. Arrivals are random (Poisson).`,
  );
  for (const scenario of SCENARIOS) {
    const { revision } = await api("PUT", "/api/v1/targets/target", target(scenario));
    await live(api, revision);
    await sleep(TELL_MS);
    report(scenario, await run(parts, rate, seconds * 1_000), rate, seconds);
    await sleep(MAX_WAIT_MS);
  }
  for (const agent of agents) agent.destroy();
  provider.close();
}

/** Also where a timer's callback fails: nothing may be left running. */
function giveUp(error) {
  console.error(error);
  cleanUp().finally(() => process.exit(1));
}

process.once("uncaughtException", giveUp);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => giveUp(signal));
await main().finally(cleanUp);
