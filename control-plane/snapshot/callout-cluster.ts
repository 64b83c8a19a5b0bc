// Where the filter asks the control plane. Its bearer token is put on by Envoy, from SDS.
import { CALLOUT_CLUSTER, SECRET_CALLOUT_TOKEN } from "../contract.js";
import type { CompileSettings, MutualTlsFiles } from "../ports.js";
import type { EnvoyJson } from "../xds/registry.js";
import {
  credentialHeaders,
  discoveryOf,
  type EnvoyValue,
  genericSecret,
  httpProtocolOptions,
  NO_CIRCUIT_BREAKERS,
  pathOrSocket,
  typed,
} from "./envoy-json.js";

/** mTLS by files that lie at the same paths on Envoy's machine; both sides present certificates of one authority. */
export function mutualTls({ certificateFile, keyFile, clientCaFile }: MutualTlsFiles): EnvoyValue {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      common_tls_context: {
        tls_certificates: [{ certificate_chain: { filename: certificateFile }, private_key: { filename: keyFile } }],
        validation_context: { trusted_ca: { filename: clientCaFile } },
      },
    }),
  };
}

export function calloutSecret(token: string): EnvoyJson {
  return genericSecret(SECRET_CALLOUT_TOKEN, `Bearer ${token}`);
}

export function calloutCluster({ callout, calloutTls }: CompileSettings): EnvoyJson {
  const address = pathOrSocket(callout);
  return typed("envoy.config.cluster.v3.Cluster", {
    name: CALLOUT_CLUSTER,
    type: discoveryOf(callout),
    dns_lookup_family: "V4_PREFERRED",
    connect_timeout: "1s",
    circuit_breakers: NO_CIRCUIT_BREAKERS,
    load_assignment: { cluster_name: CALLOUT_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...(calloutTls === undefined ? {} : { transport_socket: mutualTls(calloutTls) }),
    typed_extension_protocol_options: httpProtocolOptions({ explicit_http_config: { http_protocol_options: {} } }, [
      credentialHeaders({ header: "authorization", secretName: SECRET_CALLOUT_TOKEN }),
    ]),
  });
}
