// All documents that say who may call what, how much of it, and who vouches for callers.
import type { Mutex } from "../configuration/mutex.js";
import type { Logger } from "../logger.js";
import type { Publisher } from "../ports.js";
import type { PrincipalKind } from "../resources/common.js";
import type { Store } from "../store/store.js";
import { ApiKeys } from "./api-keys.js";
import { Budgets } from "./budgets.js";
import { IdentityProviders } from "./identity-providers.js";
import { Principals } from "./principals.js";

export interface Tenancy {
  readonly principals: Readonly<Record<PrincipalKind, Principals>>;
  readonly apiKeys: ApiKeys;
  readonly budgets: Budgets;
  readonly identityProviders: IdentityProviders;
}

export interface TenancyParts {
  readonly store: Store;
  readonly mutex: Mutex;
  readonly publisher: Pick<Publisher, "trust">;
  /** From the highest to the lowest. */
  readonly priorityClasses: readonly string[];
  readonly log: Logger;
}

/** Tells the publisher whose tokens are trusted. */
export async function openTenancy(parts: TenancyParts): Promise<Tenancy> {
  const { store, mutex, priorityClasses } = parts;
  const of = (kind: PrincipalKind) => new Principals(kind, store, mutex, priorityClasses);
  return {
    principals: {
      tenant: of("tenant"),
      department: of("department"),
      application: of("application"),
      consumer: of("consumer"),
    },
    apiKeys: new ApiKeys(store, mutex, priorityClasses),
    budgets: new Budgets(store, mutex, priorityClasses),
    identityProviders: await IdentityProviders.open(parts),
  };
}
