/** The search that every other test of leaks rests on: it finds what a slow one finds, in every form. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formsOf, foundIn, piecesIn, searchFor } from '../integration/forms.ts';
import { type Needle, Search, shortest } from './search.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const password = 'Zk3-9pQ_vLx7RtY2uWn4HbC8sDf6MgJ1';
const key = Buffer.from('00ff10ef20df30cf40bf50af609f708f8f70', 'hex');
const databaseUrl = `postgresql://app:${password}@db.example.com:5432/shop?sslmode=verify-full`;
const database = JSON.stringify({ username: 'app', password, DATABASE_URL: databaseUrl });
const keyset = JSON.stringify({
  JWT_SECRET: key.toString('base64'),
  keyset: { encoding: 'base64', keys: [{ kid: '9f2c41aa07be63d1', k: key.toString('base64') }] },
});

describe('the search', () => {
  test('finds every place that a comparison at every byte finds, and no other', () => {
    // Few different bytes: needles overlap, repeat and share their blocks.
    const bytes = (minLength: number, maxLength: number) =>
      fc
        .array(fc.constantFrom(97, 98, 99), { minLength, maxLength })
        .map((codes) => Buffer.from(codes));
    const run = fc.property(
      fc.array(bytes(shortest, 20), { minLength: 1, maxLength: 20 }),
      bytes(0, 400),
      (needles, haystack) => {
        const planted = Buffer.concat([haystack, needles[0] as Buffer, haystack.subarray(0, 7)]);
        const named = needles.map(
          (one, index): Needle => ({ of: `${index}`, form: '', bytes: one }),
        );
        const expected = named.flatMap(({ of, bytes: needle }) => placesOf(planted, needle, of));
        const found = new Search(named).in(planted).map(({ of, at }) => `${of}@${at}`);
        expect(found.toSorted()).toEqual(expected.toSorted());
      },
    );
    fc.assert(run, { seed, numRuns: 200 });
  });

  test('refuses what would be found by chance', () => {
    const bytes = Buffer.from('eleven byte');
    expect(() => new Search([{ of: '', form: '', bytes }])).toThrow(RangeError);
  });
});

function placesOf(haystack: Buffer, needle: Buffer, of: string): string[] {
  const places: string[] = [];
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    places.push(`${of}@${at}`);
  }
  return places;
}

/** How somebody wrote it down, and what. */
const written: readonly (readonly [how: string, text: string | Buffer])[] = [
  ['in a sentence', `login with ${password} was refused`],
  ['an event, as console.log prints it', inspect({ SecretString: database }, { depth: 10 })],
  ['a request, as JSON in JSON', JSON.stringify({ body: JSON.stringify({ body: database }) })],
  ['a basic header', `Basic ${Buffer.from(`app:${password}`).toString('base64')}`],
  ['base64 of a document, one byte on', Buffer.from(` ${database}`).toString('base64')],
  ['base64 of a document, two bytes on', Buffer.from(`  ${database}`).toString('base64')],
  ['base64url in an address', `/look?of=${Buffer.from(database).toString('base64url')}`],
  ['a query', `?url=${encodeURIComponent(databaseUrl)}`],
  ['a form', new URLSearchParams({ password }).toString()],
  ['hex in a stack', `at open (${key.toString('hex')}:1:2)`],
  ['HEX, as SQL shows bytea', `\\x${key.toString('hex').toUpperCase()}`],
  ['a Buffer, as Node.js shows it', inspect({ key })],
  ['a Buffer, as JSON', JSON.stringify({ key })],
  ['bytes in a file', Buffer.concat([Buffer.from([4, 18]), key, Buffer.alloc(3)])],
  ['bytes in a latin1 string', `key: ${key.toString('latin1')}`],
  ['base64 of bytes', `k=${key.toString('base64')}`],
  ['base64url of bytes, without padding', `k=${key.toString('base64url')}`],
  ['backwards', [...password].reverse().join('')],
  ['its first half', `password ${password.slice(0, 16)}…`],
  ['its second half', `…${password.slice(16)}`],
  ['half a key in hex', key.toString('hex').slice(18)],
  ['the error of JSON.parse', messageOf(() => JSON.parse(`${password} is no JSON`))],
  ['the same in a log line', JSON.stringify(messageOf(() => JSON.parse(`${password} is no JSON`)))],
  ['the error of JSON.parse, in the middle', messageOf(() => JSON.parse(`["a", ${password}]`))],
  ['a middle piece of twenty', `…${password.slice(7, 27)}…`],
  [
    'the error of new URL',
    inspect(
      errorOf(() => new URL(`://${databaseUrl}`)),
      { depth: 10 },
    ),
  ],
];

test.each(written)('a value is found: %s', (_how, text) => {
  const search = searchFor({ database, keyset });
  expect(search.in(text).length).toBeGreaterThan(0);
});

test('a value that needs escaping is found in JSON, HTML, SQL and addresses', () => {
  const value = `"pa'ss<wo>rd&=/\\ü%+ tail`;
  const search = searchFor({ value });
  for (const text of [
    JSON.stringify({ value }),
    JSON.stringify(JSON.stringify({ value })),
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
    `alter role app password '${value.replaceAll("'", "''")}'`,
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll(/%../g, (escaped) => escaped.toLowerCase()),
    Buffer.from(value, 'latin1'),
  ]) {
    expect([text, search.in(text).length > 0]).toEqual([text, true]);
  }
});

test('the pieces of a value are the whole, every text that does not name something, and the bytes behind it', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  expect(searchFor({ pem: JSON.stringify({ tls: pem }) }).in(der).length).toBeGreaterThan(0);
  expect(piecesIn(database).map(({ text }) => text)).toEqual([database, password, databaseUrl]);
  expect(piecesIn(keyset).at(-1)?.bytes).toEqual(key);
  const names = JSON.stringify({ host: 'database.example.com', username: 'pharmacy_app_a' });
  expect(searchFor({ names }).in('database.example.com as pharmacy_app_a')).toEqual([]);
});

test('what is not there is not found, and what is compressed is not: such sinks are unpacked first', () => {
  const search = searchFor({ database, keyset });
  expect(search.in(`${password.slice(0, 11)} ${password.slice(20, 31)}`)).toEqual([]);
  expect(search.in(gzipSync(database))).toEqual([]);
});

test('a list of forms is told by the sinks that hold one', () => {
  const sinks = { log: `x ${key.toString('hex')}`, report: 'nothing' };
  expect(foundIn(sinks, formsOf(key.toString('base64'), key))).toEqual(['log']);
});

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was expected to fail');
}
function messageOf(run: () => unknown): string {
  return errorOf(run).message;
}
