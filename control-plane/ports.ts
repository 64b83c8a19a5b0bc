// The interfaces between the two halves of the control plane. Decisions (resources, store, operator API) know what is
// wanted; delivery (snapshot, xDS, callout API) knows how Envoy gets it. Neither imports the other's files.
import type { LeaseStatus } from "./contract.js";
import type { Logger } from "./logger.js";
import type { Budget } from "./resources/budget.js";
import type { Kind } from "./resources/common.js";
import type { IdentityProvider, KeySet } from "./resources/identity-provider.js";
import type { ModelRoute } from "./resources/model-route.js";
import type { Provider } from "./resources/provider.js";
import type { Target } from "./resources/target.js";

/** Validated documents without secrets, each list in ascending order of ids (UTF-8 bytes). */
export interface ResourceSet {
  readonly providers: readonly Provider[];
  readonly targets: readonly Target[];
  readonly modelRoutes: readonly ModelRoute[];
}

/** Where a server of the control plane listens, and where Envoy finds it. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Files for mutual TLS (PEM); present whenever a control port listens beyond loopback. */
export interface MutualTlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string;
}

/** What the compiler needs beside the resources. Holds no secret. */
export interface CompileSettings {
  /** Listener of the gateway. */
  readonly gateway: { readonly host: string; readonly port: number };
  readonly callout: ListenAddress;
  /** Set if the callout API speaks TLS, so that the callout cluster has to present these to it. */
  readonly calloutTls: MutualTlsFiles | undefined;
  readonly requestBodyBytesMax: number;
  readonly calloutTimeoutMs: number;
  /** Where Envoy writes usage events; undefined = nowhere. */
  readonly usageLogFile: string | undefined;
}

export interface CompileInput {
  /** Number of the stored revision; goes out with the filter's configuration and comes back in worker reports. */
  readonly revision: bigint;
  readonly resources: ResourceSet;
  /** When each model route was first stored, Unix seconds: clients see it in their lists of models. */
  readonly routesCreated: ReadonlyMap<string, number>;
  readonly settings: CompileSettings;
}

/** One defect of a configuration, placed in the document that has to change. */
export interface ConfigProblem {
  readonly kind: Kind;
  readonly id: string;
  /** JSON pointer (RFC 6901) within that document, e.g. `/targets/1/target`; "" = the document as a whole. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** What to do, as a sentence. */
  readonly mend: string;
}

export type RevisionState = "live" | "rejected" | "waiting";

/** What one Envoy has made of the revisions that were pushed to it. */
export interface EnvoyStatus {
  readonly nodeId: string;
  readonly connected: boolean;
  /** Newest first, as many as are remembered. `detail` is Envoy's own reason for a rejection. */
  readonly revisions: readonly { readonly revision: bigint; readonly state: RevisionState; readonly detail?: string }[];
  /** Workers that report, each with the revision that it runs. `lastSeen` is Unix ms. */
  readonly workers: readonly { readonly id: string; readonly revision: bigint; readonly lastSeen: number }[];
  /** Unix ms of the last sign of life on any channel. */
  readonly lastSeen: number;
}

/** Provider id → clear credential. Lives in memory only. */
export type ProviderSecrets = ReadonlyMap<string, string>;

/** Whose tokens are taken, with the public keys that prove them. */
export type TrustedIssuer = Pick<
  IdentityProvider,
  "id" | "issuer" | "audiences" | "subjectClaim" | "clockSkewSeconds"
> & { readonly keys: KeySet };

/** Implemented by the delivery side: compiles, checks and pushes. */
export interface Publisher {
  /** Compile, reference checks, the released wasm's decoder. No side effect; an empty list means "may be published". */
  check(input: CompileInput): Promise<readonly ConfigProblem[]>;
  /** Makes `input`, which `check` accepted, what every Envoy shall have. Returns before any Envoy has it. */
  publish(input: CompileInput, secrets: ProviderSecrets): void;
  /** Whose tokens every Envoy shall take, beside API keys. No part of revisions: a rollback must not give trust back. */
  trust(issuers: readonly TrustedIssuer[]): void;
  status(): readonly EnvoyStatus[];
  /** True while a connected Envoy reports a live revision. */
  ready(): boolean;
}

/** A worker's own statement of what it runs, from `GET /v1/changes`. */
export interface WorkerReport {
  readonly nodeId: string;
  readonly worker: string;
  readonly revision: bigint;
}

