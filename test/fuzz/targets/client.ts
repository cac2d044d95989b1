/** What an application parses: tokens of strangers, and the values of its own secrets. */
import { createHmac, type createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { described, hasOwnCode } from '../../../client/errors.ts';
import { isRefusal } from '../../../client/fields/kysely-opening.ts';
import { checkedClaims } from '../../../client/jwt/claims.ts';
import { headerOf, partsOf } from '../../../client/jwt/compact-token.ts';
import { verifyToken } from '../../../client/jwt/jsonwebtoken.ts';
import { databaseCredential } from '../../../client/postgres/database-credential.ts';
import { refusalOf } from '../../../client/postgres/refusals.ts';
import { verifyFull } from '../../../client/postgres/verify-full.ts';
import { parseKeyset } from '../../../domain/secrets/keyset.ts';
import { parseJsonDocument } from '../../../domain/secrets/strict-json.ts';
import { documents, texts } from '../mutations.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';
import { keysetJson } from './secrets.ts';

const at = new Date('2026-05-17T17:00:02Z');
const keyset = parseKeyset(
  parseJsonDocument(JSON.stringify({ keyset: keysetJson })).members.get('keyset')?.value ?? null,
);
const primary = keyset.keys[0] as { kid: string; key: ReturnType<typeof createSecretKey> };
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const claims = {
  sub: 'ada',
  iss: 'pharmacy',
  aud: ['api'],
  exp: at.getTime() / 1_000 + 60,
  nbf: 1,
  iat: 1,
};
function tokenOf(header: unknown, payload: unknown): string {
  const input = `${encoded(header as object)}.${encoded(payload as object)}`;
  return `${input}.${createHmac('sha512', primary.key).update(input).digest('base64url')}`;
}
const header = { alg: 'HS512', kid: primary.kid, typ: 'JWT' };
const token = tokenOf(header, claims);
const policy = { issuer: 'pharmacy', audience: 'api', typ: 'JWT', leeway: 30 };
const pieces = [
  '.',
  '..',
  '=',
  '_',
  'eyJ',
  encoded({ alg: 'none' }),
  encoded({ alg: 'HS256', jwk: {} }),
];

/** Signed by us, but written by somebody else: claims of any form get past the signature. */
const strangers = (canary: string) =>
  fc.oneof(
    texts([token], canary, pieces),
    documents(fc.constant({ header, claims }), canary).map((changed) => {
      const { header: head, claims: said } = (changed ?? {}) as {
        header?: unknown;
        claims?: unknown;
      };
      return tokenOf(head ?? {}, said ?? null);
    }),
  );

const value = JSON.stringify({
  engine: 'postgres',
  host: 'db',
  port: 5432,
  dbname: 'pharmacy',
  username: 'app_a',
  password: 'x',
});

/** What anything a library throws may look like. */
export const thrown = (canary: string) =>
  documents(
    fc.constantFrom(
      { code: '28P01', name: 'error', message: `password authentication failed for "${canary}"` },
      { code: 'ECONNREFUSED', name: 'Error', message: canary },
      { code: '08P01', name: 'error', message: 'no more connections allowed' },
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID', message: canary, cause: { message: canary } },
    ),
    canary,
  ).map((fields) => Object.assign(new Error('x'), fieldsOf(fields)));

/** Name and message of an error are texts; its code is what a library likes (of a DOMException a number). */
const fieldsOf = (fields: unknown): object =>
  Object.fromEntries(
    Object.entries(
      typeof fields === 'object' && fields !== null ? fields : { code: fields },
    ).filter(([name, value]) => typeof value === 'string' || name === 'code' || name === 'cause'),
  );

export const clientTargets: readonly Target<never>[] = [
  target({
    name: 'client/jwt: partsOf, headerOf, checkedClaims',
    inputs: strangers,
    run(text) {
      const parts = partsOf(text);
      return [headerOf(parts.protected), checkedClaims(parts, policy, at)];
    },
    accepts: token,
    refuses: 'a.b.c',
  }),
  target({
    name: 'client/jwt/jsonwebtoken.ts: verifyToken',
    inputs: strangers,
    run(text) {
      const verifier = { keyFor: async () => ({ key: primary.key, alg: 'HS512' }) };
      return verifyToken(text, verifier as never, { clockTimestamp: at.getTime() / 1_000 });
    },
    accepts: token,
    refuses: 'a.b.c',
    // Claims are checked by jsonwebtoken, and its errors are what its users wait for.
    isOwn: (error) => /^(JsonWebToken|TokenExpired|NotBefore)Error$/.test((error as Error).name),
  }),
  target({
    name: 'client/postgres/database-credential.ts: databaseCredential',
    inputs: (canary) =>
      documents(fc.constant(JSON.parse(value)), canary).map(
        (changed) => JSON.stringify(changed) ?? '',
      ),
    run: (text) => databaseCredential()(text).endpoint(),
    holds(answer) {
      const { port } = answer as { port: number };
      agree(Number.isInteger(port) && port > 0 && port < 65_536, true);
    },
    accepts: value,
    refuses: '{}',
  }),
  target({
    name: 'client: refusalOf, described, hasOwnCode, isRefusal',
    inputs: thrown,
    run: (error) => [
      refusalOf(error, 'rdsProxy'),
      refusalOf(error, 'pgbouncer'),
      described(error),
      hasOwnCode(error),
      isRefusal(error),
    ],
  }),
  target({
    name: 'client/postgres/verify-full.ts: verifyFull',
    inputs: (canary) => texts(['db.example.com', '10.0.0.1', '::1'], canary, ['.', ':', '*']),
    run: (host) =>
      verifyFull(host, undefined).checkServerIdentity?.('x', { subject: { CN: 'db' } } as never),
  }),
];
