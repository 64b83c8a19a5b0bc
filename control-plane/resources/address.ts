// What counts as this machine or a private network: addresses and reserved names. It resolves nothing; whoever connects
// asks again with the address that a name resolved to.
import { BlockList, isIP } from "node:net";

interface Network {
  readonly prefix: string;
  readonly bits: number;
}

const network = (prefix: string, bits: number): Network => ({ prefix, bits });

export const PRIVATE_NETWORKS = {
  ipv4: [
    network("0.0.0.0", 8),
    network("10.0.0.0", 8),
    network("100.64.0.0", 10), // shared address space of carriers
    network("127.0.0.0", 8),
    network("169.254.0.0", 16), // link-local, with the metadata services of clouds
    network("172.16.0.0", 12),
    network("192.0.0.0", 24),
    network("192.168.0.0", 16),
    network("198.18.0.0", 15), // benchmark networks
    network("224.0.0.0", 3), // multicast and reserved
  ],
  ipv6: [
    network("::", 128),
    network("::1", 128),
    network("64:ff9b::", 96), // NAT64: an IPv4 address in disguise
    network("64:ff9b:1::", 48),
    network("2002::", 16), // 6to4: likewise
    network("fc00::", 7),
    network("fe80::", 10),
    network("fec0::", 10),
    network("ff00::", 8),
  ],
} as const;

const privateAddresses = new BlockList();
for (const family of ["ipv4", "ipv6"] as const) {
  for (const { prefix, bits } of PRIVATE_NETWORKS[family]) privateAddresses.addSubnet(prefix, bits, family);
}

/** An IPv4 or IPv6 address without brackets; IPv4 mapped into IPv6 counts as what it stands for. */
export function isPrivateAddress(address: string): boolean {
  return privateAddresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** `hostname` as `URL` gives it: lower case, IPv6 in brackets, numeric forms of IPv4 already made dotted. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(host) !== 0) return isPrivateAddress(host);
  return host === "localhost" || host.endsWith(".localhost");
}
