// `npm start`: installs and builds what is missing, then runs control plane, Envoy and, with nothing configured, two demo
// providers until Ctrl-C. It uses only Node's own modules until the packages are there, and it ends all that it started.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findEnvoy } from "../envoy/setup.mjs";
import { ensureBuilt, ensureInstalled } from "./lib/build.mjs";
import {
  DEMO_PROVIDERS,
  demoKey,
  demoKeyFile,
  firstConfiguration,
  masterKeyFile,
  startDemoProvider,
} from "./lib/demo.mjs";
import { OperatorApi } from "./lib/operator.mjs";
import { Service } from "./lib/run.mjs";
import { step, UserError } from "./lib/steps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const CONTROL_PLANE_START_MS_MAX = 30_000;
const ENVOY_START_MS_MAX = 60_000;

/** Their messages say what to do; any other error is a defect of this script, and its stack is wanted. */
const SPEAKING_ERRORS = new Set(["UserError", "StartError", "EnvoyNotFound"]);

/** What runs, in the order of its start. */
const running = [];

async function stopAll() {
  for (const part of running.splice(0).reverse()) await (part.stop?.() ?? part.close()).catch(() => {});
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new UserError(`Node ${process.versions.node} is too old: Sluice needs 20.19 or newer.`);
}

/** The environment of the control plane; a variable that is not set gets what a single machine needs. */
function controlPlaneEnvironment(env) {
  if (env.SLUICE_MASTER_KEY || env.SLUICE_MASTER_KEY_FILE) return env;
  return { ...env, SLUICE_MASTER_KEY_FILE: masterKeyFile(env) };
}

/** Rejects if the port cannot be had; resolves with it (a free one for 0) otherwise. */
function probePort(host, port, variable) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", ({ code }) => {
      const reason =
        code === "EADDRINUSE"
          ? "is taken by another process. End that process, or"
          : `cannot be had on ${host} (${code}). Please`;
      reject(new UserError(`${variable}: port ${port} ${reason} set ${variable} to a free port.`));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}

/** Before anything is started, so that a taken port is one clear sentence. */
async function checkPorts({ gateway, api, xds, callout, envoyAdminPort }) {
  const free = {};
  for (const [variable, host, port] of [
    ["SLUICE_GATEWAY_PORT", gateway.host, gateway.port],
    ["SLUICE_API_PORT", api.host, api.port],
    ["SLUICE_ENVOY_ADMIN_PORT", "127.0.0.1", envoyAdminPort],
    ...[
      ["SLUICE_XDS_PORT", xds],
      ["SLUICE_CALLOUT_PORT", callout],
    ].flatMap(([name, address]) => (address.kind === "tcp" ? [[name, address.host, address.port]] : [])),
  ]) {
    free[variable] = await probePort(host, port, variable);
  }
  return free;
}

async function startControlPlane(env, settings, logs) {
  const service = new Service("The control plane", process.execPath, [join(root, "control-plane/dist/main.js")], {
    logFile: join(logs, "control-plane.log"),
    env,
  });
  running.push(service);
  const host = settings.api.host.includes(":") ? `[${settings.api.host}]` : settings.api.host;
  const url = `http://${/^(0\.0\.0\.0|\[::\])$/.test(host) ? "127.0.0.1" : host}:${env.SLUICE_API_PORT}`;
  await new OperatorApi(url, "").until200("/healthz", [service], CONTROL_PLANE_START_MS_MAX);
  const token = settings.operatorToken ?? readFileSync(join(settings.dataDirectory, "operator-token"), "utf8").trim();
  return { service, api: new OperatorApi(url, token) };
}

/** Demo providers that the configuration names run at the ports that it names, whatever the environment says now. */
async function startDemoProviders(configuration) {
  for (const demo of DEMO_PROVIDERS) {
    const provider = configuration.providers.find(({ id }) => id === demo.id);
    const url = provider && new URL(provider.baseUrl);
    if (url?.hostname === "127.0.0.1") running.push(await startDemoProvider(demo, Number(url.port)));
  }
}

async function demoPorts(env) {
  const ports = {};
  for (const { id, variable, port } of DEMO_PROVIDERS) {
    ports[id] = await probePort("127.0.0.1", Number(env[variable] || port), variable);
  }
  return ports;
}

async function registerDemoKey(api, key) {
  await api.must("PUT", "/api/v1/consumers/demo", { displayName: "Demo" });
  const { ok, answer } = await api.call("POST", "/api/v1/consumers/demo/keys", { name: "npm start", key });
  if (!ok && answer?.error?.code !== "key_taken") {
    throw new UserError(`The demo key was refused: ${answer?.error?.message ?? "no reason given"}`);
  }
}

