// What a revision asks of every Envoy, and how what is going away stays beside it for a while.
import { CALLOUT_CLUSTER } from "../contract.js";
import { type Resource, TypeUrl, type View } from "./resource.js";

/** A revision ready to be served. Provider clusters are immutable, so two goals differ by names, not by content. */
export interface Goal {
  readonly revision: bigint;
  readonly listeners: View;
  readonly clusters: View;
  readonly endpoints: View;
  readonly secrets: View;
  readonly extensions: View;
  /** The route configuration that can route to these clusters and to no other. */
  readonly routesTo: (clusters: readonly string[]) => View;
}

/** A cluster that the goal no longer has; `null` where an Envoy told us of it and we do not know its content. */
export interface Retired {
  readonly cluster: Resource | null;
  readonly endpoints: Resource | null;
  readonly secret: Resource | null;
  /** The filter that signs its requests, if any does. */
  readonly signing: Resource | null;
  /** When no running request can still mean it, in ms of the session's clock; undefined until the goal is live. */
  removeAt: number | undefined;
}

/** Names are made in §2.1 of ARCHITECTURE.md: `<provider id>~<hash>`, `provider/<provider id>`, `signing/<cluster>`. */
export function secretNameOf(cluster: string): string {
  return `provider/${cluster.slice(0, cluster.lastIndexOf("~"))}`;
}

export function signingNameOf(cluster: string): string {
  return `signing/${cluster}`;
}

export function routable(goal: Goal): string[] {
  return [...goal.clusters.keys()].filter((name) => name !== CALLOUT_CLUSTER);
}

function beside(view: View, more: Iterable<[string, Resource | null]>): View {
  const union = new Map(view);
  for (const [name, resource] of more) if (!union.has(name)) union.set(name, resource);
  return union;
}

/** Everything that requests run on: the goal's and what is retired but may still be meant by a running plan. */
export function networkViews(goal: Goal, retired: ReadonlyMap<string, Retired>): Map<TypeUrl, View> {
  const entries = [...retired];
  return new Map<TypeUrl, View>([
    [
      TypeUrl.SECRET,
      beside(
        goal.secrets,
        entries.map(([name, { secret }]) => [secretNameOf(name), secret]),
      ),
    ],
    [
      TypeUrl.CLUSTER,
      beside(
        goal.clusters,
        entries.map(([name, { cluster }]) => [name, cluster]),
      ),
    ],
    [
      TypeUrl.ENDPOINTS,
      beside(
        goal.endpoints,
        entries.map(([name, { endpoints }]) => [name, endpoints]),
      ),
    ],
    [TypeUrl.LISTENER, goal.listeners],
  ]);
}

export function routesView(goal: Goal, retired: ReadonlyMap<string, Retired>): View {
  return goal.routesTo([...new Set([...routable(goal), ...retired.keys()])].sort());
}

export function extensionsView(goal: Goal, retired: ReadonlyMap<string, Retired>): View {
  return beside(
    goal.extensions,
    [...retired].map(([name, { signing }]) => [signingNameOf(name), signing]),
  );
}
