// The yardstick: the same Envoy with the router alone. What Sluice's listener sets on the connection manager and the router
// is set here too, so that the difference is Sluice and nothing else; no filter, no retries, no discovery.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start, temporaryFolder, waitFor } from "./processes.mjs";

const BUFFER_BYTES_MAX = 32 * 1024 * 1024;
const UNLIMITED = 1_000_000_000;
const type = (name) => `type.googleapis.com/envoy.${name}`;
const address = (port) => ({ socket_address: { address: "127.0.0.1", port_value: port } });

function bootstrap(upstreamPort) {
  const route = { match: { prefix: "/" }, route: { cluster: "upstream", timeout: "0s" } };
  const connectionManager = {
    "@type": type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "plain",
    use_remote_address: true,
    skip_xff_append: true,
    normalize_path: true,
    server_header_transformation: "PASS_THROUGH",
    request_headers_timeout: "10s",
    request_timeout: "300s",
    route_config: { name: "plain", virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": type("extensions.filters.http.router.v3.Router"), suppress_envoy_headers: true },
      },
    ],
  };
  const limits = {
    max_connections: UNLIMITED,
    max_pending_requests: UNLIMITED,
    max_requests: UNLIMITED,
    max_retries: UNLIMITED,
  };
  return {
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: "plain",
          address: address(0),
          per_connection_buffer_limit_bytes: BUFFER_BYTES_MAX,
          filter_chains: [
            {
              filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: connectionManager }],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "upstream",
          type: "STATIC",
          connect_timeout: "2s",
          per_connection_buffer_limit_bytes: BUFFER_BYTES_MAX,
          circuit_breakers: { thresholds: [limits] },
          load_assignment: {
            cluster_name: "upstream",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }],
          },
        },
      ],
    },
  };
}

/** @returns {Promise<{name: string, pid: number, url: string, headers: string[]}>} a target of the benchmark */
export async function startPlainEnvoy(envoyBin, upstreamPort) {
  const folder = temporaryFolder();
  const file = join(folder, "envoy.json");
  const adminFile = join(folder, "admin");
  writeFileSync(file, JSON.stringify(bootstrap(upstreamPort)));
  const args = ["-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"];
  const child = start("gateway", envoyBin, [...args, "--admin-address-path", adminFile]);
  const port = await waitFor(child, "plain Envoy", async () => {
    const admin = readFileSync(adminFile, "utf8").trim();
    const listeners = await (await fetch(`http://${admin}/listeners?format=json`)).json();
    return listeners.listener_statuses[0].local_address.socket_address.port_value;
  });
  return {
    name: "plain",
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    headers: ["authorization: Bearer sk-bench"],
  };
}
