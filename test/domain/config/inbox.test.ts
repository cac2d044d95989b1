import { describe, expect, test } from '@jest/globals';
import {
  isRotated,
  manifestOf,
  manifestSchema,
  secretNames,
} from '../../../domain/config/manifest.ts';
import { InvalidConfigError, parseRotationConfig } from '../../../domain/config/rotation-config.ts';

const owner = 'arn:aws:iam::111122223333:role/platform/vendor-keys';
const probe = {
  url: 'https://api.anthropic.com/v1/models',
  headers: { 'x-api-key': '{{value}}', 'anthropic-version': '2023-06-01' },
};
const anthropic = {
  kind: 'userManaged',
  purpose: 'The API key of the assistant.',
  inbox: { owners: [owner], field: 'ANTHROPIC_API_KEY', probe },
};
const document = (secret: object, more: object = {}) => ({
  name: 'pharmacy',
  environment: 'prod',
  region: 'eu-west-1',
  account: '111122223333',
  secrets: { anthropic: secret },
  ...more,
});

function problemsOf(secret: object, more?: object): readonly string[] {
  try {
    parseRotationConfig(document(secret, more));
    return [];
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
}
const withProbe = (more: object) => ({
  ...anthropic,
  inbox: { ...anthropic.inbox, probe: { ...probe, ...more } },
});

test('a secret with an inbox is one that rotates: with function, and no cadence', () => {
  const manifest = manifestSchema.parse(manifestOf(parseRotationConfig(document(anthropic))));
  expect(manifest.secrets).toEqual([
    {
      kind: 'userManaged',
      key: 'anthropic',
      name: 'pharmacy/prod/anthropic',
      purpose: anthropic.purpose,
      remindDays: 90,
      inbox: { name: 'pharmacy/prod/anthropic/inbox' },
      function: 'quarterturn-pharmacy-prod-anthropic',
      origin: 'new',
      armed: true,
      readerCacheSeconds: 300,
    },
  ]);
  expect(manifest.secrets.filter(isRotated)).toHaveLength(1);
  expect([...secretNames(manifest)]).toEqual([
    'pharmacy/prod/anthropic',
    'pharmacy/prod/anthropic/inbox',
  ]);
  // Neither a URL nor a header: what the probe sends is the function's alone.
  expect(JSON.stringify(manifest)).not.toContain('api.anthropic.com');
});

test('without one it stays as it was: its owners write it, and nothing rotates it', () => {
  const { inbox: _, ...plain } = anthropic;
  const { secrets } = manifestOf(parseRotationConfig(document(plain)));
  expect(secrets.filter(isRotated)).toEqual([]);
  expect(secrets[0]).toMatchObject({ remindDays: 90 });
});

test('a manifest with half of an inbox is refused', () => {
  const manifest = manifestOf(parseRotationConfig(document(anthropic)));
  const { function: _, ...half } = manifest.secrets[0] as { function?: string };
  expect(manifestSchema.safeParse({ ...manifest, secrets: [half] }).success).toBe(false);
});

describe('a configuration is refused', () => {
  test.each<[string, object, RegExp]>([
    ['plain HTTP', { url: 'http://api.example.com/' }, /inbox\.probe\.url: .*expected https/],
    ['a user in the URL', { url: 'https://me:hunter22@api.example.com/' }, /no user or password/],
    ['the value in the URL', { url: 'https://api.example.com/?k={{value}}' }, /URLs are logged/],
    ['a fragment', { url: 'https://api.example.com/#k' }, /no fragment/],
    ['no URL at all', { url: 'api.example.com' }, /an https URL, such as/],
    ['this machine', { url: 'https://localhost/' }, /a public host/],
    ['a private network', { url: 'https://10.1.2.3/' }, /a public host/],
    ['a spelling of one', { url: 'https://0x7f000001/' }, /a public host/],
    ['metadata services', { url: 'https://169.254.169.254/' }, /metadata services/],
    ['no header with the value', { headers: { accept: 'x' } }, /found {{value}} 0 times/],
    ['two of them', { headers: { a: '{{value}}', b: '{{value}}' } }, /found {{value}} 2 times/],
    ['it twice in one', { headers: { a: '{{value}}{{value}}' } }, /found {{value}} 2 times/],
    ['a header twice', { headers: { a: '{{value}}', A: 'x' } }, /probe\.headers/],
    ['a header of HTTP’s own', { headers: { Host: 'x', a: '{{value}}' } }, /the probe's own/],
    ['a line break in a header', { headers: { a: '{{value}}\r\nb: c' } }, /printable ASCII/],
    ['a body beside GET', { body: { a: 1 } }, /probe\.body: .*method "POST"/],
    ['the value in the body', { method: 'POST', body: { k: '{{value}}' } }, /in a header/],
    ['a status that says no', { expect: [401] }, /probe\.expect/],
    ['a wait that outlasts the function', { timeoutSeconds: 60 }, /at most 10/],
    ['more than fits', { method: 'POST', body: { a: 'x'.repeat(3_000) } }, /shorter request/],
  ])('with %s', (_what, more, words) => {
    const problems = problemsOf(withProbe(more));
    expect(problems.join('\n')).toMatch(words);
    expect(problems.join('\n')).not.toContain('hunter22');
  });

  test('with owners of another account, twice, or none', () => {
    const owned = (owners: string[]) => ({ ...anthropic, inbox: { ...anthropic.inbox, owners } });
    const other = owner.replace('111122223333', '999988887777');
    expect(problemsOf(owned([other]))).toEqual([expect.stringContaining('999988887777')]);
    expect(problemsOf(owned([owner, owner]))).toEqual([expect.stringContaining('inbox.owners')]);
    expect(problemsOf(owned([]))).toEqual([expect.stringContaining('inbox.owners')]);
  });

  test('as the admin of a database: nothing a vendor says tests a role', () => {
    const db = {
      kind: 'database',
      scheme: 'singleUser',
      host: 'db.example.com',
      dbname: 'shop',
      roles: ['shop'],
      admin: 'anthropic',
      cadenceDays: 90,
    };
    expect(problemsOf(anthropic, { secrets: { anthropic, db } })).toEqual([
      expect.stringMatching(/^secrets\.db\.admin: .*has an inbox/),
    ]);
  });
});

test('in dev the vendor may be a stand-in on the same machine', () => {
  const url = 'https://localhost:8443/v1/models';
  expect(problemsOf(withProbe({ url }), { environment: 'dev' })).toEqual([]);
});
