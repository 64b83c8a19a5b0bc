// One provider as an Envoy cluster: where it is, how to speak TLS to it, which credential it gets. The name carries a
// digest of all that, so a cluster never changes: a changed provider is a new cluster beside the old one.
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { ECDS_TARGET, TRANSLATED_REPLY_BYTES_MAX } from "../contract.js";
import { authStyle } from "../resources/dialect.js";
import type { Provider } from "../resources/provider.js";
import type { EnvoyJson } from "../xds/registry.js";
import { signingFilter } from "./aws-signing.js";
import {
  credentialHeaders,
  discoveredWasm,
  duration,
  type EnvoyValue,
  FROM_ADS,
  genericSecret,
  httpProtocolOptions,
  NO_CIRCUIT_BREAKERS,
  socketAddress,
  typed,
} from "./envoy-json.js";
import { refusePrivateAddresses } from "./private-addresses.js";

const CLUSTER_TYPE = "envoy.config.cluster.v3.Cluster";
const DIGEST_CHARACTERS = 8;
const SECRET_SYSTEM_AUTHORITIES = "sluice/system-authorities";
const BUFFER_SLACK_BYTES = 1024 * 1024;
/** Below what load balancers in front of providers allow (60 s and more), so that they never close first. */
const IDLE_CONNECTION_MS = 50_000;
/** Nothing listens on port 1: a connection is refused at once, which Envoy retries; a cluster without any healthy endpoint it does not. */
const REFUSING = { host: "127.0.0.1", port: 1 };

export interface ProviderCluster {
  readonly name: string;
  readonly cluster: EnvoyJson;
  /** Only for a provider at an IP address; names are resolved by the cluster itself. */
  readonly endpoints: EnvoyJson | undefined;
  readonly authority: string;
  readonly basePath: string;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

function addressOf(url: URL): Address {
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { host, port: url.port === "" ? (secure ? 443 : 80) : Number(url.port), secure };
}

function transportSocket({ host }: Address, provider: Provider): EnvoyValue {
  const byAddress = isIP(host) !== 0;
  const names = [{ san_type: byAddress ? "IP_ADDRESS" : "DNS", matcher: { exact: host } }];
  const authorities = provider.tls?.caCertificates;
  const validation: { [key: string]: EnvoyValue } =
    authorities === undefined
      ? {
          combined_validation_context: {
            default_validation_context: { match_typed_subject_alt_names: names },
            validation_context_sds_secret_config: { name: SECRET_SYSTEM_AUTHORITIES, sds_config: { ...FROM_ADS } },
          },
        }
      : {
          validation_context: {
            trusted_ca: { inline_string: authorities },
            match_typed_subject_alt_names: names,
          },
        };
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      ...(byAddress ? {} : { sni: host }),
      common_tls_context: {
        ...validation,
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        ...(byAddress ? {} : { alpn_protocols: ["h2", "http/1.1"] }),
      },
    }),
  };
}

function discovery(address: Address): { [key: string]: EnvoyValue } {
  if (isIP(address.host) !== 0) return { type: "EDS", eds_cluster_config: { eds_config: { ...FROM_ADS } } };
  return {
    cluster_type: {
      name: "envoy.clusters.dns",
      typed_config: typed("envoy.extensions.clusters.dns.v3.DnsCluster", {
        dns_lookup_family: "V4_PREFERRED",
        respect_dns_ttl: true,
      }),
    },
  };
}

function assignment(name: string, { host, port }: Address): { [key: string]: EnvoyValue } {
  const endpoint = { lb_endpoints: [{ endpoint: { address: socketAddress(host, port) } }] };
  const refusing = { endpoint: { address: socketAddress(REFUSING.host, REFUSING.port) } };
  return { cluster_name: name, endpoints: [endpoint, { lb_endpoints: [refusing], priority: 1 }] };
}

