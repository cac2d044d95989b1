/**
 * Names a database host may have. The function that logs in there holds a credential, so a host that
 * leads to the metadata services of the machine (link-local addresses) or smuggles a second part in
 * (path, user, port) is refused before it is deployed.
 */
import { isIP } from 'node:net';

const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** What is wrong with the host, or undefined. */
export function hostProblem(host: string, environment: string): string | undefined {
  if (/[/@:\s?#]/.test(host) && isIP(host) === 0) {
    return 'a host name alone, without scheme, user, port, path or spaces';
  }
  const loopback = host === 'localhost' || host.startsWith('127.') || host === '::1';
  if (loopback) {
    return environment === 'dev' ? undefined : 'a host the function can reach: loopback is for dev';
  }
  if (isIP(host) !== 0) {
    // TLS verify-full compares names; RDS certificates name no address.
    return 'a host name, not an IP address: the certificate is verified against the name';
  }
  if (host.length > 253 || !host.split('.').every((part) => label.test(part))) {
    return 'a DNS host name (labels of letters, digits and hyphens, 253 characters at most)';
  }
  // An all-numeric last label is an address in another spelling ("2852039166" is 169.254.169.254).
  if (/^(\d+|0x[0-9a-f]*)$/i.test(host.split('.').at(-1) ?? '')) {
    return 'a host name, not a number';
  }
  return undefined;
}
