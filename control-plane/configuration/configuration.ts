// The live configuration and the one way to change it: candidate → references → publisher's check → stored as the
// next revision → published. What fails on the way leaves nothing stored and nothing published.
import { OperatorError, type Problem, StartError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { CompileInput, CompileSettings, ProviderSecrets, Publisher, ResourceSet } from "../ports.js";
import type { Keyring } from "../secrets/keyring.js";
import type { ConfigurationStore, PrincipalStore, StoredCredential } from "../store/store.js";
import { capacityProblems } from "./capacity-references.js";
import { type Credential, type Credentials, loadCredentials, sealCredential, unfitCredentials } from "./credentials.js";
import type { Mutex } from "./mutex.js";
import { danglingReferences } from "./references.js";
import { fromDocuments, toDocuments } from "./resource-set.js";
import { routeNameProblems } from "./route-names.js";

export interface LiveConfiguration {
  readonly revision: bigint;
  readonly resources: ResourceSet;
  readonly credentials: Credentials;
  /** When each model route was first stored, Unix seconds. */
  readonly routesCreated: ReadonlyMap<string, number>;
}

export interface Candidate {
  readonly resources: ResourceSet;
  /** New credentials by provider id. The others stay. */
  readonly credentials: ReadonlyMap<string, string>;
}

export interface Change {
  /** For the list of revisions, e.g. `put provider/openai`. */
  readonly cause: string;
  readonly dryRun: boolean;
  /** Runs alone, on what is live then; throws OperatorError to refuse. */
  readonly edit: (live: LiveConfiguration) => Candidate | Promise<Candidate>;
}

export interface ChangeResult {
  /** False: it was like this already, and no revision was made. */
  readonly changed: boolean;
  readonly before: LiveConfiguration;
  /** What is live now; of a dry run: what would be. */
  readonly after: LiveConfiguration;
}

export interface ConfigurationParts {
  readonly store: ConfigurationStore & Pick<PrincipalStore, "principal">;
  readonly keyring: Keyring;
  readonly publisher: Publisher;
  readonly settings: CompileSettings;
  /** From the highest to the lowest. */
  readonly priorityClasses: readonly string[];
  readonly mutex: Mutex;
  readonly log: Logger;
}

function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new OperatorError("invalid_configuration", { problems });
}

function secretsOf(credentials: Credentials): ProviderSecrets {
  return new Map([...credentials].map(([providerId, { secret }]) => [providerId, secret]));
}

function unixSeconds(timestamp: string): number {
  return Math.floor(Date.parse(timestamp) / 1000);
}

async function loadRoutesCreated(store: ConfigurationStore): Promise<ReadonlyMap<string, number>> {
  const stored = await store.firstStored("model-route");
  return new Map([...stored].map(([id, timestamp]) => [id, unixSeconds(timestamp)]));
}

/** Names that are no longer routes stay: one that comes back is not new. */
function withNewRoutes(
  known: ReadonlyMap<string, number>,
  { modelRoutes }: ResourceSet,
  now: string,
): ReadonlyMap<string, number> {
  return new Map([...modelRoutes.map(({ id }) => [id, unixSeconds(now)] as const), ...known]);
}

export class Configuration {
  readonly #parts: ConfigurationParts;
  #live: LiveConfiguration;

  private constructor(parts: ConfigurationParts, live: LiveConfiguration) {
    this.#parts = parts;
    this.#live = live;
  }

  /**
   * Publishes the stored live revision, so that the delivery side can begin to listen; a new store gets revision 1,
   * which is empty. Throws StartError if what is stored cannot be read, opened or published by this release.
   */
  static async open(parts: ConfigurationParts): Promise<Configuration> {
    const { store } = parts;
    if ((await store.liveRevision()) === undefined) {
      const createdAt = new Date().toISOString();
      await store.commit({ number: 1n, createdAt, cause: "new store", documents: [], credentials: [] });
    }
    const stored = await store.liveRevision();
    const { set, problems } = fromDocuments(stored?.documents ?? []);
    const live = {
      revision: stored?.number ?? 0n,
      resources: set,
      credentials: await loadCredentials(store, parts.keyring),
      routesCreated: await loadRoutesCreated(store),
    };
    const configuration = new Configuration(parts, live);
    await configuration.#publishStored(problems);
    return configuration;
  }

  get live(): LiveConfiguration {
    return this.#live;
  }

