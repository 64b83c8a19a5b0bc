// Tenants, departments, applications and consumers: documents that name their parent. Changes reach workers as lease
// changes, not as revisions: a rollback must not give back access that was revoked.
import type { Mutex } from "../configuration/mutex.js";
import { OperatorError } from "../errors.js";
import type { PrincipalKind } from "../resources/common.js";
import { identityDigest } from "../resources/identity.js";
import { type Principal, parentOf, readPrincipal } from "../resources/principal.js";
import type { PrincipalStore, StandingStore } from "../store/store.js";
import {
  type DocumentPage,
  type DocumentPut,
  type Documents,
  documentNotFound,
  type Precondition,
  requireClass,
  requirePrincipal,
  requireUnreferenced,
  unchanged,
} from "./documents.js";

export class Principals implements Documents<Principal> {
  readonly #kind: PrincipalKind;
  readonly #store: PrincipalStore & StandingStore;
  readonly #mutex: Mutex;
  readonly #priorityClasses: readonly string[];

  constructor(
    kind: PrincipalKind,
    store: PrincipalStore & StandingStore,
    mutex: Mutex,
    priorityClasses: readonly string[],
  ) {
    this.#kind = kind;
    this.#store = store;
    this.#mutex = mutex;
    this.#priorityClasses = priorityClasses;
  }

  async list({ scope, ...page }: DocumentPage): Promise<readonly Principal[]> {
    const parent = scope === undefined ? {} : { parent: scope };
    const stored = await this.#store.principals({ kind: this.#kind, ...parent, ...page });
    return stored.map(({ json }) => readPrincipal(this.#kind, json));
  }

  async find(id: string): Promise<Principal | undefined> {
    const stored = await this.#store.principal({ kind: this.#kind, id });
    return stored && readPrincipal(this.#kind, stored.json);
  }

  put(principal: Principal, dryRun: boolean, precondition: Precondition<Principal>): Promise<DocumentPut<Principal>> {
    return this.#mutex.run(async () => {
      const ref = { kind: this.#kind, id: principal.id };
      const before = await this.find(principal.id);
      precondition(before);
      requireClass(this.#priorityClasses, ref, principal.priority);
      const parent = parentOf(this.#kind, principal);
      await requirePrincipal(this.#store, ref, "", parent);
      await this.#requireOwnIdentities(principal);
      const json = JSON.stringify(principal);
      const changed = !unchanged(before, json);
      if (changed && !dryRun)
        await this.#store.putPrincipal({ ...ref, parent, json }, principal.identities?.map(identityDigest));
      return { changed, before };
    });
  }

  /** Revokes the keys of a consumer too. */
  delete(id: string, dryRun: boolean, precondition: Precondition<Principal>): Promise<void> {
    return this.#mutex.run(async () => {
      const ref = { kind: this.#kind, id };
      const before = await this.find(id);
      if (before === undefined) throw documentNotFound(ref);
      precondition(before);
      await requireUnreferenced(this.#store, ref);
      if (!dryRun) await this.#store.deletePrincipal(ref);
    });
  }

  async #requireOwnIdentities({ id, identities = [] }: Principal): Promise<void> {
    for (const [index, identity] of identities.entries()) {
      const [owner] = (await this.#store.findIdentity(identityDigest(identity))) ?? [];
      if (owner === undefined || owner.id === id) continue;
      const problem = {
        kind: this.#kind,
        id,
        path: `/identities/${index}`,
        code: "identity_taken",
        message: `is the consumer '${owner.id}'`,
        mend: `Take it out of the consumer '${owner.id}' first, or leave it out here.`,
      };
      throw new OperatorError("invalid_configuration", { problems: [problem] });
    }
  }
}
