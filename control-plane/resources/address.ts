// Decides whether a provider's URL leads to this machine or a private network, by literal address and reserved name
// only. It resolves nothing: a public name that points inside is the resolver's and the firewall's matter.
import { BlockList, isIP } from "node:net";

const privateAddresses = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // shared address space of carriers
  ["127.0.0.0", 8],
  ["169.254.0.0", 16], // link-local, with the metadata services of clouds
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // benchmark networks
  ["224.0.0.0", 3], // multicast and reserved
] as const) {
  privateAddresses.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96], // NAT64: an IPv4 address in disguise
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  privateAddresses.addSubnet(network, bits, "ipv6");
}

/** `hostname` as `URL` gives it: lower case, IPv6 in brackets, numeric forms of IPv4 already made dotted. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const family = isIP(host);
  if (family === 4) return privateAddresses.check(host, "ipv4");
  if (family === 6) return privateAddresses.check(host, "ipv6");
  return host === "localhost" || host.endsWith(".localhost");
}
