// Puts the control plane together and runs it: store → publisher → callout API → operator API. The delivery side comes
// as a parameter, so that tests of decisions need no Envoy.
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { LiveCapacityBook } from "./capacity/capacity-book.js";
import { Closers } from "./closers.js";
import { Configuration } from "./configuration/configuration.js";
import { Mutex } from "./configuration/mutex.js";
import { StartError } from "./errors.js";
import type { Grants } from "./grants/grants.js";
import { openGrants } from "./grants/open-grants.js";
import { closeHttp, listenHttp } from "./http-server.js";
import { KeyUses } from "./identity/key-uses.js";
import { StoreLeaseBook } from "./identity/lease-book.js";
import { openTenancy, type Tenancy } from "./identity/tenancy.js";
import { formatAddress, isLoopbackHost } from "./listen-address.js";
import type { Logger } from "./logger.js";
import { ControlPlaneMetrics } from "./metrics/control-plane-metrics.js";
import { createOperatorApi } from "./operator-api/server.js";
import type {
  CalloutApi,
  CalloutApiOptions,
  CompileSettings,
  LeaseTiming,
  ListenAddress,
  PublisherOptions,
  XdsPublisher,
} from "./ports.js";
import { Keyring } from "./secrets/keyring.js";
import { readOrCreateToken, writePrivateFile } from "./secrets/token-file.js";
import type { Settings } from "./settings.js";
import { openEmbeddedStore } from "./store/embedded/embedded-store.js";
import type { Store } from "./store/store.js";
import { UsageIngest } from "./usage/ingest.js";
import { Retention } from "./usage/retention.js";
import type { UsageStore } from "./usage/usage-store.js";

/** Changes reach workers within a second; leases age so that a worker which cannot ask stops trusting them. */
const LEASE_TIMING: LeaseTiming = { refreshMs: 60_000, ageMsMax: 3_600_000 };

export interface Tokens {
  readonly operator: string;
  readonly xds: string;
  readonly callout: string;
}

/** What the delivery side provides. */
export interface Delivery {
  createPublisher(options: PublisherOptions): Promise<XdsPublisher>;
  createCalloutApi(options: CalloutApiOptions): CalloutApi;
  /** Rejects with StartError. */
  openUsageStore(settings: Settings): Promise<UsageStore>;
  /** Text of the bootstrap file that an Envoy of this control plane starts with; holds the xDS token. */
  renderBootstrap(settings: Settings, tokens: Tokens): string;
}

export interface ControlPlane {
  /** Where the operator API listens. */
  readonly api: { readonly host: string; readonly port: number };
  /** Ends listening, then what runs, then the store. May be called once. */
  close(): Promise<void>;
}

async function listening(name: string, variable: string, address: string, listen: Promise<void>): Promise<void> {
  try {
    await listen;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // grpc-js says the code in its message only.
    const reason =
      code === "EADDRINUSE" || message.includes("EADDRINUSE")
        ? `${address} is taken by another process. End that process, or set ${variable} to a free one`
        : `${address} cannot be had (${code ?? message}). Set ${variable} to an address of this machine that you may use`;
    throw new StartError(`${variable}: the ${name} cannot listen, ${reason}.`);
  }
}

function controlVariable(prefix: "SLUICE_XDS" | "SLUICE_CALLOUT", address: ListenAddress): string {
  const standard = address.kind === "tcp" && address.host === "127.0.0.1";
  return standard ? `${prefix}_PORT` : `${prefix}_ADDRESS`;
}

function openDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`SLUICE_DATA_DIR ${directory} cannot be made (${code}). Name a directory that you may write.`);
  }
}

function readTokens(settings: Settings): Tokens {
  const kept = (name: string) => readOrCreateToken(join(settings.dataDirectory, name));
  return {
    operator: settings.operatorToken ?? kept("operator-token"),
    xds: settings.xdsToken ?? kept("xds-token"),
    callout: settings.calloutToken ?? kept("callout-token"),
  };
}

function compileSettings(settings: Settings): CompileSettings {
  return {
    gateway: settings.gateway,
    callout: settings.callout,
    calloutTls: settings.tls,
    requestBodyBytesMax: settings.requestBodyBytesMax,
    calloutTimeoutMs: settings.calloutTimeoutMs,
    usageLogFile: settings.usageLogFile,
  };
}

interface Delivered {
  readonly configuration: Configuration;
  readonly publisher: XdsPublisher;
  readonly tenancy: Tenancy;
}

