// Budgets: whose use counts towards what. Who counts it is the ledger's matter; a change drops the leases of all whom the
// budget applies to, so that workers learn of it within about a second.

import type { Mutex } from "../configuration/mutex.js";
import { LEASE_BUDGETS_MAX } from "../contract.js";
import { OperatorError } from "../errors.js";
import type { LeaseHolder } from "../ports.js";
import { type Budget, budgetSchema } from "../resources/budget.js";
import { PRINCIPAL_KINDS, type PrincipalRef } from "../resources/common.js";
import { classProblem, rankOf } from "../resources/priority-class.js";
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

/** How much of the limit a key of this rank has to leave to higher classes. */
export function keptPercent({ reserved = {} }: Budget, classes: readonly string[], rank: number): number {
  const higher = Object.entries(reserved).filter(([name]) => rankOf(classes, name) < rank);
  return higher.reduce((sum, [, percent]) => sum + percent, 0);
}

/** All that apply to a key of this holder: those of anyone whom it is part of, and those of the whole gateway. By id. */
export async function budgetsOf(store: StandingStore, holder: LeaseHolder): Promise<readonly Budget[]> {
  return (await store.standingFor("budget", refsOf(holder))).map(({ json }) => readBudget(json));
}

/** What a budget's numbers depend on, by which they are kept: with another value they would be another budget's. */
const FIXED = ["scope", "measure", "window", "timeZone", "monthStartDay", "weekStart"] as const;
/** Together at most LEASE_BUDGETS_MAX of one key: of the whole gateway, and of each of the four levels above the key. */
const EVERYBODYS_MAX = 16;
const SCOPES_MAX = (LEASE_BUDGETS_MAX - EVERYBODYS_MAX) / PRINCIPAL_KINDS.length;

function requireSameNumbers(before: Budget | undefined, after: Budget): void {
  if (before === undefined) return;
  const changed = FIXED.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (changed.length === 0) return;
  const problems = changed.map((name) => ({
    kind: "budget" as const,
    id: after.id,
    path: `/${name}`,
    code: "fixed",
    message: "cannot be changed, because what was counted so far would mean something else",
    mend: "Create a budget with another id, then delete this one.",
  }));
  throw new OperatorError("invalid_configuration", { problems });
}

export class Budgets implements Documents<Budget> {
  readonly #store: PrincipalStore & StandingStore;
  readonly #mutex: Mutex;
  readonly #priorityClasses: readonly string[];

  constructor(store: PrincipalStore & StandingStore, mutex: Mutex, priorityClasses: readonly string[]) {
    this.#store = store;
    this.#mutex = mutex;
    this.#priorityClasses = priorityClasses;
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
      if (before === undefined) await this.#requireRoom(budget.id, scope);
      requireSameNumbers(before, budget);
      this.#requireClasses(budget);
      const json = JSON.stringify(budget);
      const changed = !unchanged(before, json);
      if (changed && !dryRun) await this.#store.putStanding({ ...ref, scope, json });
      return { changed, before };
    });
  }

  #requireClasses({ id, reserved = {} }: Budget): void {
    const ref = { kind: "budget", id } as const;
    const problems = Object.keys(reserved).flatMap(
      (name) => classProblem(this.#priorityClasses, ref, `/reserved/${name}`, name) ?? [],
    );
    if (problems.length > 0) throw new OperatorError("invalid_configuration", { problems });
  }

  async #requireRoom(id: string, scope: PrincipalRef | undefined): Promise<void> {
    const max = scope === undefined ? EVERYBODYS_MAX : SCOPES_MAX;
    const applied = await this.#store.standingFor("budget", scope === undefined ? [] : [scope]);
    const beside = applied.filter(({ scope: other }) => other?.id === scope?.id && other?.kind === scope?.kind);
    if (beside.length < max) return;
    const whose = scope === undefined ? "the whole gateway" : `the ${scope.kind} '${scope.id}'`;
    const problem = {
      kind: "budget" as const,
      id,
      path: "/scope",
      code: "too_many",
      message: `${whose} has ${max} budgets already, which is the most`,
      mend: "Change one of them, or delete one that is not needed.",
    };
    throw new OperatorError("invalid_configuration", { problems: [problem] });
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
