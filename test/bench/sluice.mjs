// Sluice as a target of the benchmark: the built control plane and one Envoy worker, configured by the operator API.
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { sleep, start, temporaryFolder, waitFor } from "./processes.mjs";
import { startUpstream } from "./tools.mjs";
import { MODELS } from "./workloads.mjs";

const CONSUMER = "bench";
const LIVE_TIMEOUT_MS = 20_000;
const POLL_MS = 5;
/** The filter writes the size of its memory once a second. */
const MEMORY_SETTLES_MS = 1_500;

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * The documents of the benchmark; `extra` model routes beside its own, `round` makes them differ from the last ones.
 * `ports` are those of the provider that works and, by the model that leads there first, of those that do not.
 */
function documents(ports, extra = 0, round = 0) {
  const provider = (id, dialect, port) => ({
    id,
    dialect,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: "bench",
    allowPrivateAddress: true,
  });
  const faults = Object.entries(ports.failing).map(([model, port]) => ({ id: model.toLowerCase(), model, port }));
  const more = Array.from({ length: extra }, (_, i) => ({
    id: `extra-${round}-${i}`,
    targets: [{ target: "same" }, { target: "translated" }],
  }));
  return {
    providers: [
      provider("openai", "openai", ports.working),
      provider("anthropic", "anthropic", ports.working),
      provider("gemini", "gemini", ports.working),
      ...faults.map(({ id, port }) => provider(id, "openai", port)),
    ],
    targets: [
      { id: "same", provider: "openai", model: "gpt-4o-mini" },
      { id: "translated", provider: "anthropic", model: "claude-haiku" },
      { id: "gemini", provider: "gemini", model: "gemini-flash" },
      ...faults.map(({ id }) => ({ id, provider: id, model: "gpt-4o-mini" })),
    ],
    modelRoutes: [
      { id: MODELS.same, targets: [{ target: "same" }] },
      { id: MODELS.translated, targets: [{ target: "translated" }] },
      { id: MODELS.gemini, targets: [{ target: "gemini" }] },
      ...faults.map(({ id, model }) => ({ id: MODELS[model], targets: [{ target: id }, { target: "translated" }] })),
      ...more,
    ],
  };
}

function operatorApi(port, token) {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

export async function startControlPlane(root, dataFolder) {
  const [gatewayPort, apiPort, xdsPort, calloutPort, adminPort] = await freePorts(5);
  const operatorToken = randomBytes(24).toString("hex");
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  const child = start("load", process.execPath, [join(root, "control-plane/dist/main.js")], {
    env: {
      ...Object.fromEntries(ours), // no setting of the user's own gateway
      SLUICE_GATEWAY_PORT: String(gatewayPort),
      SLUICE_API_PORT: String(apiPort),
      SLUICE_XDS_PORT: String(xdsPort),
      SLUICE_CALLOUT_PORT: String(calloutPort),
      SLUICE_ENVOY_ADMIN_PORT: String(adminPort),
      SLUICE_DATA_DIR: dataFolder,
      SLUICE_MASTER_KEY: randomBytes(32).toString("base64"),
      SLUICE_OPERATOR_TOKEN: operatorToken,
    },
  });
  // It compiles on the core of the load generator, whose lateness would be taken for the gateway's.
  setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const api = operatorApi(apiPort, operatorToken);
  await waitFor(child, "the control plane", () => api("GET", "/healthz"));
  return { pid: child.pid, api, gatewayPort, adminPort };
}

/** Resolves when every worker reports `revision` or a later one. */
export async function live(api, revision) {
  const until = Date.now() + LIVE_TIMEOUT_MS;
  while (Date.now() < until) {
    const { items } = await api("GET", "/api/v1/envoys");
    const workers = items.filter(({ connected }) => connected).flatMap((each) => each.workers);
    if (workers.length > 0 && workers.every((worker) => worker.revision >= revision)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`revision ${revision} was not live within ${LIVE_TIMEOUT_MS} ms`);
}

async function statistic(adminPort, name) {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/stats?filter=${name}`)).text();
  const match = /: (\d+)/.exec(text);
  if (!match) throw new Error(`Envoy has no statistic ${name}`);
  return Number(match[1]);
}

async function vmMemoryBytes(adminPort) {
  await sleep(MEMORY_SETTLES_MS);
  return statistic(adminPort, "sluice.vm_memory_bytes");
}

async function startRefusingProviders(tools) {
  const failover429 = await startUpstream(tools, { status: 429 });
  const failover500 = await startUpstream(tools, { status: 500 });
  return { failover429: failover429.port, failover500: failover500.port };
}

/** A target of the benchmark, and what only Sluice can be asked. */
export async function startSluice({ root, tools, upstream, envoyBin }) {
  const dataFolder = join(temporaryFolder(), "data");
  const { api, gatewayPort, adminPort, pid: controlPlanePid } = await startControlPlane(root, dataFolder);
  const refusingPorts = await startRefusingProviders(tools);
  const [closedPort] = await freePorts(1);
  const ports = { working: upstream.port, failing: { ...refusingPorts, failoverRefused: closedPort } };
  const put = (extra, round) => api("PUT", "/api/v1/configuration", documents(ports, extra, round));
  await put();
  await api("PUT", `/api/v1/consumers/${CONSUMER}`, { models: ["*"] });
  const { key } = await api("POST", `/api/v1/consumers/${CONSUMER}/keys`, {});
  const bootstrap = join(dataFolder, "envoy-bootstrap.json");
  const args = ["-c", bootstrap, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"];
  const envoy = start("gateway", envoyBin, args);
  await waitFor(envoy, "Envoy with Sluice", () => api("GET", "/readyz"));
  return {
    name: "sluice",
    translates: true,
    pid: envoy.pid,
    controlPlanePid,
    url: `http://127.0.0.1:${gatewayPort}`,
    headers: [`authorization: Bearer ${key}`],
    /** Ports of the providers that answer with an error, by the model that leads there first. */
    refusingPorts,
    api,
    /** A number among Envoy's own, by its name. */
    statistic: (name) => statistic(adminPort, name),
    /** Linear memory of the worker's VM. */
    vmMemoryBytes: () => vmMemoryBytes(adminPort),
    /** Milliseconds until every worker reports the change: from the API's answer, and from the sending. */
    async pushModelRoutes(extra, round) {
      const sent = performance.now();
      const { revision } = await put(extra, round);
      const accepted = performance.now();
      await live(api, revision);
      const reported = performance.now();
      return { liveMs: reported - accepted, wholeMs: reported - sent };
    },
  };
}