function protocolOptions(address: Address): { [key: string]: EnvoyValue } {
  const common = { common_http_protocol_options: { idle_timeout: duration(IDLE_CONNECTION_MS) } };
  if (address.secure && isIP(address.host) === 0) {
    return { ...common, auto_config: { http_protocol_options: {}, http2_protocol_options: {} } };
  }
  return { ...common, explicit_http_config: { http_protocol_options: {} } };
}

/** `pem`: what providers without authorities of their own are proven by. One secret for all clusters, as it is large. */
export function systemAuthoritiesSecret(pem: string): EnvoyJson {
  return typed("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name: SECRET_SYSTEM_AUTHORITIES,
    validation_context: { trusted_ca: { inline_string: pem } },
  });
}

export function secretNameOf(providerId: string): string {
  return `provider/${providerId}`;
}

/**
 * The whole value of the header, so that a provider without a credential gets no header at all. Undefined for a provider
 * that takes none: its cluster has no use for a secret, and Envoy would never ask for it.
 */
export function providerSecret(provider: Provider, credential: string | undefined): EnvoyJson | undefined {
  const style = authStyle(provider);
  if (style === undefined) return undefined;
  return genericSecret(secretNameOf(provider.id), credential === undefined ? "" : `${style.prefix}${credential}`);
}

export function providerCluster(provider: Provider, requestBodyBytesMax: number): ProviderCluster {
  const url = new URL(provider.baseUrl);
  const address = addressOf(url);
  const style = authStyle(provider);
  const byAddress = isIP(address.host) !== 0;
  const body: { [key: string]: EnvoyValue } = {
    ...discovery(address),
    connect_timeout: duration(provider.connectTimeoutMs),
    // Held replies and translated requests have to fit.
    per_connection_buffer_limit_bytes:
      Math.max(requestBodyBytesMax * 2, TRANSLATED_REPLY_BYTES_MAX) + BUFFER_SLACK_BYTES,
    circuit_breakers: NO_CIRCUIT_BREAKERS,
    // With 0 a cluster all of whose endpoints are ejected, the refusing one too, would answer 503 without a retry. From
    // 1 % on they are all tried: what is back again serves, what is not refuses.
    common_lb_config: { healthy_panic_threshold: { value: 1 } },
    // Out for a few seconds when connections fail, time out or are reset in a row. Statuses do not count: Envoy sees the
    // ones that the filter gives (a credential that was rejected is a 502), and a busy provider is left at each 503 anyway.
    outlier_detection: {
      split_external_local_origin_errors: true,
      enforcing_consecutive_5xx: 0,
      enforcing_consecutive_gateway_failure: 0,
      consecutive_local_origin_failure: 5,
      enforcing_consecutive_local_origin_failure: 100,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: "1s",
      base_ejection_time: "5s",
      max_ejection_time: "60s",
      max_ejection_percent: 100,
    },
    ...(address.secure ? { transport_socket: transportSocket(address, provider) } : {}),
  };
  const filters: EnvoyValue[] = [
    discoveredWasm(ECDS_TARGET),
    // A literal address was judged when the document was stored.
    ...(byAddress || provider.allowPrivateAddress ? [] : [refusePrivateAddresses(REFUSING)]),
    credentialHeaders(style && { header: style.header, secretName: secretNameOf(provider.id) }),
  ];
  const { aws } = provider;
  const digest = createHash("sha256")
    .update(JSON.stringify([body, filters, address, ...(aws === undefined ? [] : [aws])]))
    .digest("hex")
    .slice(0, DIGEST_CHARACTERS);
  const name = `${provider.id}~${digest}`;
  const signed = aws === undefined ? filters : [...filters, signingFilter(name)];
  const options = httpProtocolOptions(protocolOptions(address), signed);
  const places = assignment(name, address);
  return {
    name,
    cluster: typed(CLUSTER_TYPE, {
      name,
      ...body,
      typed_extension_protocol_options: options,
      ...(byAddress ? {} : { load_assignment: places }),
    }),
    endpoints: byAddress ? typed("envoy.config.endpoint.v3.ClusterLoadAssignment", places) : undefined,
    authority: url.host,
    basePath: url.pathname.replace(/\/+$/, ""),
  };
}
