// Settings of the control plane from the environment. Every defect is reported at once, by the variable's name and with
// what to do; a value that may be a secret is never repeated. An empty variable counts as unset.
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve, sep } from "node:path";
import { type Environment, environmentSchema } from "./environment.js";
import { StartError } from "./errors.js";
import { formatAddress, isLocal } from "./listen-address.js";
import type { ListenAddress, MutualTlsFiles } from "./ports.js";
import { parseMasterKeys } from "./secrets/master-key.js";
import type { RetentionDays } from "./usage/retention.js";

export interface Settings {
  readonly gateway: { readonly host: string; readonly port: number };
  readonly api: { readonly host: string; readonly port: number };
  readonly xds: ListenAddress;
  readonly callout: ListenAddress;
  /** The longest that a request waits for the control plane. */
  readonly calloutTimeoutMs: number;
  /** Present if a control port listens beyond loopback; then both speak mutual TLS. */
  readonly tls: MutualTlsFiles | undefined;
  readonly envoyAdminPort: number;
  readonly dataDirectory: string;
  /** The first seals, all of them open. */
  readonly masterKeys: readonly Buffer[];
  /** Tokens that are undefined are made once and kept in the data directory. */
  readonly operatorToken: string | undefined;
  readonly xdsToken: string | undefined;
  readonly calloutToken: string | undefined;
  readonly requestBodyBytesMax: number;
  /** From the one that is served first to the one that is served last. */
  readonly priorityClasses: readonly string[];
  /** On Envoy's machine: where its access log of usage events goes. Undefined = it writes none. */
  readonly usageLogFile: string | undefined;
  readonly filterWasmFile: string;
  /** Redis that keeps the ledger; without it, it is a file in the data directory. The URLs may hold a password. */
  readonly redis: { readonly urls: readonly string[]; readonly cluster: boolean } | undefined;
  readonly usage: {
    /** Undefined: the embedded store in the data directory. Holds a password. */
    readonly mongodbUri: string | undefined;
    readonly retentionDays: RetentionDays;
  };
}

const MASTER_KEY_MEND =
  "Make one with `openssl rand -base64 32` in a file outside SLUICE_DATA_DIR and name that file in SLUICE_MASTER_KEY_FILE.";

/** Collects one line per defect. */
type Refuse = (variable: string, reason: string) => void;

