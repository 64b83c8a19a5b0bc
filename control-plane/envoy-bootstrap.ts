// The bootstrap of an Envoy that knows nothing but its control plane: everything else comes over xDS. It holds the xDS
// token, so the file is for Envoy's eyes only.
import type { ListenAddress, MutualTlsFiles } from "./ports.js";
import { mutualTls } from "./snapshot/callout-cluster.js";
import { discoveryOf, pathOrSocket, socketAddress } from "./snapshot/envoy-json.js";

const DOWNSTREAM_CONNECTIONS_MAX = 50_000;
const XDS_CLUSTER = "sluice_xds";

/** Tags stand in the names of the filter's stats: `sluice.tokens_total;model=gpt-4o;target=azure-eu;tenant=acme;type=input`. */
const STATS_TAGS = ["model", "target", "tenant", "type", "status", "class"].map((name) => ({
  tag_name: name,
  regex: `^wasmcustom\\..*?(;${name}=([^;]*))`,
}));

export interface BootstrapSettings {
  readonly xds: ListenAddress;
  readonly tls: MutualTlsFiles | undefined;
  readonly envoyAdminPort: number;
}

function xdsCluster({ xds, tls }: BootstrapSettings): unknown {
  const address = pathOrSocket(xds);
  const type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    name: XDS_CLUSTER,
    type: discoveryOf(xds),
    dns_lookup_family: "V4_PREFERRED",
    connect_timeout: "1s",
    load_assignment: { cluster_name: XDS_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    typed_extension_protocol_options: {
      [type]: {
        "@type": `type.googleapis.com/${type}`,
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "10s", timeout: "3s" } },
        },
      },
    },
    ...(tls === undefined ? {} : { transport_socket: mutualTls(tls) }),
  };
}

/** Text of the file. Several Envoys may share it if each is started with its own `--service-node`. */
export function renderBootstrap(settings: BootstrapSettings, tokens: { readonly xds: string }): string {
  const fromAds = { ads: {}, resource_api_version: "V3" };
  const bootstrap = {
    node: { id: "envoy", cluster: "sluice" },
    admin: { address: socketAddress("127.0.0.1", settings.envoyAdminPort) },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: XDS_CLUSTER,
              // Without it Envoy waits up to 30 s before it asks a restarted control plane again.
              retry_policy: { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } },
            },
            initial_metadata: [{ key: "authorization", value: `Bearer ${tokens.xds}` }],
          },
        ],
      },
      cds_config: fromAds,
      lds_config: fromAds,
    },
    static_resources: { clusters: [xdsCluster(settings)] },
    stats_config: { stats_tags: STATS_TAGS },
    // Beyond it Envoy refuses connections instead of running out of files and memory.
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type":
              "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            max_active_downstream_connections: DOWNSTREAM_CONNECTIONS_MAX,
          },
        },
      ],
    },
  };
  return `${JSON.stringify(bootstrap, null, 2)}\n`;
}
