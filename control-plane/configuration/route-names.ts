// Whether every name under which clients reach a model route is one route's alone, and no route leads to itself. Pure.
import { ALIAS_PREFIXES_MAX, ROUTING_HEADERS_MAX } from "../contract.js";
import type { ConfigProblem, ResourceSet } from "../ports.js";
import type { ModelRoute } from "../resources/model-route.js";
import { routingHeaders } from "../resources/routing-headers.js";

const problem = (id: string, path: string, code: string, message: string, mend: string): ConfigProblem => ({
  kind: "model-route",
  id,
  path,
  code,
  message,
  mend,
});

function nameProblems(routes: readonly ModelRoute[]): ConfigProblem[] {
  const owners = new Map(routes.map(({ id }) => [id, id]));
  const problems: ConfigProblem[] = [];
  for (const { id, aliases = [] } of routes) {
    for (const [index, alias] of aliases.entries()) {
      const owner = owners.get(alias);
      if (owner === undefined) owners.set(alias, id);
      else {
        const message = `'${alias}' leads to the model route '${owner}' already`;
        problems.push(problem(id, `/aliases/${index}`, "already_used", message, "Leave out one of the two."));
      }
    }
  }
  return problems;
}

function loopProblems(routes: readonly ModelRoute[]): ConfigProblem[] {
  return routes.flatMap(({ id, rules = [] }) =>
    rules.flatMap(({ modelRoute }, index) =>
      modelRoute === id
        ? [
            problem(
              id,
              `/rules/${index}/modelRoute`,
              "leads_to_itself",
              "is this model route itself",
              "Name another model route, or leave out the rule.",
            ),
          ]
        : [],
    ),
  );
}

function surplusProblems(routes: readonly ModelRoute[]): ConfigProblem[] {
  const prefixes = routes.flatMap(({ id, aliases = [] }) =>
    aliases.filter((alias) => alias.endsWith("*")).map(() => id),
  );
  const beyond = prefixes[ALIAS_PREFIXES_MAX];
  const surplus =
    beyond === undefined
      ? []
      : [
          problem(
            beyond,
            "/aliases",
            "too_many",
            `is beyond the ${ALIAS_PREFIXES_MAX} prefixes that all model routes may have`,
            "Use whole names.",
          ),
        ];
  const header = routingHeaders(routes)[ROUTING_HEADERS_MAX];
  const asker = routes.find(({ rules = [] }) =>
    rules.some(({ when }) => header !== undefined && when.headers?.[header]),
  );
  if (header === undefined || asker === undefined) return surplus;
  const message = `ask for '${header}', beyond the ${ROUTING_HEADERS_MAX} headers that all rules may ask for`;
  return [...surplus, problem(asker.id, "/rules", "too_many", message, "Ask for fewer headers.")];
}

export function routeNameProblems({ modelRoutes }: ResourceSet): readonly ConfigProblem[] {
  return [...nameProblems(modelRoutes), ...loopProblems(modelRoutes), ...surplusProblems(modelRoutes)];
}
