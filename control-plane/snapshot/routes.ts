// The route: it sends a request to the cluster that filter state names, and reads that name again for every retry.
// The target root alone decides a retry of a reply (`x-sluice-retry`); Envoy adds what happened before any reply.
import { FILTER_STATE_TARGET, HEADER_RETRY, ROUTE_CONFIGURATION, ROUTE_PER_TRY_TIMEOUT_MS } from "../contract.js";
import type { EnvoyJson } from "../xds/registry.js";
import { duration, type EnvoyValue, typed } from "./envoy-json.js";
import { identityOverrides } from "./identity.js";

export const ROUTE_ANTHROPIC = "anthropic";
export const ROUTE_GEMINI = "gemini";
const ROUTE_OPENAI = "openai";

/** Paths of the Gemini API alone, Vertex AI's among them (filter/gateway/gemini-path.ts). */
const GEMINI_PATHS = "/v1(beta1?/.*|/(projects|publishers)/.*|/models/.*:[a-zA-Z]+)";

const SPECIFIER = "sluice.target";
const SPECIFIERS = "envoy.extensions.router.cluster_specifiers.matcher.v3";

const RETRY_POLICY: EnvoyValue = {
  // Nothing here may repeat a request that a provider has begun to work on; with a further target in the plan the
  // gateway root adds `reset`.
  retry_on: "retriable-headers,connect-failure,refused-stream,reset-before-request",
  retriable_headers: [{ name: HEADER_RETRY, present_match: true }],
  num_retries: 1,
  per_try_timeout: duration(ROUTE_PER_TRY_TIMEOUT_MS),
  retry_back_off: { base_interval: "0.001s", max_interval: "0.005s" },
  refresh_cluster_on_retry: true,
};

function clusterMatcher(clusters: readonly string[]): EnvoyValue {
  const action = (cluster: string) => ({
    action: { name: "cluster", typed_config: typed(`${SPECIFIERS}.ClusterAction`, { cluster }) },
  });
  const map = Object.fromEntries(clusters.map((cluster) => [cluster, action(cluster)]));
  // An exact_match_map must not be empty; without a provider no name ever matches this one.
  return {
    matcher_tree: {
      input: {
        name: "target",
        typed_config: typed("envoy.extensions.matching.common_inputs.network.v3.FilterStateInput", {
          key: FILTER_STATE_TARGET,
        }),
      },
      exact_match_map: { map: clusters.length > 0 ? map : { "-": action("-") } },
    },
  };
}

function route(name: string, match: EnvoyValue, bodyBufferBytes: number): EnvoyValue {
  return {
    name,
    match,
    request_headers_to_remove: ["x-forwarded-proto"],
    request_body_buffer_limit: bodyBufferBytes,
    route: { timeout: "0s", retry_policy: RETRY_POLICY, cluster_specifier_plugin: SPECIFIER },
  };
}

/** Routes that do the same: the name of the one taken tells Envoy's own replies which protocol the client speaks. */
export function routes(clusters: readonly string[], bodyBufferBytes: number, judgesTokens: boolean): EnvoyJson {
  return typed("envoy.config.route.v3.RouteConfiguration", {
    name: ROUTE_CONFIGURATION,
    // A mark that Envoy could not follow.
    response_headers_to_remove: [HEADER_RETRY],
    cluster_specifier_plugins: [
      {
        extension: {
          name: SPECIFIER,
          typed_config: typed(`${SPECIFIERS}.MatcherClusterSpecifier`, { cluster_matcher: clusterMatcher(clusters) }),
        },
      },
    ],
    virtual_hosts: [
      {
        name: "all",
        domains: ["*"],
        ...identityOverrides(judgesTokens),
        routes: [
          // Most requests end here, before any expression is matched.
          route(ROUTE_OPENAI, { prefix: "/v1/chat/" }, bodyBufferBytes),
          route(ROUTE_ANTHROPIC, { prefix: "/v1/messages" }, bodyBufferBytes),
          route(ROUTE_GEMINI, { safe_regex: { regex: GEMINI_PATHS } }, bodyBufferBytes),
          route(ROUTE_OPENAI, { prefix: "/" }, bodyBufferBytes),
        ],
      },
    ],
  });
}