/** `path` with its symbolic links resolved as far as it exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent), basename(absolute));
  }
}

function readMasterKeys(environment: Environment, refuse: Refuse): readonly Buffer[] {
  const { SLUICE_MASTER_KEY: inline, SLUICE_MASTER_KEY_FILE: file, SLUICE_DATA_DIR: dataDirectory } = environment;
  if (inline === undefined && file === undefined) {
    refuse("SLUICE_MASTER_KEY_FILE", `is not set, nor is SLUICE_MASTER_KEY. ${MASTER_KEY_MEND}`);
    return [];
  }
  if (inline !== undefined && file !== undefined) {
    refuse("SLUICE_MASTER_KEY", "is set beside SLUICE_MASTER_KEY_FILE. Unset one of them.");
    return [];
  }
  if (file !== undefined && `${realPath(file)}${sep}`.startsWith(`${realPath(dataDirectory)}${sep}`)) {
    refuse("SLUICE_MASTER_KEY_FILE", `lies inside SLUICE_DATA_DIR, whose content it protects. ${MASTER_KEY_MEND}`);
    return [];
  }
  const variable = file === undefined ? "SLUICE_MASTER_KEY" : "SLUICE_MASTER_KEY_FILE";
  let text: string;
  try {
    text = inline ?? readFileSync(file ?? "", "utf8");
  } catch (error) {
    refuse(variable, `cannot be read (${(error as NodeJS.ErrnoException).code}). ${MASTER_KEY_MEND}`);
    return [];
  }
  const keys = parseMasterKeys(text);
  if (keys === undefined) refuse(variable, `does not hold 32 bytes as base64 or hex. ${MASTER_KEY_MEND}`);
  return keys ?? [];
}

function readTls(environment: Environment, addresses: Record<string, ListenAddress>, refuse: Refuse) {
  const {
    SLUICE_TLS_CERT_FILE: certificateFile,
    SLUICE_TLS_KEY_FILE: keyFile,
    SLUICE_TLS_CLIENT_CA_FILE: clientCaFile,
  } = environment;
  const open = Object.entries(addresses).filter(([, address]) => !isLocal(address));
  const given = {
    SLUICE_TLS_CERT_FILE: certificateFile,
    SLUICE_TLS_KEY_FILE: keyFile,
    SLUICE_TLS_CLIENT_CA_FILE: clientCaFile,
  };
  const missing = Object.entries(given).flatMap(([variable, file]) => (file === undefined ? [variable] : []));
  if (certificateFile !== undefined && keyFile !== undefined && clientCaFile !== undefined) {
    for (const [variable, file] of Object.entries(given)) {
      try {
        readFileSync(file ?? "");
      } catch (error) {
        refuse(variable, `cannot be read (${(error as NodeJS.ErrnoException).code}). Name a readable PEM file.`);
      }
    }
    return {
      certificateFile: resolve(certificateFile),
      keyFile: resolve(keyFile),
      clientCaFile: resolve(clientCaFile),
    };
  }
  for (const [variable, address] of open) {
    refuse(
      variable,
      `is beyond loopback (${formatAddress(address)}), which needs mutual TLS. Set ${missing.join(", ")} too, or listen on 127.0.0.1 or a unix socket.`,
    );
  }
  if (open.length === 0 && missing.length < 3) {
    for (const variable of missing) refuse(variable, "is not set, but another SLUICE_TLS_… is. Set all three or none.");
  }
  return undefined;
}

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return (protocol === "redis:" || protocol === "rediss:") && hostname !== "" && /^\/?\d{0,4}$/.test(pathname);
}

function readRedis(environment: Environment, refuse: Refuse): Settings["redis"] {
  const { SLUICE_REDIS_URL: text, SLUICE_REDIS_CLUSTER: isCluster } = environment;
  const cluster = isCluster === "true";
  if (text === undefined) {
    if (isCluster !== undefined)
      refuse("SLUICE_REDIS_CLUSTER", "is set, but SLUICE_REDIS_URL is not. Set both or none.");
    return undefined;
  }
  const urls = text.split(",").map((url) => url.trim());
  // The text may hold a password: it is not repeated.
  if (!urls.every(isRedisUrl)) {
    refuse(
      "SLUICE_REDIS_URL",
      "must be redis://[user:password@]host:port, or rediss:// for TLS; of a cluster several, separated by commas.",
    );
  } else if (urls.length > 1 && !cluster) {
    refuse("SLUICE_REDIS_URL", "names several servers. Set SLUICE_REDIS_CLUSTER to true, or name one.");
  }
  return { urls, cluster };
}

function checkDistinctPorts(ports: Record<string, number>, refuse: Refuse): void {
  const owners = new Map<number, string>();
  for (const [variable, number] of Object.entries(ports)) {
    const owner = owners.get(number);
    if (owner !== undefined && number !== 0) refuse(variable, `is ${number}, as is ${owner}. Give each its own port.`);
    owners.set(number, variable);
  }
}

function defaultFilterWasm(): string {
  // A package import, as it resolves alike from the sources and from dist/.
  const packageFile = createRequire(import.meta.url).resolve("#package");
  return join(dirname(packageFile), "..", "build", "sluice.wasm");
}

function toSettings(environment: Environment, refuse: Refuse): Settings {
  const xds = environment.SLUICE_XDS_ADDRESS ?? { kind: "tcp", host: "127.0.0.1", port: environment.SLUICE_XDS_PORT };
  const callout = environment.SLUICE_CALLOUT_ADDRESS ?? {
    kind: "tcp",
    host: "127.0.0.1",
    port: environment.SLUICE_CALLOUT_PORT,
  };
  checkDistinctPorts(
    {
      SLUICE_GATEWAY_PORT: environment.SLUICE_GATEWAY_PORT,
      SLUICE_API_PORT: environment.SLUICE_API_PORT,
      ...(xds.kind === "tcp" ? { SLUICE_XDS_PORT: xds.port } : {}),
      ...(callout.kind === "tcp" ? { SLUICE_CALLOUT_PORT: callout.port } : {}),
      SLUICE_ENVOY_ADMIN_PORT: environment.SLUICE_ENVOY_ADMIN_PORT,
    },
    refuse,
  );
  return {
    gateway: { host: environment.SLUICE_GATEWAY_HOST, port: environment.SLUICE_GATEWAY_PORT },
    api: { host: environment.SLUICE_API_HOST, port: environment.SLUICE_API_PORT },
    xds,
    callout,
    calloutTimeoutMs: environment.SLUICE_CALLOUT_TIMEOUT_MS,
    tls: readTls(environment, { SLUICE_XDS_ADDRESS: xds, SLUICE_CALLOUT_ADDRESS: callout }, refuse),
    envoyAdminPort: environment.SLUICE_ENVOY_ADMIN_PORT,
    dataDirectory: resolve(environment.SLUICE_DATA_DIR),
    masterKeys: readMasterKeys(environment, refuse),
    operatorToken: environment.SLUICE_OPERATOR_TOKEN,
    xdsToken: environment.SLUICE_XDS_TOKEN,
    calloutToken: environment.SLUICE_CALLOUT_TOKEN,
    requestBodyBytesMax: environment.SLUICE_REQUEST_BODY_BYTES_MAX,
    priorityClasses: environment.SLUICE_PRIORITY_CLASSES,
    usageLogFile: environment.SLUICE_USAGE_LOG,
    filterWasmFile: resolve(environment.SLUICE_FILTER_WASM ?? defaultFilterWasm()),
    redis: readRedis(environment, refuse),
    usage: {
      mongodbUri: environment.SLUICE_MONGODB_URI,
      retentionDays: {
        events: environment.SLUICE_USAGE_EVENTS_DAYS,
        minutes: environment.SLUICE_USAGE_MINUTES_DAYS,
        hours: environment.SLUICE_USAGE_HOURS_DAYS,
      },
    },
  };
}

/** Throws StartError with one line per defect. Relative paths are of the working directory. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(set);
  const defects: string[] = [];
  const refuse: Refuse = (variable, reason) => defects.push(`${variable} ${reason}`);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) refuse(issue.path.join("."), `${issue.message}.`);
    throw new StartError(defects.join("\n"));
  }
  const settings = toSettings(parsed.data, refuse);
  if (defects.length > 0) throw new StartError(defects.join("\n"));
  return settings;
}
