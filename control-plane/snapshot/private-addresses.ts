// Keeps Envoy from sending a request to a private address that a public name resolves to. Envoy asks this filter when it
// has chosen the host and before it connects, so that no later change of the name can get past it.
import { PRIVATE_NETWORKS } from "../resources/address.js";
import { type EnvoyValue, typed } from "./envoy-json.js";

interface Refusing {
  readonly host: string;
  readonly port: number;
}

/** Stands in the details of the reply that Envoy makes for a refused request. */
export const POLICY_PRIVATE_ADDRESS = "private-address";

const MATCHER = "envoy.rbac.matchers.upstream_ip_port";

function upstreamIs(prefix: string, bits: number, port?: number): EnvoyValue {
  const typed_config = typed("envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher", {
    upstream_ip: { address_prefix: prefix, prefix_len: bits },
    ...(port === undefined ? {} : { upstream_port_range: { start: port, end: port + 1 } }),
  });
  return { matcher: { name: MATCHER, typed_config } };
}

/** `exempt`: the endpoint that stands for "no address", where nothing listens. */
export function refusePrivateAddresses(exempt: Refusing): EnvoyValue {
  const networks = [...PRIVATE_NETWORKS.ipv4, ...PRIVATE_NETWORKS.ipv6];
  const mapped = upstreamIs("::ffff:0:0", 96);
  const anyPrivate = { or_rules: { rules: [...networks.map(({ prefix, bits }) => upstreamIs(prefix, bits)), mapped] } };
  const notExempt = { not_rule: upstreamIs(exempt.host, 32, exempt.port) };
  return {
    name: "envoy.filters.http.upstream_rbac",
    typed_config: typed("envoy.extensions.filters.http.rbac.v3.RBAC", {
      rules: {
        action: "DENY",
        policies: {
          [POLICY_PRIVATE_ADDRESS]: {
            permissions: [{ and_rules: { rules: [anyPrivate, notExempt] } }],
            principals: [{ any: true }],
          },
        },
      },
    }),
  };
}
