/**
 * Names that a request of ours may lead to. What a name leads to is held against the private ranges at the moment of
 * the connection: a name that is looked up twice may answer differently the second time.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isLinkLocal, isPrivateHost } from '../domain/config/private-host.ts';

/** Addresses of private networks and of this machine; link-local ones are refused either way. */
export type PrivateAddresses = 'refused' | 'allowed';

/** Or a test of its own, by address; link-local ones are refused either way. */
export type AllowedAddresses = PrivateAddresses | ((address: string) => boolean);

const isRefused = (address: string, allowed: AllowedAddresses): boolean => {
  if (isLinkLocal(address)) return true;
  return typeof allowed === 'function'
    ? !allowed(address)
    : allowed === 'refused' && isPrivateHost(address);
};

/**
 * For `lookup` of a connection: an error with code `PRIVATE_ADDRESS` instead of an address that is refused. Addresses
 * that were let through are the ones connected to: nobody looks the name up again.
 */
export function guardedLookup(
  allowed: AllowedAddresses,
  resolve: typeof lookup = lookup,
): LookupFunction {
  return (hostname, asked, done) => {
    resolve(hostname, { ...asked, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        done(error ?? notAllowed(), '');
      } else if (addresses.some(({ address }) => isRefused(address, allowed))) {
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
export function assertAllowedAddress(hostname: string, allowed: AllowedAddresses): void {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0 && isRefused(literal, allowed)) throw notAllowed();
}

const notAllowed = (): Error =>
  Object.assign(new Error('its name leads to a private address'), { code: 'PRIVATE_ADDRESS' });

/** Codes of Node.js and OpenSSL (`ENOTFOUND`, `CERT_HAS_EXPIRED`): never their messages. */
export function connectionReason(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'TIMEOUT';
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'FAILED';
}
