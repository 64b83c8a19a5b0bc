// Resources → everything that Envoy and the filter get. Pure: no clock, no file, no network. It trusts references; check.ts
// is where they are proven.

import { effectiveModel } from "../catalog/effective-model.js";
import type { QUIRKS } from "../catalog/provider-entry.js";
import { Quirk, TargetFlag } from "../contract.js";
import type { CompileInput, ProviderSecrets } from "../ports.js";
import { DIALECTS } from "../resources/dialect.js";
import type { ModelRoute } from "../resources/model-route.js";
import { tiersOf } from "../resources/route-targets.js";
import type { EnvoyJson } from "../xds/registry.js";
import { signingExtension } from "./aws-signing.js";
import { calloutCluster } from "./callout-cluster.js";
import { encodeFilterConfig, type ResolvedTarget } from "./filter-config.js";
import { bodyBufferBytes, listener } from "./listener.js";
import { providerCluster, providerSecret } from "./provider-cluster.js";
import { routes } from "./routes.js";

export interface Snapshot {
  readonly revision: bigint;
  readonly listener: EnvoyJson;
  readonly clusters: readonly EnvoyJson[];
  readonly endpoints: readonly EnvoyJson[];
  /** Bytes for the gateway root. */
  readonly filterConfig: Buffer;
  /** `judgesTokens`: some identity provider is trusted. */
  readonly routesTo: (clusters: readonly string[], judgesTokens: boolean) => EnvoyJson;
}

function quirkBits(names: readonly (keyof typeof QUIRKS)[]): number {
  return names.reduce((bits, name) => bits | Quirk[name.toUpperCase() as keyof typeof Quirk], 0);
}

/** Targets of which it must be known how quick they are. */
function trackedTargets(routes: readonly ModelRoute[]): ReadonlySet<string> {
  const tiers = routes.flatMap((route) => [route, ...(route.rules ?? [])]).flatMap(tiersOf);
  const compared = tiers.filter(({ strategy }) => strategy === "lowest-latency");
  return new Set(compared.flatMap(({ targets }) => targets.map(({ target }) => target)));
}

export function compile({ revision, resources, routesCreated, settings }: CompileInput): Snapshot {
  const providers = new Map(resources.providers.map((provider) => [provider.id, provider]));
  const clusters = new Map(
    resources.providers.map((provider) => [provider.id, providerCluster(provider, settings.requestBodyBytesMax)]),
  );
  const tracked = trackedTargets(resources.modelRoutes);
  const targets = new Map<string, ResolvedTarget>();
  for (const target of resources.targets) {
    const provider = providers.get(target.provider);
    const cluster = clusters.get(target.provider);
    if (provider === undefined || cluster === undefined) continue;
    targets.set(target.id, {
      id: target.id,
      cluster: cluster.name,
      dialect: DIALECTS[provider.dialect].contract,
      authority: cluster.authority,
      basePath: cluster.basePath,
      model: target.model,
      defaultMaxTokens: target.defaultMaxTokens ?? 0,
      quirks: quirkBits(provider.quirks),
      query: provider.apiVersion === undefined ? "" : `api-version=${provider.apiVersion}`,
      provider: provider.id,
      effective: effectiveModel(target, provider),
      flags: tracked.has(target.id) || target.spill !== undefined ? TargetFlag.TRACKED : 0,
      timeToFirstTokenMsMax: target.spill?.timeToFirstTokenMs ?? 0,
      tokensPerSecondMin: target.spill?.tokensPerSecond ?? 0,
      kind: target.kind ?? "pay-as-you-go",
      expiresAt: target.expiresAt === undefined ? 0 : Math.floor(Date.parse(target.expiresAt) / 1000),
    });
  }
  const { requestBodyBytesMax, calloutTimeoutMs } = settings;
  const { modelRoutes } = resources;
  const places = [...clusters.values()].flatMap(({ endpoints }) => (endpoints === undefined ? [] : [endpoints]));
  return {
    revision,
    listener: listener(settings),
    clusters: [calloutCluster(settings), ...[...clusters.values()].map(({ cluster }) => cluster)],
    endpoints: places,
    filterConfig: encodeFilterConfig({
      revision,
      modelRoutes,
      routesCreated,
      targets,
      requestBodyBytesMax,
      calloutTimeoutMs,
      logsUsage: settings.usageLogFile !== undefined,
    }),
    routesTo: (names, judgesTokens) => routes(names, bodyBufferBytes(settings), judgesTokens),
  };
}

/** Kept apart from the snapshot, so that what is compiled, checked and compared never holds a credential. */
export function providerSecrets(input: CompileInput, secrets: ProviderSecrets): EnvoyJson[] {
  return input.resources.providers.flatMap((provider) => {
    const secret = providerSecret(provider, secrets.get(provider.id));
    return secret === undefined ? [] : [secret];
  });
}

/** The filters that sign, with their keys: kept apart likewise. */
export function signingExtensions({ resources, settings }: CompileInput, secrets: ProviderSecrets): EnvoyJson[] {
  return resources.providers.flatMap((provider) => {
    if (provider.aws === undefined) return [];
    const { name } = providerCluster(provider, settings.requestBodyBytesMax);
    return [signingExtension(name, provider.aws, secrets.get(provider.id))];
  });
}
