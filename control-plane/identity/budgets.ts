// Budgets: whose use counts towards what. Who counts it is the ledger's matter; a change drops the leases of all whom the
// budget applies to, so that workers learn of it within about a second.
import type { Mutex } from "../configuration/mutex.js";
import type { LeaseHolder } from "../ports.js";
import { type Budget, budgetSchema } from "../resources/budget.js";
import { PRINCIPAL_KINDS, type PrincipalRef } from "../resources/common.js";
import type { PrincipalStore, StandingStore } from "../store/store.js";
import {
  type DocumentPage,
  type DocumentPut,
  type Documents,
  documentNotFound,
  type Precondition,
  requirePrincipal,
  unchanged,
} from "./documents.js";

function readBudget(json: string): Budget {
  return budgetSchema.parse(JSON.parse(json));
}

/** The principals that ids by kind stand for, from the widest to the narrowest. */
function refsOf(ids: LeaseHolder): readonly PrincipalRef[] {
  return PRINCIPAL_KINDS.flatMap((kind) => {
    const id = ids[kind];
    return id === undefined ? [] : [{ kind, id }];
  });
}

/** All that apply to a key of this holder: those of anyone whom it is part of, and those of the whole gateway. By id. */
export async function budgetsOf(store: StandingStore, holder: LeaseHolder): Promise<readonly Budget[]> {
  return (await store.standingFor("budget", refsOf(holder))).map(({ json }) => readBudget(json));
}

export class Budgets implements Documents<Budget> {
  readonly #store: PrincipalStore & StandingStore;
  readonly #mutex: Mutex;

  constructor(store: PrincipalStore & StandingStore, mutex: Mutex) {
    this.#store = store;
    this.#mutex = mutex;
  }

  async list(page: DocumentPage): Promise<readonly Budget[]> {
    return (await this.#store.standing({ kind: "budget", ...page })).map(({ json }) => readBudget(json));
  }

  async find(id: string): Promise<Budget | undefined> {
    const stored = await this.#store.standingById("budget", id);
    return stored && readBudget(stored.json);
  }

  put(budget: Budget, dryRun: boolean, precondition: Precondition<Budget>): Promise<DocumentPut<Budget>> {
    return this.#mutex.run(async () => {
      const ref = { kind: "budget", id: budget.id } as const;
      const before = await this.find(budget.id);
      precondition(before);
      const [scope] = refsOf(budget.scope);
      await requirePrincipal(this.#store, ref, "/scope", scope);
      const json = JSON.stringify(budget);
      const changed = !unchanged(before, json);
      if (changed && !dryRun) await this.#store.putStanding({ ...ref, scope, json });
      return { changed, before };
    });
  }

  delete(id: string, dryRun: boolean, precondition: Precondition<Budget>): Promise<void> {
    return this.#mutex.run(async () => {
      const before = await this.find(id);
      if (before === undefined) throw documentNotFound({ kind: "budget", id });
      precondition(before);
      if (!dryRun) await this.#store.deleteStanding("budget", id);
    });
  }
}