/** The publisher as `main.ts` runs it: `publish` is called before `listen`, so that no Envoy ever sees an empty set. */
export interface XdsPublisher extends Publisher {
  report(report: WorkerReport): void;
  /** Rejects with the system's error (EADDRINUSE, EACCES, …) when the address cannot be had. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** `xds/publisher.ts` exports `createPublisher(options: PublisherOptions): Promise<XdsPublisher>`. */
export interface PublisherOptions {
  readonly address: ListenAddress;
  readonly tls: MutualTlsFiles | undefined;
  /** Bearer token that Envoys present by `initial_metadata`. */
  readonly token: string;
  /** Bearer token that the filter's callouts carry; reaches Envoy as SDS secret `sluice/callout-token`. */
  readonly calloutToken: string;
  /** The released `sluice.wasm` (absolute path): its decoder checks configurations, its bytes go to Envoy. */
  readonly filterWasmFile: string;
  readonly log: Logger;
}

/** Who is behind an API key; ids of resources. None for an unknown key. */
export interface LeaseHolder {
  readonly tenant?: string;
  readonly department?: string;
  readonly application?: string;
  readonly consumer?: string;
}

/** A budget as a key is under it. */
export interface LeaseBudget extends Budget {
  /** Percent of the limit that is kept for higher priority classes than the key's. */
  readonly keptPercent?: number;
}

/** What is known about an API key. Times of the lease itself are set by the callout API from `LeaseTiming`. */
export interface LeaseAnswer {
  readonly status: (typeof LeaseStatus)[keyof typeof LeaseStatus];
  readonly holder: LeaseHolder;
  /** Empty for an unknown key. */
  readonly keyId: string;
  /** Rank of its priority class: 0 is served first. */
  readonly priority: number;
  /** Bits by number of the enumeration Operation: what the key may do. */
  readonly operations: bigint;
  /** Key that seals ids of provider-side state for this consumer, SEAL_KEY_BYTES long; empty unless granted. */
  readonly sealKey: Buffer;
  /** Levels of patterns as in ARCHITECTURE §2.5: a model must be covered at each. Empty unless granted. */
  readonly models: readonly (readonly string[])[];
  /** What the tenant prefers of a model route's targets: patterns of providers' model names, the most wanted first. Absent: nothing. */
  readonly preferredModels?: readonly string[];
  /** That limit the key, at most LEASE_BUDGETS_MAX. Empty unless granted. */
  readonly budgets: readonly LeaseBudget[];
  /** Unix ms at which the key itself ends: a lease must not outlive it. */
  readonly keyExpiresAtMs: number | undefined;
}

export interface LeaseChanges {
  /** True: what changed since cannot be said any more; drop every lease. `digests` is then empty. */
  readonly all: boolean;
  /** SHA-256 of the keys whose leases are to be dropped, 64 hex characters each; at most 1,024. */
  readonly digests: readonly string[];
  /** To be sent as `since` next time. */
  readonly sequence: bigint;
}

/** Implemented by the decisions side over the store, used by the callout API. */
export interface LeaseBook {
  /** `keySha256Hex`: 64 lower case hex characters. Never rejects for an unknown key: that is a status. */
  lookup(keySha256Hex: string): Promise<LeaseAnswer>;
  changesSince(sequence: bigint): Promise<LeaseChanges>;
}

/** What one Envoy may use of targets' capacity, with the names of the priority classes in front (ARCHITECTURE §2.5). */
export interface CapacityShares {
  /** Of the content; never 0. */
  readonly version: bigint;
  readonly classes: number;
  readonly count: number;
  readonly bytes: Buffer;
}

/** Implemented by the decisions side, used by the callout API. */
export interface CapacityBook {
  /** `known`: the version that the asking worker has, 0 = none. Undefined: it may keep that. */
  sharesOf(nodeId: string, known: bigint): CapacityShares | undefined;
}

export interface LeaseTiming {
  /** A worker asks again in the background after this time. */
  readonly refreshMs: number;
  /** A lease is never used beyond this age, even when the control plane is out of reach. */
  readonly ageMsMax: number;
}

/** `callout-api/server.ts` exports `createCalloutApi(options: CalloutApiOptions): CalloutApi`. */
export interface CalloutApiOptions {
  readonly address: ListenAddress;
  readonly tls: MutualTlsFiles | undefined;
  readonly token: string;
  readonly leases: LeaseBook;
  readonly timing: LeaseTiming;
  readonly capacities: CapacityBook;
  /** Every worker report goes here (the publisher's `report`). */
  readonly onReport: (report: WorkerReport) => void;
  /** Answers a request for grants, within the time-out of callouts; undefined where it is none. */
  readonly onGrants: (request: Buffer) => Promise<Buffer | undefined>;
  /** Usage events, a line of JSON each: resolves once what is sound of them is durable. */
  readonly onUsage: (lines: Buffer) => Promise<unknown>;
  readonly log: Logger;
}

export interface CalloutApi {
  /** Rejects with the system's error (EADDRINUSE, EACCES, …) when the address cannot be had. */
  listen(): Promise<void>;
  close(): Promise<void>;
}
