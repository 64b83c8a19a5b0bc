// The nouns that say who may call what, and how much of it.
import type { Budgets } from "../identity/budgets.js";
import type { Principals } from "../identity/principals.js";
import { budgetInputSchema, budgetSchema } from "../resources/budget.js";
import { PRINCIPAL_KINDS, type PrincipalKind } from "../resources/common.js";
import { PRINCIPAL_NOUNS, parentKinds } from "../resources/principal.js";
import { documentOperations } from "./document-operations.js";
import type { Operation } from "./operation.js";

export interface Tenancy {
  readonly principals: Readonly<Record<PrincipalKind, Principals>>;
  readonly budgets: Budgets;
}

const NAMES: Readonly<Record<PrincipalKind, { path: string; name: string; deletion?: string }>> = {
  tenant: { path: "tenants", name: "Tenant", deletion: "that nothing refers to" },
  department: { path: "departments", name: "Department", deletion: "that nothing refers to" },
  application: { path: "applications", name: "Application", deletion: "that nothing refers to" },
  consumer: { path: "consumers", name: "Consumer", deletion: "and revoke its keys" },
};

export function tenancyOperations({ principals, budgets }: Tenancy): readonly Operation[] {
  return [
    ...PRINCIPAL_KINDS.flatMap((kind) =>
      documentOperations({
        kind,
        ...NAMES[kind],
        ...PRINCIPAL_NOUNS[kind],
        scopes: parentKinds(kind),
        documents: principals[kind],
      }),
    ),
    ...documentOperations({
      kind: "budget",
      path: "budgets",
      name: "Budget",
      schema: budgetSchema,
      inputSchema: budgetInputSchema,
      scopes: PRINCIPAL_KINDS,
      documents: budgets,
    }),
  ];
}
