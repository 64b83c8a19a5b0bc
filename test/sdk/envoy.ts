// A real Envoy with one listener per plugin root of a wasm file, in front of one upstream. Static configuration only.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Cluster {
  name: string;
  /** None: a cluster without endpoints. */
  port?: number;
}

export interface EnvoyOptions {
  wasm: string;
  /** Plugin root → its configuration. */
  roots: Record<string, string>;
  upstreamPort: number;
  clusters?: Cluster[];
}

const WASM_TYPE = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const ROUTER_TYPE = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
const HCM_TYPE =
  "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const STRING_TYPE = "type.googleapis.com/google.protobuf.StringValue";
const anyPort = { socket_address: { address: "127.0.0.1", port_value: 0 } };

function wasmFilter(root: string, configuration: string, wasm: string): object {
  return {
    name: `wasm-${root}`,
    typed_config: {
      "@type": WASM_TYPE,
      config: {
        name: root,
        root_id: root,
        allow_on_headers_stop_iteration: true,
        configuration: { "@type": STRING_TYPE, value: configuration },
        vm_config: { vm_id: "sdk", runtime: "envoy.wasm.runtime.v8", code: { local: { filename: wasm } } },
      },
    },
  };
}

function listener(root: string, configuration: string, wasm: string): object {
  const routes = [{ match: { prefix: "/" }, route: { cluster: "upstream" } }];
  const manager = {
    "@type": HCM_TYPE,
    stat_prefix: root,
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
    http_filters: [
      wasmFilter(root, configuration, wasm),
      { name: "envoy.filters.http.router", typed_config: { "@type": ROUTER_TYPE } },
    ],
  };
  return { name: root, address: anyPort, filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] };
}

function cluster({ name, port }: Cluster): object {
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  const endpoints = port === undefined ? [] : [{ lb_endpoints: [{ endpoint: { address } }] }];
  return { name, load_assignment: { cluster_name: name, endpoints } };
}

export class Envoy {
  private output = "";
  private readonly ports = new Map<string, number>();

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    process.stdout?.on("data", collect);
    process.stderr?.on("data", collect);
  }

  static async start({ wasm, roots, upstreamPort, clusters = [] }: EnvoyOptions): Promise<Envoy> {
    const folder = await mkdtemp(join(tmpdir(), "sdk-envoy-"));
    const configuration = {
      admin: { address: anyPort },
      static_resources: {
        listeners: Object.entries(roots).map(([root, value]) => listener(root, value, wasm)),
        clusters: [{ name: "upstream", port: upstreamPort }, ...clusters].map(cluster),
      },
    };
    await writeFile(join(folder, "envoy.json"), JSON.stringify(configuration));
    const files = ["-c", join(folder, "envoy.json"), "--admin-address-path", join(folder, "admin")];
    const flags = ["--concurrency", "1", "--use-dynamic-base-id", "-l", "warning", "--log-format", "%v"];
    const binary = process.env.ENVOY_BIN ?? "envoy";
    const envoy = new Envoy(spawn(binary, [...files, ...flags], { stdio: ["ignore", "pipe", "pipe"] }), folder);
    try {
      await envoy.ready();
    } catch (error) {
      await envoy.stop();
      throw error;
    }
    return envoy;
  }

  /** The base address of a root's listener. */
  url(root: string): string {
    return `http://127.0.0.1:${this.ports.get(root)}`;
  }

  /** What `say` logged so far, in order. */
  get said(): string[] {
    return [...this.output.matchAll(/: probe: (.*)$/gm)].map((match) => match[1] ?? "");
  }

  async stat(name: string): Promise<string | undefined> {
    const text = await (await fetch(`${await this.admin()}/stats?filter=${name}`)).text();
    return text.split("\n").find((line) => line.includes(name));
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.pid !== undefined) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async admin(): Promise<string> {
    return `http://${(await readFile(join(this.folder, "admin"), "utf8")).trim()}`;
  }

  private async ready(): Promise<void> {
    let failure: Error | undefined;
    this.process.once("error", (error) => {
      failure = new Error(`cannot run Envoy: set ENVOY_BIN to an Envoy 1.40 (${error.message})`);
    });
    for (;;) {
      if (failure !== undefined) throw failure;
      if (this.process.exitCode !== null) throw new Error(`Envoy ended:\n${this.output}`);
      if (await this.live()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async live(): Promise<boolean> {
    try {
      const admin = await this.admin();
      if (!(await fetch(`${admin}/ready`)).ok) return false;
      const answer = (await (await fetch(`${admin}/listeners?format=json`)).json()) as {
        listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
      };
      for (const status of answer.listener_statuses) {
        this.ports.set(status.name, status.local_address.socket_address.port_value);
      }
      return this.ports.size > 0;
    } catch {
      return false; // not listening yet; `ready` watches the process itself
    }
  }
}