/** Fills an empty control plane; returns its configuration and the demo key, if there is one. */
async function configure(api, env, settings) {
  const stored = await api.must("GET", "/api/v1/configuration");
  const isEmpty = stored.providers.length === 0;
  const { generateApiKey } = await import("../control-plane/dist/keys.js");
  const hasKey = isEmpty || env.SLUICE_DEMO_KEY || existsSync(demoKeyFile(settings.dataDirectory));
  const key = hasKey ? demoKey(env, settings.dataDirectory, generateApiKey) : undefined;
  if (isEmpty || env.SLUICE_DEMO_KEY) await registerDemoKey(api, key);
  if (!isEmpty) return { configuration: stored, key };
  const configuration = await firstConfiguration(env, () => demoPorts(env));
  await api.must("PUT", "/api/v1/configuration", configuration);
  return { configuration, key };
}

function welcome({ settings, api, configuration, key, gatewayUrl, logs }) {
  const shown = key ?? "YOUR-KEY";
  const model = configuration.modelRoutes.some(({ id }) => id === "demo")
    ? "demo"
    : (configuration.modelRoutes[0]?.id ?? "demo");
  const body = (more = "") => `{"model":"${model}",${more}"messages":[{"role":"user","content":"Hello"}]}`;
  const curl = (
    options,
    more,
  ) => `curl ${options}${gatewayUrl}/v1/chat/completions -H "authorization: Bearer ${shown}" \\
    -H "content-type: application/json" -d '${body(more)}'`;
  const token = settings.operatorToken
    ? "in SLUICE_OPERATOR_TOKEN"
    : `in ${relative(process.cwd(), join(settings.dataDirectory, "operator-token"))}`;
  const demo = DEMO_PROVIDERS.map(({ id }) => configuration.providers.find((each) => each.id === id)).filter(
    Boolean,
  )[0];
  return `
Sluice runs. Ctrl-C ends it.

  gateway       ${gatewayUrl}/v1 (OpenAI SDKs), ${gatewayUrl} (Anthropic and Gemini SDKs)
  operator API  ${api.url}/api/v1, its bearer token is ${token}
  Envoy admin   http://127.0.0.1:${settings.envoyAdminPort}
  logs          ${relative(process.cwd(), logs) || "."}
  models        ${configuration.modelRoutes.map(({ id }) => id).join(", ")}
  demo key      ${key ?? "none: POST /api/v1/consumers/{id}/keys makes one"}

Ask something:
  ${curl("")}
With a stream:
  ${curl("-N ", '"stream":true,')}
${
  demo
    ? `Break the first provider and ask again; the other one, of another dialect, answers:
  curl -X PUT ${new URL("/__fault", demo.baseUrl).href} -d '{"kind":"status","status":429}'
Mend it:
  curl -X PUT ${new URL("/__fault", demo.baseUrl).href} -d '{"kind":"none"}'
`
    : ""
}`;
}

async function main() {
  checkNode();
  await ensureInstalled(root);
  await Promise.all([ensureBuilt(root, "filter"), ensureBuilt(root, "controlPlane")]);
  const environment = controlPlaneEnvironment(process.env);
  const { readSettings } = await import("../control-plane/dist/settings.js");
  const settings = readSettings(environment);
  const ports = await checkPorts(settings);
  const env = { ...environment, SLUICE_API_PORT: String(ports.SLUICE_API_PORT) };
  const envoy = await step("finding Envoy", () => findEnvoy({ progress: console.log }));
  const logs = join(settings.dataDirectory, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });

  let controlPlane;
  await step("starting the control plane", async () => {
    controlPlane = await startControlPlane(env, settings, logs);
  });
  const { api, service } = controlPlane;
  let configured;
  await step("configuration", async () => {
    configured = await configure(api, env, settings);
    await startDemoProviders(configured.configuration);
    return `${configured.configuration.modelRoutes.length} model routes`;
  });
  await step("starting Envoy", async () => {
    const bootstrap = join(settings.dataDirectory, "envoy-bootstrap.json");
    const arguments_ = ["--config-path", bootstrap, "--disable-hot-restart", "--log-level", "warn"];
    const proxy = new Service("Envoy", envoy, arguments_, { logFile: join(logs, "envoy.log"), env: process.env });
    running.push(proxy);
    await api.until200("/readyz", [service, proxy], ENVOY_START_MS_MAX);
  });
  const gatewayUrl = `http://${settings.gateway.host === "0.0.0.0" ? "127.0.0.1" : settings.gateway.host}:${settings.gateway.port}`;
  console.log(welcome({ settings, api, ...configured, gatewayUrl, logs }));
  await Promise.race(
    running
      .filter((part) => part instanceof Service)
      .map((part) => part.ended.then(() => Promise.reject(part.failure()))),
  );
}

// A reader of the output that goes away (`npm start | head`) is no reason to leave processes behind.
process.stdout.on("error", () => {});
process.on("exit", () => {
  for (const part of running) part.kill?.();
});

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    process.stdout.write("\nending … ");
    stopAll().then(() => {
      console.log("done");
      process.exit(0);
    });
  });
}

try {
  await main();
} catch (error) {
  if (!stopping) {
    stopping = true;
    console.error(`\n${SPEAKING_ERRORS.has(error.name) ? error.message : error.stack}`);
    await stopAll();
    process.exit(1);
  }
}
