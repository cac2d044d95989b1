/** What a secret holds: keysets, values of databases and of owners, the document in escrow. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { decodeCanonical, decodeKey } from '../../../domain/secrets/encoding.ts';
import { escrowDocument, parseEscrowDocument } from '../../../domain/secrets/escrow-copy.ts';
import { keysetToJson, parseKeyset } from '../../../domain/secrets/keyset.ts';
import { kidOf } from '../../../domain/secrets/kid.ts';
import {
  parseSecretValue,
  readKeyset,
  serializeSecretValue,
} from '../../../domain/secrets/secret-value.ts';
import { type Json, parseJsonDocument } from '../../../domain/secrets/strict-json.ts';
import { assertDatabaseUrl } from '../../../lambdas/database/database-url.ts';
import { parseDatabaseValue, serializeDatabaseValue } from '../../../lambdas/database/value.ts';
import { ownersValues } from '../../../lambdas/fingerprints/owners-values.ts';
import { isMarker } from '../../../lambdas/rotation/run.ts';
import { parseInboxValue, readValue } from '../../../lambdas/user-managed/value.ts';
import { settings } from '../../bad-input/stage.ts';
import { documents, texts } from '../mutations.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';

const key = (number: number) => createHash('sha512').update(`key ${number}`).digest();
const at = '2026-05-17T17:00:02.000Z';
const entry = (number: number, more: object) => ({
  kid: kidOf(key(number)),
  k: key(number).toString('base64'),
  createdAt: at,
  ...more,
});
export const keysetJson = {
  version: 1,
  alg: 'HS512',
  encoding: 'base64',
  basedOn: '11111111-1111-4111-8111-111111111111',
  rotation: { intent: 'activate', token: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' },
  keys: [
    entry(1, { state: 'primary', primarySince: at }),
    entry(2, { state: 'verifyOnly', acceptUntil: at, primarySince: at }),
    entry(3, { state: 'published' }),
    { ...entry(4, { state: 'revoked', revokedAt: at }), k: undefined },
  ],
};
const jwt = { field: 'JWT_SECRET', bits: 512, encoding: 'base64', alg: 'HS512' } as const;
const keysetText = JSON.stringify({
  JWT_SECRET: key(1).toString('base64'),
  other: { kept: [1, 2.5, 'x'] },
  keyset: keysetJson,
});
const grammar = [
  '"k":"',
  '"kid":',
  '\\u005f_proto__',
  '":"',
  '[[[[',
  '"state":"primary"',
  '1e999',
  '{"a":{"b":',
];

const databaseText = JSON.stringify({
  engine: 'postgres',
  host: settings.HOST,
  port: settings.PORT,
  dbname: settings.DBNAME,
  username: 'app_a',
  password: 'abcdefghijklmnopqrstuvwxyz012345',
  DATABASE_URL: `postgresql://app_a:abcdefghijklmnopqrstuvwxyz012345@${settings.HOST}:5432/pharmacy?sslmode=verify-full`,
});
const place = { host: 'db', port: 5432, dbname: 'pharmacy' };
const url = 'postgresql://app:p%20w@db:5432/pharmacy?sslmode=verify-full';
const nested = `{"note":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

const escrowText = escrowDocument({
  secretName: 'pharmacy/prod/key',
  versionId: '11111111-1111-4111-8111-111111111111',
  createdAt: at,
  secretString: keysetText,
});
const ownersText = JSON.stringify({
  url: 'https://user:p4ssw0rdOfMany@example.com/hooks/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX',
  key: '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n',
});

export const secretTargets: readonly Target<never>[] = [
  target({
    name: 'domain/secrets/strict-json.ts: parseJsonDocument',
    inputs: (canary) => texts([keysetText, databaseText, nested], canary, grammar),
    run: parseJsonDocument,
    // What it takes, JSON.parse takes, and reads the same; otherwise two readers would read two documents.
    holds(answer, text) {
      const { members } = answer as ReturnType<typeof parseJsonDocument>;
      agree([...members.keys()].sort(), Object.keys(JSON.parse(text)).sort());
    },
    accepts: keysetText,
    refuses: '{"a":1,"a":2}',
  }),
  target({
    name: 'domain/secrets/secret-value.ts: parseSecretValue',
    inputs: (canary) =>
      fc.oneof(
        texts([keysetText, key(1).toString('base64')], canary, grammar),
        documents(fc.constant(JSON.parse(keysetText)), canary).map(
          (value) => JSON.stringify(value) ?? '',
        ),
      ),
    run: (text) => parseSecretValue(text, jwt),
    holds(answer) {
      const value = answer as ReturnType<typeof parseSecretValue>;
      const again = serializeSecretValue(value, jwt);
      agree(serializeSecretValue(parseSecretValue(again, jwt), jwt), again);
    },
    accepts: keysetText,
    refuses: '{}',
  }),
  target({
    name: 'domain/secrets/secret-value.ts: readKeyset',
    inputs: (canary) => texts([keysetText], canary, grammar),
    run: (text) => readKeyset(text, 'JWT_SECRET'),
    accepts: keysetText,
    refuses: '{}',
  }),
  target({
    name: 'domain/secrets/keyset.ts: parseKeyset',
    inputs: (canary) =>
      documents(fc.constant(JSON.parse(JSON.stringify(keysetJson))), canary).map(asJson),
    run: parseKeyset,
    holds(answer) {
      const written = keysetToJson(answer as ReturnType<typeof parseKeyset>);
      const again = parseKeyset(asJson(JSON.parse(JSON.stringify(written))));
      agree(keysetToJson(again), written);
    },
    accepts: asJson(JSON.parse(JSON.stringify(keysetJson))),
    refuses: null,
  }),
  target({
    name: 'domain/secrets/escrow-copy.ts: parseEscrowDocument',
    inputs: (canary) => texts([escrowText], canary, grammar),
    run: parseEscrowDocument,
    holds(answer) {
      const copy = answer as ReturnType<typeof parseEscrowDocument>;
      agree(parseEscrowDocument(escrowDocument(copy)), copy);
    },
    accepts: escrowText,
    refuses: '[]',
  }),
  target({
    name: 'domain/secrets/encoding.ts: decodeKey',
    inputs: (canary) =>
      texts([key(1).toString('base64'), key(1).toString('hex')], canary, ['=', '-_', 'é']),
    run: (text) =>
      (['base64', 'base64url', 'hex', 'text'] as const).map((encoding) =>
        decodeKey(text, { encoding, bits: 512 }),
      ),
    refuses: '',
  }),
  target({
    name: 'domain/secrets/encoding.ts: decodeCanonical',
    inputs: (canary) => texts([key(1).toString('base64url')], canary, ['=', '-_', 'é']),
    run: (text) => decodeCanonical(text, 'base64url'),
    holds: (answer, text) => agree((answer as Buffer).toString('base64url'), text),
    accepts: key(1).toString('base64url'),
    refuses: '=',
  }),
  target({
    name: 'lambdas/database/value.ts: parseDatabaseValue',
    inputs: (canary) =>
      fc.oneof(
        texts([databaseText], canary, ['5432', 'postgresql://', '@', '?host=', '%00']),
        documents(fc.constant(JSON.parse(databaseText)), canary).map(
          (value) => JSON.stringify(value) ?? '',
        ),
      ),
    run: (text) => parseDatabaseValue(text, settings),
    holds(answer) {
      const value = answer as ReturnType<typeof parseDatabaseValue>;
      agree(parseDatabaseValue(serializeDatabaseValue(value), settings).fields, value.fields);
    },
    accepts: databaseText,
    refuses: '{}',
  }),
  target({
    name: 'lambdas/database/database-url.ts: assertDatabaseUrl',
    inputs: (canary) =>
      texts([url], canary, ['@', ':', '%', '?host=', '&hostaddr=', '/', '%zz', ',']),
    run: (text) => assertDatabaseUrl(text, place, { username: 'app', password: 'p w' }),
    accepts: url,
    refuses: 'postgresql://app:x@db/pharmacy',
  }),
  target({
    name: 'lambdas/user-managed/value.ts: readValue',
    inputs: (canary) =>
      texts(['{"token":"abcdefgh12345678"}', 'abcdefgh12345678', nested], canary, grammar),
    run: (text) => [
      readValue(text, undefined),
      readValue(text, 'token'),
      readValue(text, '__proto__'),
    ],
    holds: (answer, text) =>
      agree(
        (answer as ReturnType<typeof readValue>[]).every(({ document }) => document === text),
        true,
      ),
  }),
  target({
    name: 'lambdas/user-managed/value.ts: parseInboxValue',
    inputs: (canary) => texts(['{"token":"abcdefgh12345678"}'], canary, grammar),
    run: (text) => parseInboxValue(text, 'token'),
    accepts: '{"token":"abcdefgh12345678"}',
    refuses: '{"token":7}',
  }),
  target({
    name: 'lambdas/fingerprints/owners-values.ts: ownersValues',
    inputs: (canary) =>
      texts([databaseText, ownersText, nested], canary, [
        '-----BEGIN PRIVATE KEY-----\n',
        '-----END PRIVATE KEY-----',
        '://',
        '\\n',
      ]),
    run: ownersValues,
    accepts: ownersText,
  }),
  target({
    name: 'lambdas/rotation/run.ts: isMarker',
    inputs: (canary) => texts(['{"quarterturn":"uninitialised"}'], canary, grammar),
    run: isMarker,
    accepts: '{"quarterturn":"uninitialised"}',
  }),
];

/** The parser's own kind of JSON, in which objects are maps. */
function asJson(value: unknown): Json {
  try {
    return parseJsonDocument(JSON.stringify({ value })).members.get('value')?.value ?? null;
  } catch {
    // What no document can hold never gets as far as this.
    return null;
  }
}
