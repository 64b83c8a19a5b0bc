// Sluice as a target of the benchmark: the built control plane and one Envoy worker, configured by the operator API.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { sleep, start, temporaryFolder, waitFor } from "./processes.mjs";
import { startUpstream } from "./tools.mjs";
import { MODELS } from "./workloads.mjs";

const CONSUMER = "bench";
const LIVE_TIMEOUT_MS = 20_000;
const POLL_MS = 2;
const TOO_MANY_REQUESTS = 429;

async function freePorts(count) {
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

/** The documents of the benchmark; `extra` model routes beside its own, `round` makes them differ from the last ones. */
function documents(upstreamPort, refusingPort, extra = 0, round = 0) {
  const provider = (id, dialect, port) => ({
    id,
    dialect,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: "bench",
    allowPrivateAddress: true,
  });
  const more = Array.from({ length: extra }, (_, i) => ({
    id: `extra-${round}-${i}`,
    targets: [{ target: "same" }, { target: "translated" }],
  }));
  return {
    providers: [
      provider("openai", "openai", upstreamPort),
      provider("anthropic", "anthropic", upstreamPort),
      provider("refusing", "openai", refusingPort),
    ],
    targets: [
      { id: "same", provider: "openai", model: "gpt-4o-mini" },
      { id: "translated", provider: "anthropic", model: "claude-haiku" },
      { id: "refusing", provider: "refusing", model: "gpt-4o-mini" },
    ],
    modelRoutes: [
      { id: MODELS.same, targets: [{ target: "same" }] },
      { id: MODELS.translated, targets: [{ target: "translated" }] },
      { id: MODELS.failover, targets: [{ target: "refusing" }, { target: "translated" }] },
      ...more,
    ],
  };
}

export async function startSluice({ root, tools, upstream, envoyBin }) {
  const main = join(root, "control-plane/dist/main.js");
  if (!existsSync(main)) throw new Error("the control plane is not built: run `npm run build` first");
  const folder = temporaryFolder();
  const [gatewayPort, apiPort, xdsPort, calloutPort, adminPort] = await freePorts(5);
  const operatorToken = randomBytes(24).toString("hex");
  const environment = {
    ...process.env,
    SLUICE_GATEWAY_PORT: String(gatewayPort),
    SLUICE_API_PORT: String(apiPort),
    SLUICE_XDS_PORT: String(xdsPort),
    SLUICE_CALLOUT_PORT: String(calloutPort),
    SLUICE_ENVOY_ADMIN_PORT: String(adminPort),
    SLUICE_DATA_DIR: join(folder, "data"),
    SLUICE_MASTER_KEY: randomBytes(32).toString("base64"),
    SLUICE_OPERATOR_TOKEN: operatorToken,
  };
  const api = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${apiPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const controlPlane = start("load", process.execPath, [main], { env: environment });
  await waitFor(controlPlane, "the control plane", () => api("GET", "/healthz"));
  const refusing = await startUpstream(tools, { status: TOO_MANY_REQUESTS });
  const put = (extra, round) =>
    api("PUT", "/api/v1/configuration", documents(upstream.port, refusing.port, extra, round));
  await put();
  await api("PUT", `/api/v1/consumers/${CONSUMER}`, { models: ["*"] });
  const { key } = await api("POST", `/api/v1/consumers/${CONSUMER}/keys`, {});
  const bootstrap = join(folder, "data/envoy-bootstrap.json");
  const envoy = start("gateway", envoyBin, [
    "-c",
    bootstrap,
    "--concurrency",
    "1",
    "--disable-hot-restart",
    "-l",
    "warning",
  ]);
  await waitFor(envoy, "Envoy with Sluice", () => api("GET", "/readyz"));

  /** Every worker reports the revision. */
  const live = async (revision) => {
    const until = Date.now() + LIVE_TIMEOUT_MS;
    while (Date.now() < until) {
      const { items } = await api("GET", "/api/v1/envoys");
      const workers = items.filter(({ connected }) => connected).flatMap((each) => each.workers);
      if (workers.length > 0 && workers.every((worker) => worker.revision >= revision)) return;
      await sleep(POLL_MS);
    }
    throw new Error(`revision ${revision} was not live within ${LIVE_TIMEOUT_MS} ms`);
  };
  return {
    name: "sluice",
    translates: true,
    pid: envoy.pid,
    controlPlanePid: controlPlane.pid,
    url: `http://127.0.0.1:${gatewayPort}`,
    headers: [`authorization: Bearer ${key}`],
    refusing,
    /** Linear memory of the worker's VM, as it wrote it at its last tick. */
    async vmMemoryBytes() {
      await sleep(1_500);
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/stats?filter=sluice.vm_memory_bytes`)).text();
      return Number(/: (\d+)/.exec(text)?.[1]);
    },
    /** From the accepted change to every worker's report; in ms. */
    async pushModelRoutes(extra, round) {
      const { revision } = await put(extra, round);
      const started = performance.now();
      await live(revision);
      return performance.now() - started;
    },
  };
}
