/** Hosts that no function outside of a network reaches, or that are the machine itself. */
import { BlockList, isIP } from 'node:net';

/** Loopback, link-local, private, shared, this network (RFC 6890), and their IPv6 kin (RFC 4193, 4291). */
const ranges = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  ranges.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  ranges.addSubnet(network, prefix, 'ipv6');
}

/** @param hostname of a parsed URL, which writes every IPv4 address in four decimal parts, and IPv6 in brackets */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  switch (isIP(host)) {
    case 4:
      return ranges.check(host, 'ipv4');
    case 6:
      // A mapped IPv4 address is checked as that (net.BlockList).
      return ranges.check(host, 'ipv6');
    default:
      return !host.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(host);
  }
}
