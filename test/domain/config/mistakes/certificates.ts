/** Certificates without a source, with two, or with one the function cannot or must not read. */
import { existing, type Mistake, one } from './document.ts';

const acm = 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-aaaa-bbbb-cccc-121314151617';
const having =
  (...certificates: readonly object[]) =>
  (c: { certificates?: unknown }) => {
    c.certificates = certificates;
  };

export const certificates: readonly Mistake[] = [
  [
    'a certificate from nowhere',
    having({ name: 'www' }),
    one(/^certificates\.0: found no source; expected one of acm, secret and endpoint$/),
  ],
  [
    'one from two places',
    having({ name: 'www', acm, endpoint: 'www.example.com:443' }),
    one(/^certificates\.0: found acm and endpoint; expected one of/),
  ],
  [
    'two of one name',
    having({ name: 'www', acm }, { name: 'www', endpoint: 'www.example.com:443' }),
    one(/^certificates\.1: found "www" again; expected every name once$/),
  ],
  [
    'a field beside a certificate of ACM',
    having({ name: 'www', acm, field: 'crt' }),
    one(/^certificates\.0\.field: found beside acm; expected secret beside it, or no field$/),
  ],
  [
    'a name for the handshake beside a secret',
    having({ name: 'www', secret: 'vendor', servername: 'www.example.com' }),
    one(/^certificates\.0\.servername: found beside secret; expected endpoint beside it/),
  ],
  [
    'an ARN of another service',
    having({ name: 'www', acm: 'arn:aws:iam::123456789012:server-certificate/www' }),
    one(/^certificates\.0\.acm: found ".*"; expected the ARN of a certificate/),
  ],
  [
    'a certificate of another account',
    having({ name: 'www', acm: acm.replace('123456789012', '210987654321') }),
    one(
      /^certificates\.0\.acm: found a certificate of account 210987654321; expected one of 123456789012/,
    ),
  ],
  [
    'a misspelt secret',
    having({ name: 'www', secret: 'vendr' }),
    one(
      /^certificates\.0\.secret: found "vendr"; expected the key of a userManaged secret; did you mean "vendor"\?/,
    ),
  ],
  [
    'a secret that rotates',
    having({ name: 'www', secret: 'jwt' }),
    one(/^certificates\.0\.secret: found "jwt"; expected the key of a userManaged secret/),
  ],
  [
    'the credential of the rotator',
    having({ name: 'www', secret: 'admin' }),
    one(/^certificates\.0\.secret: found "admin", the credential that sets every role/),
  ],
  [
    'a secret by half of its ARN',
    having({ name: 'www', secret: { ...existing('tls'), secretArn: 'tls' } }),
    one(/^certificates\.0\.secret\.secretArn: found "tls"; expected the full ARN of a secret/),
  ],
  [
    'a secret of another region',
    having({ name: 'www', secret: existing('tls', 'us-east-1') }),
    one(
      /^certificates\.0\.secret\.secretArn: found a secret in "us-east-1"; expected one in "eu-west-1"/,
    ),
  ],
  [
    'a URL as endpoint',
    having({ name: 'www', endpoint: 'https://www.example.com/' }),
    one(/^certificates\.0\.endpoint: found a string of 24 characters; expected host and port/),
  ],
  [
    'a port beyond the last',
    having({ name: 'www', endpoint: 'www.example.com:70000' }),
    one(/^certificates\.0\.endpoint: found "www\.example\.com:70000"; expected host and port/),
  ],
  ...['10.0.0.7:443', '2852039166:80', '[::1]:443'].map(
    (endpoint): Mistake => [
      `an address as endpoint (${endpoint})`,
      having({ name: 'www', endpoint }),
      one(/^certificates\.0\.endpoint: found .*; expected (a host name|host and port)/),
    ],
  ),
  ...['db.internal:5432', 'intranet:443', 'localhost:443'].map(
    (endpoint): Mistake => [
      `an endpoint that only a VPC reaches (${endpoint})`,
      having({ name: 'www', endpoint }),
      one(
        /^certificates\.0\.endpoint: found a host that is refused; expected a (public host|host the function can reach)/,
      ),
    ],
  ),
  [
    'a network, which has no function for it',
    having({ name: 'www', endpoint: 'db.example.com:5432', network: 'vpc' }),
    one(/^certificates\.0: found the unknown "network"; expected only .*endpoint/),
  ],
];
