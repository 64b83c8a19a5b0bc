// Whether every id that a document names belongs to a document, and who names a given one. Pure.
import type { ConfigProblem, ResourceSet } from "../ports.js";
import { jsonPointer } from "../resources/problems.js";
import { membersOf } from "../resources/route-targets.js";
import type { ConfigurationKind } from "../store/store.js";

interface Reference {
  readonly from: { readonly kind: ConfigurationKind; readonly id: string };
  /** JSON pointer within the referring document. */
  readonly path: string;
  readonly to: { readonly kind: ConfigurationKind; readonly id: string };
}

function* references(set: ResourceSet): Generator<Reference> {
  for (const target of set.targets) {
    const from = { kind: "target", id: target.id } as const;
    yield { from, path: "/provider", to: { kind: "provider", id: target.provider } };
  }
  for (const route of set.modelRoutes) {
    const from = { kind: "model-route", id: route.id } as const;
    for (const { path, member } of membersOf(route)) {
      yield { from, path: jsonPointer([...path, "target"]), to: { kind: "target", id: member.target } };
    }
    for (const [index, rule] of (route.rules ?? []).entries()) {
      for (const { path, member } of membersOf(rule)) {
        const to = { kind: "target", id: member.target } as const;
        yield { from, path: jsonPointer(["rules", index, ...path, "target"]), to };
      }
      if (rule.modelRoute === undefined) continue;
      yield {
        from,
        path: jsonPointer(["rules", index, "modelRoute"]),
        to: { kind: "model-route", id: rule.modelRoute },
      };
    }
  }
}

/** Problems are of the documents that refer to what is not there. */
export function danglingReferences(set: ResourceSet): readonly ConfigProblem[] {
  const ids: Partial<Record<ConfigurationKind, ReadonlySet<string>>> = {
    provider: new Set(set.providers.map((provider) => provider.id)),
    target: new Set(set.targets.map((target) => target.id)),
    "model-route": new Set(set.modelRoutes.map((route) => route.id)),
  };
  return [...references(set)]
    .filter(({ to }) => ids[to.kind]?.has(to.id) !== true)
    .map(({ from, path, to }) => ({
      ...from,
      path,
      code: "unknown_reference",
      message: `there is no ${to.kind} '${to.id}'`,
      mend: `Create the ${to.kind} '${to.id}' first, or name one that exists.`,
    }));
}

/** One problem for each place that refers to the document `kind/id`. */
export function referencesTo(set: ResourceSet, kind: ConfigurationKind, id: string): readonly ConfigProblem[] {
  return [...references(set)]
    .filter(({ to }) => to.kind === kind && to.id === id)
    .map(({ from, path }) => ({
      ...from,
      path,
      code: "still_referenced",
      message: `refers to the ${kind} '${id}'`,
      mend: `Change or delete the ${from.kind} '${from.id}' first.`,
    }));
}
