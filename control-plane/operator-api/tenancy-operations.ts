// The nouns that say who may call what, how much of it, and who vouches for callers.
import type { Tenancy } from "../identity/tenancy.js";
import { budgetInputSchema, budgetSchema } from "../resources/budget.js";
import { PRINCIPAL_KINDS, type PrincipalKind } from "../resources/common.js";
import { identityProviderInputSchema, identityProviderSchema } from "../resources/identity-provider.js";
import { PRINCIPAL_NOUNS, parentKinds } from "../resources/principal.js";
import { apiKeyOperations } from "./api-key-operations.js";
import { documentOperations } from "./document-operations.js";
import type { Operation } from "./operation.js";

const NAMES: Readonly<Record<PrincipalKind, { path: string; name: string; deletion?: string }>> = {
  tenant: { path: "tenants", name: "Tenant", deletion: "that nothing refers to" },
  department: { path: "departments", name: "Department", deletion: "that nothing refers to" },
  application: { path: "applications", name: "Application", deletion: "that nothing refers to" },
  consumer: { path: "consumers", name: "Consumer", deletion: "and revoke its keys" },
};

export function tenancyOperations({ principals, apiKeys, budgets, identityProviders }: Tenancy): readonly Operation[] {
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
    ...apiKeyOperations(apiKeys),
    ...documentOperations({
      kind: "budget",
      path: "budgets",
      name: "Budget",
      schema: budgetSchema,
      inputSchema: budgetInputSchema,
      scopes: PRINCIPAL_KINDS,
      documents: budgets,
    }),
    ...documentOperations({
      kind: "identity-provider",
      path: "identity-providers",
      name: "IdentityProvider",
      schema: identityProviderSchema,
      inputSchema: identityProviderInputSchema,
      scopes: [],
      documents: identityProviders,
    }),
  ];
}