  /** Rejects with OperatorError; then nothing has changed. */
  change(change: Change): Promise<ChangeResult> {
    return this.#parts.mutex.run(() => this.#change(change));
  }

  /** Makes the documents of an older revision a new one. Credentials are not part of revisions and stay as they are. */
  rollback(to: bigint, dryRun: boolean): Promise<ChangeResult> {
    return this.change({
      cause: `rollback to ${to}`,
      dryRun,
      edit: async () => {
        const stored = await this.#parts.store.revision(to);
        if (stored === undefined) throw new OperatorError("revision_not_found");
        const { set, problems } = fromDocuments(stored.documents);
        refuseProblems(problems);
        return { resources: set, credentials: new Map() };
      },
    });
  }

  async #change({ cause, dryRun, edit }: Change): Promise<ChangeResult> {
    const before = this.#live;
    const candidate = await edit(before);
    refuseProblems(danglingReferences(candidate.resources));
    refuseProblems(routeNameProblems(candidate.resources));
    refuseProblems(await this.#capacityProblems(candidate.resources));
    const now = new Date().toISOString();
    const renewed = this.#renewedCredentials(before.credentials, candidate.credentials, now);
    const sameDocuments = JSON.stringify(candidate.resources) === JSON.stringify(before.resources);
    if (renewed.size === 0 && sameDocuments) return { changed: false, before, after: before };

    const after = {
      revision: before.revision + 1n,
      resources: candidate.resources,
      credentials: this.#remaining(new Map([...before.credentials, ...renewed]), candidate.resources),
      routesCreated: withNewRoutes(before.routesCreated, candidate.resources, now),
    };
    refuseProblems(unfitCredentials(after.resources, after.credentials));
    refuseProblems(await this.#parts.publisher.check(this.#compileInput(after)));
    if (dryRun) return { changed: true, before, after };

    await this.#parts.store.commit({
      number: after.revision,
      createdAt: now,
      cause,
      documents: toDocuments(after.resources),
      credentials: this.#seal(renewed),
    });
    this.#live = after;
    this.#parts.publisher.publish(this.#compileInput(after), secretsOf(after.credentials));
    this.#parts.log.info("revision published", { revision: Number(after.revision), cause });
    return { changed: true, before, after };
  }

  #capacityProblems(after: ResourceSet): Promise<readonly Problem[]> {
    const { store, priorityClasses } = this.#parts;
    return capacityProblems({
      before: this.#live.resources,
      after,
      classes: priorityClasses,
      isTenant: async (id) => (await store.principal({ kind: "tenant", id })) !== undefined,
    });
  }

  #seal(credentials: Credentials): StoredCredential[] {
    return [...credentials].map(([providerId, credential]) =>
      sealCredential(this.#parts.keyring, providerId, credential),
    );
  }

  /** Those whose secret is another than before: sending the same one again makes no revision. */
  #renewedCredentials(before: Credentials, given: ReadonlyMap<string, string>, updatedAt: string): Credentials {
    const renewed = new Map<string, Credential>();
    for (const [providerId, secret] of given) {
      if (before.get(providerId)?.secret !== secret) renewed.set(providerId, { secret, updatedAt });
    }
    return renewed;
  }

  #remaining(credentials: Credentials, resources: ResourceSet): Credentials {
    const providers = new Set(resources.providers.map((provider) => provider.id));
    return new Map([...credentials].filter(([providerId]) => providers.has(providerId)));
  }

  #compileInput(configuration: LiveConfiguration): CompileInput {
    const { revision, resources, routesCreated } = configuration;
    return { revision, resources, routesCreated, settings: this.#parts.settings };
  }

  async #publishStored(problems: readonly Problem[]): Promise<void> {
    const input = this.#compileInput(this.#live);
    const all = problems.length > 0 ? problems : await this.#parts.publisher.check(input);
    if (all.length > 0) {
      const lines = all.map(({ kind, id, path, message }) => `  ${kind}/${id} ${path} ${message}`);
      throw new StartError(
        `Revision ${this.#live.revision} in SLUICE_DATA_DIR is not valid for this release:\n${lines.join("\n")}\n` +
          "Start the release that wrote it, mend these documents there, and start this one again.",
      );
    }
    this.#parts.publisher.publish(input, secretsOf(this.#live.credentials));
    this.#parts.log.info("stored revision published", { revision: Number(this.#live.revision) });
  }
}
