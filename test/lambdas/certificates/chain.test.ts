import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import { readChain } from '../../../lambdas/certificates/chain.ts';
import { readSecret } from '../../../lambdas/certificates/read-secret.ts';
import { type Issued, makeRoot } from '../../certificates.ts';

const now = new Date();
const inDays = (days: number) =>
  new Date(Math.floor(now.getTime() / 1_000) * 1_000 + days * 86_400_000);
const parsed = (...certificates: readonly Issued[]) =>
  certificates.map(({ pem }) => new X509Certificate(pem));

let root: Issued;
let intermediate: Issued;
let leaf: Issued;
beforeAll(async () => {
  root = await makeRoot({ notAfter: inDays(5) });
  intermediate = await root.issue({ name: 'Issuing <CA>', notAfter: inDays(200) });
  leaf = await intermediate.issue({ hosts: ['www.example.com'], notAfter: inDays(40) });
});

const readValue = (value: string | undefined, field?: string) =>
  readSecret(
    { secretsManager: { getCurrentValue: async () => value } },
    { from: 'secret', name: 'www', secret: 'tls', ...(field && { field }) },
    now,
  );

test('the soonest end counts, in whatever order the certificates come', async () => {
  const early = await root.issue({ name: 'Issuing <CA>', notAfter: inDays(20) });
  const under = await early.issue({ hosts: ['www.example.com'], notAfter: inDays(40) });
  for (const chain of [parsed(under, early), parsed(early, under)]) {
    const reading = readChain(chain, now, 'www.example.com');
    expect(reading).toMatchObject({
      notAfter: inDays(20),
      remark: `its issuer Issuing CA ends first; the certificate itself ends ${inDays(40).toISOString()}`,
    });
    expect(reading.problem).toBeUndefined();
    expect(reading.serial).toMatch(new RegExp(`^0*${early.serial.replace(/^0+/, '')}$`, 'i'));
  }
});

test('a root that is sent does not count, nor a certificate of somebody else’s chain', async () => {
  const other = await makeRoot({ notAfter: inDays(-3) });
  const reading = readChain(parsed(leaf, intermediate, root, other), now);
  expect(reading).toMatchObject({ notAfter: inDays(40) });
  expect(reading.remark).toBeUndefined();
});

test('a certificate that signs itself is its own chain', async () => {
  const own = await makeRoot({ hosts: ['internal.example.com'], notAfter: inDays(3) });
  expect(readChain(parsed(own), now)).toMatchObject({ notAfter: inDays(3) });
});

test('an ended one has an end; one that is not valid yet is a problem', async () => {
  const ended = await root.issue({
    hosts: ['a.example'],
    notAfter: inDays(-2),
    notBefore: inDays(-9),
  });
  expect(readChain(parsed(ended), now)).toMatchObject({ notAfter: inDays(-2) });
  const early = await root.issue({ hosts: ['a.example'], notBefore: inDays(2) });
  expect(readChain(parsed(early), now)).toMatchObject({
    problem: `the certificate is not valid before ${inDays(2).toISOString()}`,
  });
});

test('a certificate for other names is a problem, and its names are told without what could be markup', async () => {
  const odd = await root.issue({
    hosts: ['a.example', '10.0.0.1', 'b<x>.example', 'c.example'],
    name: 'www.example.com',
  });
  expect(readChain(parsed(odd), now, 'www.example.com').problem).toBe(
    'the certificate is for other names than www.example.com: DNS:a.example, IP Address:10.0.0.1, DNS:b x .example and more',
  );
  expect(readChain(parsed(odd), now, '10.0.0.1').problem).toBeUndefined();
  expect(readChain(parsed(leaf), now, 'WWW.example.com').problem).toBeUndefined();
});

test.each([
  ['the key first', () => `${leaf.key}\n${leaf.pem}\n${intermediate.pem}`, undefined],
  ['a field of a document', () => JSON.stringify({ crt: leaf.pem, key: leaf.key }), 'crt'],
  ['line ends as an environment writes them', () => leaf.pem.replaceAll('\n', '\\n'), undefined],
])('of a secret that holds %s, the certificate alone is read', async (_, value, field) => {
  const reading = await readValue(value(), field);
  expect(reading).toMatchObject({ notAfter: inDays(40) });
  expect(JSON.stringify(reading)).not.toContain('PRIVATE');
});

test.each([
  ['nothing', () => undefined, undefined, /holds no value yet/],
  ['the marker', () => '{"quarterturn":"uninitialised"}', undefined, /holds no value yet/],
  ['a key alone', () => leaf.key, undefined, /holds no certificate/],
  ['garbage', () => 'S3cr3t-Passw0rd', undefined, /holds no certificate/],
  [
    'a certificate that is cut off',
    () => leaf.pem.replace(/.{80}(?=\n-----END)/s, ''),
    undefined,
    /cannot be parsed/,
  ],
  ['no JSON', () => 'S3cr3t-Passw0rd', 'crt', /no JSON document with a text in field "crt"/],
  ['another field', () => '{"key":"S3cr3t-Passw0rd"}', 'crt', /no JSON document with a text/],
  ['a number', () => '{"crt":1}', 'crt', /no JSON document with a text/],
  ['an inherited field', () => '{}', 'constructor', /no JSON document with a text/],
])(
  'of a secret that holds %s the problem is told, and nothing of the value',
  async (_, value, field, problem) => {
    const reading = await readValue(value(), field);
    expect(reading).toEqual({ problem: expect.stringMatching(problem) });
    expect(JSON.stringify(reading)).not.toMatch(/S3cr3t|MII|PRIVATE/);
  },
);
