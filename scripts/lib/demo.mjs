// What `npm start` puts into an empty control plane: the user's own providers if their credentials are in the
// environment, else the two demo providers. A configuration that is there already is never touched.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "./steps.mjs";

const DEMO_CREDENTIAL = "demo-provider-credential";
/** Short, so that a target that hangs is left while one still watches. */
const DEMO_TRY_TIMEOUT_MS = 5_000;
const MASTER_KEY_BYTES = 32;

export const DEMO_PROVIDERS = [
  {
    id: "demo-openai",
    dialect: "openai",
    starter: "startOpenAiProvider",
    variable: "SLUICE_DEMO_OPENAI_PORT",
    port: 10101,
  },
  {
    id: "demo-anthropic",
    dialect: "anthropic",
    starter: "startAnthropicProvider",
    variable: "SLUICE_DEMO_ANTHROPIC_PORT",
    port: 10102,
  },
];

/** Providers of the catalogue, by the variables that their own SDKs read, with models to begin with. */
const REAL_PROVIDERS = [
  { catalog: "openai", variable: "OPENAI_API_KEY", models: ["gpt-5.4", "gpt-5.4-mini", "gpt-4o-mini"] },
  { catalog: "anthropic", variable: "ANTHROPIC_API_KEY", models: ["claude-sonnet-5-5", "claude-haiku-5-5"] },
  { catalog: "gemini", variable: "GEMINI_API_KEY", models: ["gemini-2.5-pro", "gemini-2.5-flash"] },
  { catalog: "deepseek", variable: "DEEPSEEK_API_KEY", models: ["deepseek-reasoner", "deepseek-chat"] },
  { catalog: "qwen", variable: "DASHSCOPE_API_KEY", models: ["qwen-max", "qwen-plus"] },
  { catalog: "moonshot", variable: "MOONSHOT_API_KEY", models: ["kimi-k2.6"] },
  { catalog: "zhipu", variable: "ZHIPUAI_API_KEY", models: ["glm-5.1", "glm-4.7"] },
];

const route = (id, ...targets) => ({ id, targets: targets.map((target) => ({ target })) });

function demoConfiguration(ports) {
  const targets = [
    { id: "demo-openai", provider: "demo-openai", model: "gpt-demo" },
    { id: "demo-anthropic", provider: "demo-anthropic", model: "claude-demo", defaultMaxTokens: 1024 },
  ];
  const modelRoutes = [
    route("demo", "demo-openai", "demo-anthropic"),
    route("demo-openai", "demo-openai"),
    route("demo-anthropic", "demo-anthropic"),
    // Names that people try first.
    route("gpt-4o-mini", "demo-openai", "demo-anthropic"),
    route("claude-sonnet-5-5", "demo-anthropic", "demo-openai"),
  ];
  return {
    providers: DEMO_PROVIDERS.map(({ id, dialect }) => ({
      id,
      dialect,
      baseUrl: `http://127.0.0.1:${ports[id]}/v1`,
      allowPrivateAddress: true,
      apiKey: DEMO_CREDENTIAL,
    })),
    targets,
    modelRoutes: modelRoutes.map((each) => ({ ...each, perTryTimeoutMs: DEMO_TRY_TIMEOUT_MS })),
  };
}

/** One target and one model route a model; and `demo`, which fails over between the providers. */
function realConfiguration(providers, env) {
  const models = providers.flatMap(({ catalog, models: names }) =>
    names.map((model) => ({ provider: catalog, model })),
  );
  const targets = models.map(({ provider, model }) => ({
    id: model,
    provider,
    model,
    ...(provider === "anthropic" ? { defaultMaxTokens: 4096 } : {}),
  }));
  return {
    providers: providers.map(({ catalog, variable }) => ({ id: catalog, catalog, apiKey: env[variable] })),
    targets,
    modelRoutes: [
      ...models.map(({ model }) => route(model, model)),
      route("demo", ...providers.map(({ models: names }) => names[1] ?? names[0])),
    ],
  };
}

/** The configuration for an empty control plane. `demoPorts` is asked for only if demo providers are wanted. */
export async function firstConfiguration(env, demoPorts) {
  const real = REAL_PROVIDERS.filter(({ variable }) => env[variable]);
  return real.length > 0 ? realConfiguration(real, env) : demoConfiguration(await demoPorts());
}

/** Starts one demo provider at its port; throws a UserError that names the variable if the port is taken. */
export async function startDemoProvider(demo, port) {
  const providers = await import("../../examples/demo-providers/index.mjs");
  try {
    return await providers[demo.starter]({ port, apiKey: DEMO_CREDENTIAL, eventDelayMs: 30 });
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    throw new UserError(
      `${demo.variable}: port ${port} is taken by another process. End that process, or set ${demo.variable} to a free port.`,
    );
  }
}

/** The file named, or the user's own; made on the first start. It lies outside the data directory that it protects. */
export function masterKeyFile(env) {
  const file = join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "sluice", "master.key");
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(MASTER_KEY_BYTES).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error; // another start was faster: its key counts
  }
  return file;
}

/** The demo consumer's key: SLUICE_DEMO_KEY, or one that is made once and kept for the user alone. */
export function demoKey(env, dataDirectory, generate) {
  if (env.SLUICE_DEMO_KEY) return env.SLUICE_DEMO_KEY;
  const file = demoKeyFile(dataDirectory);
  if (!existsSync(file)) writeFileSync(file, `${generate()}\n`, { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

export const demoKeyFile = (dataDirectory) => join(dataDirectory, "demo-key");
