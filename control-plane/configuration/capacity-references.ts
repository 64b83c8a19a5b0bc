// Whether the shares of targets' capacity are of classes and tenants that there are. Only documents that change are looked at: a tenant
// that was deleted meanwhile keeps nobody from changing something else, and its share is lent to all others.
import { CAPACITIES_MAX } from "../contract.js";
import type { ConfigProblem, ResourceSet } from "../ports.js";
import type { Capacity } from "../resources/capacity.js";
import { classProblem } from "../resources/priority-class.js";
import type { Target } from "../resources/target.js";

export interface CapacityChange {
  readonly before: ResourceSet;
  readonly after: ResourceSet;
  readonly classes: readonly string[];
  readonly isTenant: (id: string) => Promise<boolean>;
}

async function tenantProblems(
  id: string,
  { reservedFor }: Capacity,
  isTenant: CapacityChange["isTenant"],
): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const [index, { tenant }] of reservedFor.entries()) {
    if (await isTenant(tenant)) continue;
    problems.push({
      kind: "target",
      id,
      path: `/capacity/reservedFor/${index}/tenant`,
      code: "unknown_reference",
      message: `there is no tenant '${tenant}'`,
      mend: `Create the tenant '${tenant}' first, or name one that exists.`,
    });
  }
  return problems;
}

function classProblems(id: string, { reserved }: Capacity, classes: readonly string[]): ConfigProblem[] {
  const from = { kind: "target", id } as const;
  return Object.keys(reserved).flatMap((name) => {
    const problem = classProblem(classes, from, `/capacity/reserved/${name}`, name);
    return problem === undefined ? [] : [{ ...problem, ...from }];
  });
}

function surplusProblems({ targets }: ResourceSet): ConfigProblem[] {
  const surplus = targets.filter(({ capacity }) => capacity !== undefined)[CAPACITIES_MAX];
  if (surplus === undefined) return [];
  return [
    {
      kind: "target",
      id: surplus.id,
      path: "/capacity",
      code: "too_many",
      message: `is one more than the ${CAPACITIES_MAX} targets that may have a capacity`,
      mend: "Leave the capacity of other targets out.",
    },
  ];
}

export async function capacityProblems(change: CapacityChange): Promise<readonly ConfigProblem[]> {
  const known = new Map(change.before.targets.map((target) => [target.id, JSON.stringify(target.capacity)]));
  const isNew = ({ id, capacity }: Target) => known.get(id) !== JSON.stringify(capacity);
  const problems = surplusProblems(change.after);
  for (const { id, capacity } of change.after.targets.filter(isNew)) {
    if (capacity === undefined) continue;
    problems.push(...classProblems(id, capacity, change.classes));
    problems.push(...(await tenantProblems(id, capacity, change.isTenant)));
  }
  return problems;
}
