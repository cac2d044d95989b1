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

/** The metadata services of a machine, a task or a pod, by IPv4 and by IPv6 (Amazon EC2 user guide, IMDS). */
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');
linkLocal.addSubnet('fd00:ec2::', 32, 'ipv6');
// NAT64 (RFC 6052): the same IPv4 addresses, through a gateway.
linkLocal.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6');

/** The machine itself; Linux leads 0.0.0.0 there, too. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('0.0.0.0', 8, 'ipv4');
loopback.addSubnet('::', 127, 'ipv6');

const isIn = (list: BlockList, hostname: string): boolean => {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
};

/** @param host an address, or the hostname of a parsed URL; a name is none */
export const isLinkLocal = (host: string): boolean => isIn(linkLocal, host);

/** @param host an address, or the hostname of a parsed URL */
export const isLoopback = (host: string): boolean =>
  isIn(loopback, host) || /(^|\.)localhost\.?$/i.test(host);
