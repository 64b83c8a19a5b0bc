// Tenants, departments, applications and consumers: documents that name their parent. Changes reach workers as lease
// changes, not as revisions: a rollback must not give back access that was revoked.
import type { Mutex } from "../configuration/mutex.js";
import { OperatorError, type Problem } from "../errors.js";
import { PRINCIPAL_KINDS, type PrincipalKind, type PrincipalRef } from "../resources/common.js";
import { type Principal, parentOf, readPrincipal } from "../resources/principal.js";
import type { PrincipalPage, PrincipalStore } from "../store/store.js";

/** As many as a problem list has; more would help nobody. */
const CHILDREN_NAMED_MAX = 100;

export interface PrincipalPut {
  readonly changed: boolean;
  readonly before: Principal | undefined;
}

/** Throws OperatorError to refuse the write; runs alone with it. */
export type Precondition = (before: Principal | undefined) => void;

export function principalNotFound({ kind, id }: PrincipalRef): OperatorError {
  return new OperatorError("resource_not_found", { message: `There is no ${kind} '${id}'.` });
}

export class Principals {
  readonly #store: PrincipalStore;
  readonly #mutex: Mutex;

  constructor(store: PrincipalStore, mutex: Mutex) {
    this.#store = store;
    this.#mutex = mutex;
  }

  async list(page: PrincipalPage): Promise<readonly Principal[]> {
    return (await this.#store.principals(page)).map(({ kind, json }) => readPrincipal(kind, json));
  }

  async find(ref: PrincipalRef): Promise<Principal | undefined> {
    const stored = await this.#store.principal(ref);
    return stored && readPrincipal(stored.kind, stored.json);
  }

  /** Rejects with invalid_configuration when its parent is not there. */
  put(kind: PrincipalKind, principal: Principal, dryRun: boolean, precondition: Precondition): Promise<PrincipalPut> {
    return this.#mutex.run(async () => {
      const ref = { kind, id: principal.id };
      const before = await this.find(ref);
      precondition(before);
      const parent = parentOf(kind, principal);
      if (parent !== undefined) await this.#requireParent(ref, parent);
      const json = JSON.stringify(principal);
      const changed = before === undefined || JSON.stringify(before) !== json;
      if (changed && !dryRun) await this.#store.putPrincipal({ ...ref, parent, json });
      return { changed, before };
    });
  }

  /** Revokes the keys of a consumer too. Rejects with resource_not_found or still_referenced. */
  delete(ref: PrincipalRef, dryRun: boolean, precondition: Precondition): Promise<void> {
    return this.#mutex.run(async () => {
      const before = await this.find(ref);
      if (before === undefined) throw principalNotFound(ref);
      precondition(before);
      const problems = await this.#childrenOf(ref);
      if (problems.length > 0) throw new OperatorError("still_referenced", { problems });
      if (!dryRun) await this.#store.deletePrincipal(ref);
    });
  }

  async #requireParent(ref: PrincipalRef, parent: PrincipalRef): Promise<void> {
    if ((await this.#store.principal(parent)) !== undefined) return;
    const problem = {
      ...ref,
      path: `/${parent.kind}`,
      code: "unknown_reference",
      message: `there is no ${parent.kind} '${parent.id}'`,
      mend: `Create the ${parent.kind} '${parent.id}' first, or name one that exists.`,
    };
    throw new OperatorError("invalid_configuration", { problems: [problem] });
  }

  async #childrenOf(parent: PrincipalRef): Promise<Problem[]> {
    const children: PrincipalRef[] = [];
    for (const kind of PRINCIPAL_KINDS) {
      children.push(...(await this.#store.principals({ kind, parent, limit: CHILDREN_NAMED_MAX })));
    }
    return children.slice(0, CHILDREN_NAMED_MAX).map(({ kind, id }) => ({
      kind,
      id,
      path: `/${parent.kind}`,
      code: "still_referenced",
      message: `refers to the ${parent.kind} '${parent.id}'`,
      mend: `Change or delete the ${kind} '${id}' first.`,
    }));
  }
}
