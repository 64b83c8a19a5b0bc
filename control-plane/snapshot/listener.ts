// The one listener. It never changes while Envoy runs, whatever the resources are: a changed filter chain cuts long streams.
import {
  ECDS_GATEWAY,
  FILTER_STATE_USAGE,
  LISTENER,
  ROUTE_CONFIGURATION,
  TRANSLATED_REPLY_BYTES_MAX,
} from "../contract.js";
import type { CompileSettings } from "../ports.js";
import type { EnvoyJson } from "../xds/registry.js";
import { discoveredWasm, type EnvoyValue, FROM_ADS, socketAddress, typed } from "./envoy-json.js";
import { identityFilters } from "./identity.js";
import { localReplyMappers } from "./local-replies.js";

const BUFFER_SLACK_BYTES = 1024 * 1024;
/** Above any per-try time-out: a model may think for long before its first token. */
const STREAM_IDLE_TIMEOUT = "3660s";

export function bodyBufferBytes(settings: CompileSettings): number {
  // Larger than what the filter allows, for bodies and for replies that it holds, so that its own refusal comes first.
  return Math.max(settings.requestBodyBytesMax, TRANSLATED_REPLY_BYTES_MAX) + BUFFER_SLACK_BYTES;
}

/** A line of JSON for each exchange that was accounted for, with one for each abandoned attempt in front of it. */
function usageLog(path: string): EnvoyValue {
  return {
    name: "envoy.access_loggers.file",
    filter: {
      extension_filter: {
        name: "envoy.access_loggers.extension_filters.cel",
        typed_config: typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", {
          expression: `'${FILTER_STATE_USAGE}' in filter_state`,
        }),
      },
    },
    typed_config: typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path,
      log_format: { text_format_source: { inline_string: `%FILTER_STATE(${FILTER_STATE_USAGE}:PLAIN)%\n` } },
    }),
  };
}

export function listener(settings: CompileSettings): EnvoyJson {
  const { host, port } = settings.gateway;
  const connectionManager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "sluice",
    codec_type: "AUTO",
    rds: { config_source: { ...FROM_ADS }, route_config_name: ROUTE_CONFIGURATION },
    use_remote_address: true,
    skip_xff_append: true,
    normalize_path: true,
    server_header_transformation: "PASS_THROUGH",
    stream_idle_timeout: STREAM_IDLE_TIMEOUT,
    request_headers_timeout: "10s",
    request_timeout: "300s",
    http2_protocol_options: { max_concurrent_streams: 1_000 },
    // The filter refuses them, in the client's own shape; Envoy would by itself answer with an empty 403.
    upgrade_configs: [{ upgrade_type: "websocket" }],
    ...(settings.usageLogFile === undefined ? {} : { access_log: [usageLog(settings.usageLogFile)] }),
    local_reply_config: { mappers: localReplyMappers() },
    http_filters: [
      ...identityFilters(),
      discoveredWasm(ECDS_GATEWAY),
      {
        name: "envoy.filters.http.router",
        typed_config: typed("envoy.extensions.filters.http.router.v3.Router", { suppress_envoy_headers: true }),
      },
    ],
  });
  return typed("envoy.config.listener.v3.Listener", {
    name: LISTENER,
    address: socketAddress(host, port),
    per_connection_buffer_limit_bytes: bodyBufferBytes(settings),
    filter_chains: [
      { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: connectionManager }] },
    ],
  });
}
