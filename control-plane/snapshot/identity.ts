// Tokens of identity providers, judged by Envoy's own filter before ours runs. What it proved goes into filter state, which
// no client can write: a header would have to be stripped from every request, also while the judging filter has no
// configuration yet. Both filters are always in the chain and come by ECDS, so that the listener never changes; the route
// switches them on.
import { ECDS_JWT, ECDS_JWT_SUBJECT, FILTER_STATE_JWT_ISSUER, FILTER_STATE_JWT_SUBJECT } from "../contract.js";
import type { TrustedIssuer } from "../ports.js";
import type { EnvoyJson } from "../xds/registry.js";
import { discoveredFilter, type EnvoyValue, typed } from "./envoy-json.js";

const JWT_TYPE = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const FILTER_STATE_TYPE = "envoy.extensions.filters.http.set_filter_state.v3.Config";
/** Where Envoy's filter leaves the payload of a token that it accepted, under the identity provider's id. */
const METADATA = "envoy.filters.http.jwt_authn";
/** Proving a signature costs some 50 µs; a token comes with every request of its holder. */
const PROVEN_TOKENS_KEPT = 1_000;

/** In the listener's chain, in front of the gateway root. Off, but for routes that say otherwise. */
export function identityFilters(): EnvoyValue[] {
  const filters = [discoveredFilter(ECDS_JWT, [JWT_TYPE]), discoveredFilter(ECDS_JWT_SUBJECT, [FILTER_STATE_TYPE])];
  return filters.map((filter) => ({ ...filter, disabled: true }));
}

/** Of a virtual host, by the filter's name: two filters that have nothing to judge would cost every request some 3 %. */
export function identityOverrides(judgesTokens: boolean): { [key: string]: EnvoyValue } {
  if (!judgesTokens) return {};
  const on = { ...typed("envoy.config.route.v3.FilterConfig"), config: {} };
  return { typed_per_filter_config: { [ECDS_JWT]: on, [ECDS_JWT_SUBJECT]: on } };
}

export function identityExtensions(issuers: readonly TrustedIssuer[]): EnvoyJson[] {
  return [extension(ECDS_JWT, tokenJudge(issuers)), extension(ECDS_JWT_SUBJECT, subjectWriter(issuers))];
}

function extension(name: string, config: EnvoyJson): EnvoyJson {
  return typed("envoy.config.core.v3.TypedExtensionConfig", { name, typed_config: config });
}

function tokenJudge(issuers: readonly TrustedIssuer[]): EnvoyJson {
  if (issuers.length === 0) return typed(JWT_TYPE);
  const names = issuers.map(({ id }) => ({ provider_name: id }));
  // Whoever has no token, or a bad one, is the gateway root's to refuse, in the client's own shape: it may be an API key.
  const requirements = [...names, { allow_missing_or_failed: {} }];
  return typed(JWT_TYPE, {
    providers: Object.fromEntries(issuers.map((issuer) => [issuer.id, tokenProvider(issuer)])),
    rules: [{ match: { prefix: "/" }, requires: { requires_any: { requirements } } }],
  });
}

function tokenProvider({ id, issuer, audiences, clockSkewSeconds, keys }: TrustedIssuer): EnvoyValue {
  return {
    issuer,
    audiences,
    require_expiration: true,
    clock_skew_seconds: clockSkewSeconds,
    // Named, because Envoy would else look into the query as well.
    from_headers: [{ name: "authorization", value_prefix: "Bearer " }],
    // The gateway root has to see that there was one; the target root takes it off.
    forward: true,
    payload_in_metadata: id,
    jwt_cache_config: { jwt_cache_size: PROVEN_TOKENS_KEPT },
    // Never fetched by Envoy: what it fetches for itself no filter can keep from a private address.
    local_jwks: { inline_string: JSON.stringify(keys) },
  };
}

function subjectWriter(issuers: readonly TrustedIssuer[]): EnvoyJson {
  const values = issuers.flatMap(({ id, subjectClaim }) => [
    claimAs(FILTER_STATE_JWT_ISSUER, id, "iss"),
    claimAs(FILTER_STATE_JWT_SUBJECT, id, subjectClaim),
  ]);
  return typed(FILTER_STATE_TYPE, values.length === 0 ? {} : { on_request_headers: values });
}

/** At most one provider has accepted the token: the others' claims are not there, and write nothing. */
function claimAs(key: string, providerId: string, claim: string): EnvoyValue {
  const path = [METADATA, providerId, ...claim.split(".")].join(":");
  return {
    object_key: key,
    factory_key: "envoy.string",
    format_string: { text_format_source: { inline_string: `%DYNAMIC_METADATA(${path})%` }, omit_empty_values: true },
    skip_if_empty: true,
  };
}
