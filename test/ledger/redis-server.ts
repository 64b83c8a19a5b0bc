// Real Redis servers for tests: on ports of loopback that the system gives, in directories of their own, ended by their
// process ids. A test needs `redis-server`; without it, it fails and says how to get it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";

const START_MS_MAX = 20_000;
const SLOTS = 16_384;

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Sends one command and gives back its reply. */
  command(...words: string[]): Promise<unknown>;
  /** Ends the process; its data directory stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and directory. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  while (!/Ready to accept connections/.test(output())) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`redis-server did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

async function run(port: number, directory: string, settings: readonly string[]): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", ...settings];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", () => reject(new Error("redis-server is missing: run `apt-get install redis-server`")));
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk));
  await Promise.race([untilReady(child, () => output), failed]);
  return child;
}

/** `settings` are those of redis.conf: "--maxmemory", "2mb". `password` is that of its default user. */
export async function startRedis(settings: readonly string[] = [], password = ""): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-redis-"));
  const port = await freePort();
  const all = password === "" ? settings : [...settings, "--requirepass", password];
  let child = await run(port, directory, all);
  const url = `redis://${password === "" ? "" : `:${password}@`}127.0.0.1:${port}`;
  return {
    url,
    port,
    command: async (...words) => {
      const client = await createClient({ url, RESP: 2 }).connect();
      try {
        return await client.sendCommand(words);
      } finally {
        client.destroy();
      }
    },
    kill: () => ended(child),
    start: async () => {
      child = await run(port, directory, all);
    },
    stop: async () => {
      await ended(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Three masters that share the slots. */
export async function startCluster(password = ""): Promise<readonly RedisServer[]> {
  const servers: RedisServer[] = [];
  for (let number = 0; number < 3; number++) {
    const bus = String(await freePort());
    const settings = ["--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000"];
    servers.push(await startRedis(settings, password));
  }
  const [first] = servers;
  for (const [index, server] of servers.entries()) {
    const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / servers.length));
    await server.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    await server.command("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? SLOTS) - 1));
  }
  const buses = await Promise.all(servers.map((server) => server.command("CONFIG", "GET", "cluster-port")));
  for (const [index, server] of servers.entries()) {
    const bus = (buses[index] as string[])[1] ?? "";
    if (index > 0) await first?.command("CLUSTER", "MEET", "127.0.0.1", String(server.port), bus);
  }
  for (const server of servers) {
    while (!/cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await server.command("CLUSTER", "INFO")))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return servers;
}
