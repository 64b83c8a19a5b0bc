// Text forms of the addresses that control ports listen on, and whether one of them can be reached from elsewhere.
import { BlockList, isIP } from "node:net";
import { StartError } from "./errors.js";
import type { ListenAddress, MutualTlsFiles } from "./ports.js";

/** Linux takes 108 bytes with the final zero. */
const UNIX_PATH_BYTES_MAX = 107;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === "localhost" : loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** Whether only processes of this machine can connect. */
export function isLocal(address: ListenAddress): boolean {
  return address.kind === "unix" || isLoopbackHost(address.host);
}

export function formatAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** What every control port does before it listens, whatever its settings went through. Throws StartError. */
export function requireTlsBeyondLoopback(name: string, address: ListenAddress, tls: MutualTlsFiles | undefined): void {
  if (tls !== undefined || isLocal(address)) return;
  throw new StartError(
    `The ${name} at ${formatAddress(address)} is beyond loopback, which needs mutual TLS. ` +
      "Set SLUICE_TLS_CERT_FILE, SLUICE_TLS_KEY_FILE and SLUICE_TLS_CLIENT_CA_FILE, or listen on 127.0.0.1 or a unix socket.",
  );
}

/** `unix:/absolute/path`, `host:port` or `[IPv6]:port`; undefined if `text` is neither. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    const valid = path.startsWith("/") && Buffer.byteLength(path) <= UNIX_PATH_BYTES_MAX;
    return valid ? { kind: "unix", path } : undefined;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65535)) return undefined;
  if (match?.[1] !== undefined && isIP(host) !== 6) return undefined;
  return { kind: "tcp", host, port };
}
