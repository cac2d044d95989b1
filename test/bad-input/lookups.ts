/**
 * Item 45: names that lead where they should not. A database's host is one of the deployment's list, and its
 * certificate names it; what is asked over HTTP is held against the addresses its name leads to.
 */
import type { lookup } from 'node:dns';
import { httpLook } from '../../doors/http-look.ts';
import type { Row } from './row.ts';

const found: readonly [string, readonly string[]][] = [
  ['a private range', ['10.0.0.5']],
  ['a private range, among public addresses', ['93.184.216.34', '192.168.1.1']],
  ['this machine', ['127.0.0.1']],
  ['this machine by IPv6', ['::1']],
  ['the metadata service', ['169.254.169.254']],
  ['the metadata service by IPv6', ['fd00:ec2::254']],
  ['the credentials of a container', ['169.254.170.2']],
  ['a private range, mapped into IPv6', ['::ffff:10.0.0.5']],
  ['nowhere at all', []],
  ['every address of this machine', ['0.0.0.0']],
];

/** As a CNAME does: asked for one name, it answers with the addresses of another. */
const leadingTo = (addresses: readonly string[]) =>
  ((_host: string, _options: object, done: (error: null, all: object[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof lookup;

export const rows: readonly Row[] = found.map(
  ([title, addresses]): Row => ({
    item: 45,
    title: `a name that leads to ${title}`,
    answer: { unanswered: 'PRIVATE_ADDRESS' },
    attempt: (canary) => ({
      work: () =>
        httpLook({
          privateAddresses: 'refused',
          loopback: 'refused',
          resolve: leadingTo(addresses),
        }).ask({
          method: 'GET',
          url: 'https://api.example.com/health',
          headers: { authorization: `Bearer ${canary}` },
          timeoutMilliseconds: 5_000,
        }),
      writes: () => [],
      state: () => [],
      told: () => [],
    }),
  }),
);
