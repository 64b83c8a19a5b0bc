// Requests at random times over connections whose Envoy is known: which of two processes that listen on one port the kernel gave a
// connection to is read from /proc, so that both get the same load.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import http from "node:http";
import net from "node:net";

const OPEN_AT_ONCE = 64;

/** A socket's inode by the client's port, of those that the gateway's port has accepted. */
function acceptedInodes(gatewayPort) {
  const hexPort = gatewayPort.toString(16).toUpperCase().padStart(4, "0");
  const lines = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const rows = lines.map((line) => line.trim().split(/\s+/));
  return new Map(
    rows
      .filter(([, local]) => local.endsWith(`:${hexPort}`))
      .map((row) => [Number.parseInt(row[2].split(":")[1], 16), row[9]]),
  );
}

function inodesOf(pid) {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed in between
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

function connect(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
    socket.setNoDelay(true);
  });
}

/** Agents of so many open connections each, one for every Envoy. */
export async function agentsOf(gatewayPort, pids, connections) {
  const sockets = [];
  while (sockets.length < pids.length * connections * 1.3) {
    sockets.push(...(await Promise.all(Array.from({ length: OPEN_AT_ONCE }, () => connect(gatewayPort)))));
  }
  const inodes = acceptedInodes(gatewayPort);
  return pids.map((pid) => {
    const own = inodesOf(pid);
    const mine = sockets.filter(({ localPort }) => own.has(inodes.get(localPort) ?? ""));
    if (mine.length < connections) throw new Error(`an Envoy got ${mine.length} of ${sockets.length} connections`);
    for (const surplus of mine.splice(connections)) surplus.destroy();
    const agent = new http.Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });
    agent.createConnection = () => {
      const socket = mine.pop();
      if (socket === undefined) throw new Error("more requests at once than connections");
      return socket;
    };
    return agent;
  });
}

/** Resolves with the status, 0 when the connection broke, and how long it took. */
export function ask(agent, gatewayPort, key, body) {
  const begin = performance.now();
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const settle = (status, retryAfter) => resolve({ status, retryAfter, ms: performance.now() - begin });
    const options = {
      agent,
      host: "127.0.0.1",
      port: gatewayPort,
      method: "POST",
      path: "/v1/chat/completions",
      headers,
    };
    const request = http.request(options, (response) => {
      response.resume();
      response.once("end", () => settle(response.statusCode, response.headers["retry-after"]));
      response.once("error", () => settle(0));
    });
    request.once("error", () => settle(0));
    request.end(body);
  });
}

/** Even in the long run, random in the short. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Calls `send(n)` at random times, `rate` a second on average, until `until` (performance.now()). Resolves when all are sent. */
export function poisson(rate, until, random, send) {
  return new Promise((resolve) => {
    let due = performance.now();
    let count = 0;
    const step = () => {
      const now = performance.now();
      for (; due <= now && due < until; due += (-Math.log(1 - random()) * 1_000) / rate) send(count++);
      if (due >= until) resolve(count);
      else setTimeout(step, 1);
    };
    step();
  });
}
