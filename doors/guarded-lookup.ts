/**
 * Names that a request of ours may lead to. What a name leads to is held against the private ranges at the moment of
 * the connection: a name that is looked up twice may answer differently the second time.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateHost } from '../domain/config/private-host.ts';

/** Addresses of private networks and of this machine; link-local ones are refused either way. */
export type PrivateAddresses = 'refused' | 'allowed';

/** The metadata services of the machine. */
const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe80:|fd00:ec2:)/i.test(address);

const isRefused = (address: string, privateAddresses: PrivateAddresses): boolean =>
  isLinkLocal(address) || (privateAddresses === 'refused' && isPrivateHost(address));

/** For `lookup` of a connection: an error with code `PRIVATE_ADDRESS` instead of an address that is refused. */
export function guardedLookup(privateAddresses: PrivateAddresses): LookupFunction {
  return (hostname, asked, done) => {
    resolve(hostname, { ...asked, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        done(error ?? notAllowed(), '');
      } else if (addresses.some(({ address }) => isRefused(address, privateAddresses))) {
        done(notAllowed(), '');
      } else if (asked.all) {
        done(null, addresses);
      } else {
        done(null, first.address, first.family);
      }
    });
  };
}

/**
 * An address in the URL itself is never looked up.
 * @param hostname of a parsed URL
 * @throws an error with code `PRIVATE_ADDRESS`
 */
export function assertAllowedAddress(hostname: string, privateAddresses: PrivateAddresses): void {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0 && isRefused(literal, privateAddresses)) throw notAllowed();
}

const notAllowed = (): Error =>
  Object.assign(new Error('its name leads to a private address'), { code: 'PRIVATE_ADDRESS' });

/** Codes of Node.js and OpenSSL (`ENOTFOUND`, `CERT_HAS_EXPIRED`): never their messages. */
export function connectionReason(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'TIMEOUT';
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'FAILED';
}
