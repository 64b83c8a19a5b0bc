// The publisher: turns each revision into resources once, and lets one session per connected Envoy bring it there. It
// holds the only copy of clear credentials outside Envoy, and hands them to nothing but SDS secrets and filters that sign.
import { CALLOUT_CLUSTER } from "../contract.js";
import { requireTlsBeyondLoopback } from "../listen-address.js";
import type {
  CompileInput,
  ConfigProblem,
  EnvoyStatus,
  ProviderSecrets,
  PublisherOptions,
  TrustedIssuer,
  WorkerReport,
  XdsPublisher,
} from "../ports.js";
import { calloutSecret } from "../snapshot/callout-cluster.js";
import { check } from "../snapshot/check.js";
import { gatewayPlugin, targetPlugin } from "../snapshot/extensions.js";
import { FilterCheck } from "../snapshot/filter-check.js";
import { identityExtensions } from "../snapshot/identity.js";
import { systemAuthoritiesSecret } from "../snapshot/provider-cluster.js";
import { compile, providerSecrets, signingExtensions } from "../snapshot/snapshot.js";
import { systemAuthorities } from "../system-authorities.js";
import { type AdsPeer, AdsServer } from "./ads-server.js";
import { Book } from "./book.js";
import type { DeltaResponse } from "./delta-stream.js";
import type { Goal } from "./goal.js";
import type { EnvoyJson } from "./registry.js";
import { type Resource, toResource, toResources } from "./resource.js";
import { Session, type SessionOptions } from "./session.js";

const SESSION: SessionOptions = {
  // Longer than a plan's attempts take in all but the oddest configuration; until then old clusters cost a little memory.
  attemptWindowMs: 15 * 60_000,
  patienceMs: 5_000,
  resolveGraceMs: 150,
};

class Publisher implements XdsPublisher {
  private readonly book = new Book();
  private readonly sessions = new Map<Session, string>();
  private readonly server: AdsServer;
  private readonly targetExtension: Resource;
  private readonly fixedSecrets: readonly Resource[];
  private goal: Goal | undefined;
  private published: { readonly input: CompileInput; readonly secrets: ProviderSecrets } | undefined;
  private trusted: readonly TrustedIssuer[] = [];

  constructor(
    private readonly options: PublisherOptions,
    private readonly filter: FilterCheck,
  ) {
    this.targetExtension = toResource(targetPlugin(filter.wasm), options.token);
    this.fixedSecrets = [
      toResource(calloutSecret(options.calloutToken), options.token),
      { ...toResource(systemAuthoritiesSecret(systemAuthorities()), options.token), optional: true },
    ];
    const { address, tls, token } = options;
    this.server = new AdsServer({ address, tls, token, open: (send, abort) => this.open(send, abort) });
  }

  async check(input: CompileInput): Promise<readonly ConfigProblem[]> {
    return check(input, this.filter);
  }

  publish(input: CompileInput, secrets: ProviderSecrets): void {
    this.published = { input, secrets };
    this.aim(this.goalOf(input, secrets));
  }

  trust(providers: readonly TrustedIssuer[]): void {
    this.trusted = providers;
    if (this.published !== undefined) this.aim(this.goalOf(this.published.input, this.published.secrets));
  }

  status(): readonly EnvoyStatus[] {
    return this.book.status();
  }

  ready(): boolean {
    return this.book.ready();
  }

  report(report: WorkerReport): void {
    this.book.report(report);
    for (const [session, nodeId] of this.sessions) if (nodeId === report.nodeId) session.poke();
  }

  async listen(): Promise<void> {
    await this.server.listen();
  }

  async close(): Promise<void> {
    for (const session of this.sessions.keys()) session.close();
    this.server.close();
  }

  private aim(goal: Goal): void {
    this.goal = goal;
    for (const session of this.sessions.keys()) session.aim(goal);
  }

  private goalOf(input: CompileInput, secrets: ProviderSecrets): Goal {
    const key = this.options.token;
    const snapshot = compile(input);
    const gateway = toResource(gatewayPlugin(this.filter.wasm, snapshot.filterConfig), key);
    const secretResources = toResources(providerSecrets(input, secrets), key);
    for (const resource of this.fixedSecrets) secretResources.set(resource.name, resource);
    const extensions = toResources([...signingExtensions(input, secrets), ...identityExtensions(this.trusted)], key);
    for (const resource of [gateway, this.targetExtension]) extensions.set(resource.name, resource);
    const judgesTokens = this.trusted.length > 0;
    return {
      revision: snapshot.revision,
      listeners: toResources([snapshot.listener], key),
      clusters: this.clusterResources(snapshot.clusters),
      endpoints: toResources(snapshot.endpoints, key),
      secrets: secretResources,
      extensions,
      routesTo: (names) => toResources([snapshot.routesTo(names, judgesTokens)], key),
    };
  }

  /** Provider clusters are immutable, so what the revision before encoded serves again. */
  private clusterResources(clusters: readonly EnvoyJson[]): Map<string, Resource> {
    return new Map(
      clusters.map((json) => {
        const name = String(json.name);
        const known = name === CALLOUT_CLUSTER ? undefined : this.goal?.clusters.get(name);
        return [name, known ?? toResource(json, this.options.token)];
      }),
    );
  }

  private open(send: (response: DeltaResponse) => void, abort: (reason: string) => void): AdsPeer {
    let session: Session | undefined;
    return {
      receive: (request) => {
        session ??= this.begin(request.node?.id ?? "", send, abort);
        if (session === undefined) return;
        this.book.seen(this.sessions.get(session) ?? "");
        session.receive(request);
      },
      close: () => {
        if (session !== undefined) this.end(session);
      },
    };
  }

  private begin(
    nodeId: string,
    send: (response: DeltaResponse) => void,
    abort: (reason: string) => void,
  ): Session | undefined {
    const goal = this.goal;
    if (nodeId === "" || goal === undefined) {
      abort(nodeId === "" ? "the first request names no node id: set node.id in the bootstrap" : "no revision yet");
      return undefined;
    }
    const { book } = this;
    const { log } = this.options;
    const session = new Session(send, SESSION, {
      progress: (revision, phase, waiting) => {
        const live = phase === "done" || phase === "removal";
        book.record(nodeId, revision, live ? "live" : "waiting");
        if (waiting) log.warn("Envoy does not answer a push", { nodeId, revision: String(revision), phase });
        if (phase === "done") log.info("revision is live", { nodeId, revision: String(revision) });
      },
      rejected: (revision, { typeUrl, message, resources }) => {
        book.record(nodeId, revision, "rejected", message);
        const names = resources.join(" ");
        log.error("Envoy rejected a push", { nodeId, revision: String(revision), typeUrl, names, message });
      },
      isLive: (revision) => book.isLive(nodeId, revision),
    });
    session.aim(goal);
    this.sessions.set(session, nodeId);
    book.connected(nodeId);
    log.info("Envoy connected", { nodeId });
    return session;
  }

  private end(session: Session): void {
    const nodeId = this.sessions.get(session);
    if (nodeId === undefined) return;
    this.sessions.delete(session);
    session.close();
    this.book.disconnected(nodeId);
    this.options.log.info("Envoy disconnected", { nodeId });
  }
}

/** Rejects with StartError when the filter cannot be used, or when it would be open to a network without TLS. */
export async function createPublisher(options: PublisherOptions): Promise<XdsPublisher> {
  requireTlsBeyondLoopback("xDS server", options.address, options.tls);
  return new Publisher(options, await FilterCheck.load(options.filterWasmFile));
}