async function startDelivery(
  settings: Settings,
  tokens: Tokens,
  store: Store,
  usageIngest: UsageIngest,
  grants: Grants,
  delivery: Delivery,
  mutex: Mutex,
  closers: Closers,
  log: Logger,
): Promise<Delivered> {
  const { tls, filterWasmFile, priorityClasses } = settings;
  const publisher = await delivery
    .createPublisher({
      address: settings.xds,
      tls,
      token: tokens.xds,
      calloutToken: tokens.callout,
      filterWasmFile,
      log,
    })
    .catch((error: Error) => {
      const mend = "Run `npm run build`, or name the released sluice.wasm in SLUICE_FILTER_WASM";
      throw new StartError(`The filter ${filterWasmFile} cannot be loaded (${error.message}). ${mend}.`);
    });
  closers.add(() => publisher.close());
  const keyring = new Keyring(settings.masterKeys);
  const configuration = await Configuration.open({
    store,
    keyring,
    publisher,
    settings: compileSettings(settings),
    priorityClasses,
    mutex,
    log,
  });
  const tenancy = await openTenancy({ store, mutex, publisher, priorityClasses, log });
  closers.add(async () => tenancy.identityProviders.close());
  const uses = new KeyUses(store, log);
  closers.add(() => uses.close());
  const calloutApi = delivery.createCalloutApi({
    address: settings.callout,
    tls,
    token: tokens.callout,
    leases: new StoreLeaseBook({ store, keyring, uses, priorityClasses }),
    timing: LEASE_TIMING,
    capacities: new LiveCapacityBook({
      targets: () => configuration.live.resources.targets,
      envoys: () => publisher.status(),
      classes: priorityClasses,
    }),
    onReport: (report) => publisher.report(report),
    onGrants: (request) => grants.answer(request),
    onUsage: (lines) => usageIngest.ingest(lines),
    log,
  });
  closers.add(() => calloutApi.close());
  // Callouts first: an Envoy that has its configuration asks at once.
  await listening(
    "callout API",
    controlVariable("SLUICE_CALLOUT", settings.callout),
    formatAddress(settings.callout),
    calloutApi.listen(),
  );
  await listening(
    "xDS server",
    controlVariable("SLUICE_XDS", settings.xds),
    formatAddress(settings.xds),
    publisher.listen(),
  );
  return { configuration, publisher, tenancy };
}

async function openUsage(
  settings: Settings,
  delivery: Delivery,
  metrics: ControlPlaneMetrics,
  closers: Closers,
  log: Logger,
): Promise<UsageStore> {
  const store = await delivery.openUsageStore(settings);
  closers.add(() => store.close());
  const usage = metrics.observed(store, settings.usage.mongodbUri === undefined ? "sqlite" : "mongodb");
  const retention = new Retention(usage, settings.usage.retentionDays, log);
  closers.add(async () => retention.stop());
  return usage;
}

async function start(
  settings: Settings,
  delivery: Delivery,
  closers: Closers,
  log: Logger,
): Promise<ControlPlane["api"]> {
  openDataDirectory(settings.dataDirectory);
  const store = openEmbeddedStore(join(settings.dataDirectory, "sluice.db"));
  closers.add(() => store.close());
  const metrics = new ControlPlaneMetrics();
  const usage = await openUsage(settings, delivery, metrics, closers, log);
  const usageIngest = new UsageIngest(usage, log, (outcome) => metrics.countIngest(outcome));
  const tokens = readTokens(settings);
  const mutex = new Mutex();
  const { ledger, grants } = openGrants({ settings, store, usage, metrics, closers, log });
  const { configuration, publisher, tenancy } = await startDelivery(
    settings,
    tokens,
    store,
    usageIngest,
    grants,
    delivery,
    mutex,
    closers,
    log,
  );

  metrics.addEnvoys(() => publisher.status().filter(({ connected }) => connected).length);
  const bootstrapFile = join(settings.dataDirectory, "envoy-bootstrap.json");
  writePrivateFile(bootstrapFile, delivery.renderBootstrap(settings, tokens));
  const app = createOperatorApi({
    token: tokens.operator,
    configuration,
    tenancy,
    store,
    publisher,
    usage,
    usageIngest,
    ledger,
    metrics,
    log,
  });
  const server = createServer(app);
  await listening(
    "operator API",
    "SLUICE_API_PORT",
    `port ${settings.api.port} on ${settings.api.host}`,
    listenHttp(server, settings.api),
  );
  closers.add(() => closeHttp(server));
  const { host } = settings.api;
  const { port } = server.address() as AddressInfo;
  if (!isLoopbackHost(host)) log.warn("operator API is open to a network without TLS", { host, port });
  log.info("control plane runs", {
    api: `http://${formatAddress({ kind: "tcp", host, port })}`,
    xds: formatAddress(settings.xds),
    callout: formatAddress(settings.callout),
    bootstrapFile,
  });
  return { host, port };
}

/** Throws StartError, with nothing left open, if a setting, a port or the stored state prevents it. */
export async function startControlPlane(settings: Settings, delivery: Delivery, log: Logger): Promise<ControlPlane> {
  const closers = new Closers();
  try {
    return { api: await start(settings, delivery, closers, log), close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}
