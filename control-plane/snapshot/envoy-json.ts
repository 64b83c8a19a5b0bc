// Small pieces of Envoy's documented JSON that several resources need.
import { isIP } from "node:net";
import type { ListenAddress } from "../ports.js";
import { CREDENTIAL_HEADERS } from "../resources/dialect.js";
import type { EnvoyJson } from "../xds/registry.js";

const PREFIX = "type.googleapis.com/";

export function typed(type: string, fields: Record<string, EnvoyValue> = {}): EnvoyJson {
  return { "@type": `${PREFIX}${type}`, ...fields };
}

export type EnvoyValue = string | number | boolean | null | EnvoyValue[] | { [key: string]: EnvoyValue };

/** "Ask the server that gave you this." */
export const FROM_ADS = { ads: {}, resource_api_version: "V3" } as const;

const WASM_TYPE = "envoy.extensions.filters.http.wasm.v3.Wasm";

/** An HTTP filter whose configuration comes by ECDS under this name, and is of one of these types. */
export function discoveredFilter(name: string, types: readonly string[]): { [key: string]: EnvoyValue } {
  const typeUrls = types.map((type) => `${PREFIX}${type}`);
  return { name, config_discovery: { config_source: { ...FROM_ADS }, type_urls: typeUrls } };
}

export function discoveredWasm(name: string): { [key: string]: EnvoyValue } {
  return discoveredFilter(name, [WASM_TYPE]);
}

export function wasmFilter(config: { [key: string]: EnvoyValue }): EnvoyJson {
  return typed(WASM_TYPE, { config });
}

export function duration(ms: number): string {
  return `${ms / 1000}s`;
}

export function socketAddress(host: string, port: number): { [key: string]: EnvoyValue } {
  return { socket_address: { address: host, port_value: port } };
}

export function pathOrSocket(address: ListenAddress): { [key: string]: EnvoyValue } {
  return address.kind === "unix" ? { pipe: { path: address.path } } : socketAddress(address.host, address.port);
}

/** How Envoy finds a control port: only a host name has to be resolved. */
export function discoveryOf(address: ListenAddress): "STATIC" | "STRICT_DNS" {
  return address.kind === "unix" || isIP(address.host) !== 0 ? "STATIC" : "STRICT_DNS";
}

/** HTTP settings of a cluster, with its own upstream filters; the codec, which must be last, is added here. */
export function httpProtocolOptions(
  fields: { [key: string]: EnvoyValue },
  filters: EnvoyValue[],
): { [key: string]: EnvoyValue } {
  const type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const codec = {
    name: "envoy.filters.http.upstream_codec",
    typed_config: typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"),
  };
  return { [type]: typed(type, { ...fields, http_filters: [...filters, codec] }) };
}

export interface SecretHeader {
  readonly header: string;
  /** Its whole value; an empty secret sets no header. */
  readonly secretName: string;
}

/**
 * Sets one header to a secret, or none, and takes off every other credential: all attempts of a request share its
 * headers, so the first provider's credential would else reach the second.
 */
export function credentialHeaders(secret: SecretHeader | undefined): EnvoyValue {
  const removed = CREDENTIAL_HEADERS.filter((name) => name !== secret?.header).map((remove) => ({ remove }));
  return {
    name: "envoy.filters.http.header_mutation",
    typed_config: typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", {
      mutations: secret === undefined ? { request_mutations: removed } : withSecret(removed, secret),
    }),
  };
}

function withSecret(removed: EnvoyValue[], { header, secretName }: SecretHeader): EnvoyValue {
  const append = {
    header: { key: header, value: `%SECRET(${secretName})%` },
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  };
  const formatter = typed("envoy.extensions.formatter.generic_secret.v3.GenericSecret", {
    secret_configs: { [secretName]: { name: secretName, sds_config: { ...FROM_ADS } } },
  });
  return {
    request_mutations: [...removed, { append }],
    formatters: [{ name: "envoy.formatter.generic_secret", typed_config: formatter }],
  };
}

export function genericSecret(name: string, value: string): EnvoyJson {
  return typed("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name,
    generic_secret: { secret: { inline_string: value } },
  });
}

/** Limits on concurrency are the filter's matter: Envoy's defaults fail a burst of retries. */
export const NO_CIRCUIT_BREAKERS: EnvoyValue = {
  thresholds: ["DEFAULT", "HIGH"].map((priority) => ({
    priority,
    max_connections: 1_000_000,
    max_pending_requests: 1_000_000,
    max_requests: 1_000_000,
    max_retries: 1_000_000,
  })),
};
