import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { PostgresDoor } from '../../../doors/postgres/door.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { credentialMaterial } from '../../../lambdas/database/material.ts';
import type { DatabaseSettings } from '../../../lambdas/database/settings.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { adminArn, rotationOf } from './pharmacy.ts';

const canary = 'canary-Xk29-canary-Xk29-canary-X';
const settings: DatabaseSettings = {
  SCHEME: 'multiUser',
  HOST: 'db.example.com',
  PORT: 5432,
  DBNAME: 'pharmacy',
  MAINTENANCE_DATABASE: 'postgres',
  ROLES: ['app_a', 'app_b'],
  IDENTITY: 'app',
  ADMIN_SECRET_ARN: adminArn,
  DATABASE_URL: 'true',
  VERIFY_TABLES: undefined,
};
/** Fails the test on use: whatever is refused here must be refused before anything is dialled. */
const door: PostgresDoor = {
  withSession: () => {
    throw new Error('the database was dialled');
  },
};
const strategy = new DatabaseStrategy({ settings, door, ca: '', sleep: async () => undefined });
const good = {
  engine: 'postgres',
  host: 'db.example.com',
  port: 5432,
  dbname: 'pharmacy',
  username: 'app_a',
  password: canary,
  note: { kept: [1, 'as it is'] },
};
const url = `postgresql://app_a:${canary}@db.example.com:5432/pharmacy`;
const text = (change: Record<string, unknown> = {}) => JSON.stringify({ ...good, ...change });

const refused: Record<string, string> = {
  'not JSON': canary,
  'truncated JSON': `{"password":"${canary}`,
  null: 'null',
  'an array': '[]',
  'a byte order mark': `\ufeff${text()}`,
  'a member twice': text().replace('{', `{"password":"${canary}",`),
  'a member named __proto__': text().replace('{', '{"__proto__":{},'),
  'engine missing': text({ engine: undefined }),
  'engine mysql': text({ engine: 'mysql' }),
  'host missing': text({ host: undefined }),
  ...Object.fromEntries(
    [
      '169.254.169.254',
      '127.0.0.1',
      '[::1]',
      '0',
      '2130706433',
      'db@evil',
      'db.example.com/x',
      'db.example.com?x',
      'db.example.com\u0000',
      'db.example.com\n',
      '/var/run/postgresql',
      'DB.example.com',
      'db.example.com.',
      7,
      ['db.example.com'],
    ].map((host) => [`host ${JSON.stringify(host)}`, text({ host })]),
  ),
  ...Object.fromEntries(
    [0, 65536, '5432;', 22, ' 5432', '05432', null, true].map((port) => [
      `port ${JSON.stringify(port)}`,
      text({ port }),
    ]),
  ),
  'ssl false': text({ ssl: false }),
  'ssl maybe': text({ ssl: 'maybe' }),
  'another database': text({ dbname: 'postgres' }),
  'a database with quotes': text({ dbname: 'pharmacy"' }),
  'masterarn foreign': text({ masterarn: adminArn.replace('000000000000', '111111111111') }),
  'username missing': text({ username: undefined }),
  ...Object.fromEntries(
    [
      'postgres',
      'rdsadmin',
      'rotator',
      'APP_A',
      'app_a"',
      "x'); DROP ROLE app_a; --",
      'é',
      'app\\a',
      'app_a\n',
      `app_a${'x'.repeat(70)}`,
      'public',
      'none',
      'pg_signal_backend',
      '',
      7,
    ].map((username) => [`username ${JSON.stringify(username)}`, text({ username })]),
  ),
  'password missing': text({ password: undefined }),
  'password empty': text({ password: '' }),
  'password a number': text({ password: 7 }),
  'password an md5 hash': text({ password: `md5${'0'.repeat(32)}` }),
  'password a verifier': text({ password: `SCRAM-SHA-256$4096:${canary}` }),
  'password with NUL': text({ password: `${canary}\u0000` }),
  'password not ASCII': text({ password: `${canary}é` }),
  'password over 1 kB': text({ password: canary.repeat(33) }),
  'a URL that is none': text({ DATABASE_URL: canary }),
  'a URL of another host': text({ DATABASE_URL: url.replace('db.', 'evil.') }),
  'a URL of another database': text({ DATABASE_URL: url.replace('pharmacy', 'other') }),
  'a URL with another password': text({ DATABASE_URL: url.replace('canary', 'other') }),
  'a URL with another role': text({ DATABASE_URL: url.replace('app_a', 'app_b') }),
  'a URL with an overriding host': text({ DATABASE_URL: `${url}?host=evil.example.com` }),
  'a URL with broken escapes': text({ DATABASE_URL: url.replace(canary, '%zz') }),
};

describe('the value of a database secret', () => {
  test.each(Object.entries(refused))(
    'is refused with %s, without an echo',
    async (_what, input) => {
      const error = await failureOf(() => strategy.parse(input));
      expect(error.code).toMatch(/^ERR_ROTATION_/);
      expect(inspect(error, { depth: 10 })).not.toContain(canary.slice(0, 12));
    },
  );

  test('keeps every field it does not know, in order, and the URL as it was written', () => {
    const source = text({ DATABASE_URL: `${url}?application_name=api`, ssl: true });
    expect(strategy.serialize(strategy.parse(source))).toBe(source);
  });

  test('gets a new credential in its fields and in its URL, and nothing else changes', async () => {
    const current = strategy.parse(text({ DATABASE_URL: `${url}?application_name=api` }));
    const next = await strategy.createSecret({ current }, rotationOf('planned', undefined));
    expect(next.fields).toEqual({
      ...current.fields,
      username: 'app_b',
      password: next.password,
      DATABASE_URL: `postgresql://app_b:${next.password}@db.example.com:5432/pharmacy?application_name=api`,
    });
    expect(strategy.parse(strategy.serialize(next))).toEqual(next);
  });

  test('escapes an adopted password in the URL it adds', async () => {
    const password = 'p@ss/w:rd?#% ';
    const restore = strategy.parse(text({ username: 'app_b', password }));
    const current = strategy.parse(text());
    const next = await strategy.createSecret(
      { current, previous: restore },
      rotationOf('rollback', undefined, { restore }),
    );
    expect(strategy.parse(strategy.serialize(next)).password).toBe(password);
  });

  test('an invalid deployment is refused before there is a strategy', async () => {
    const wrong: Partial<DatabaseSettings>[] = [
      { ROLES: ['app_a'] },
      { ROLES: ['app_a', 'app_a'] },
      { ROLES: ['app_a', 'app'] },
      { ROLES: ['app_a', 'postgres'] },
      { ROLES: ['app_a', 'rds_x'] },
      { ROLES: ['app_a', 'x'.repeat(64)] },
      { IDENTITY: undefined },
      { SCHEME: 'singleUser' },
      { HOST: 'db.example.com/x' },
      { PORT: 65536 },
    ];
    for (const change of wrong) {
      const error = await failureOf(
        () =>
          new DatabaseStrategy({
            settings: { ...settings, ...change },
            door,
            ca: '',
            sleep: async () => undefined,
          }),
      );
      expect(error.code).toMatch(/^ERR_ROTATION_/);
    }
  });

  test('an admin secret that is none, or is a role to be rotated, is refused before anything is dialled', async () => {
    const versions = {
      current: strategy.parse(text()),
      pending: strategy.parse(text({ username: 'app_b' })),
    };
    const admins = [
      null,
      {},
      { username: 'rotator' },
      { username: 'app', password: canary },
      { username: 'rotator', password: canary, host: 'evil.example.com' },
      { username: 'rotator', password: canary, port: 5433 },
      { username: 'rotator', password: `${canary}\n` },
    ];
    for (const admin of admins) {
      const error = await failureOf(strategy.setSecret(versions, rotationOf('planned', admin)));
      expect(error.code).toMatch(/^ERR_ROTATION_/);
      expect(inspect(error, { depth: 10 })).not.toContain('canary');
    }
  });
});

describe('the id of a credential', () => {
  test('names the role and is stable', () => {
    const generated = { username: 'app_a', password: 'A'.repeat(32) };
    expect(credentialMaterial(generated)).toBe('app_a:fcc743ef128237e8');
    expect(credentialMaterial({ ...generated, username: 'app_b' })).not.toContain('fcc743ef');
  });

  test('takes a slow hash for a password a person may have chosen', () => {
    // scrypt with N = 2^15, r = 8, p = 1 (RFC 7914), computed outside of this tree.
    const chosen = { username: 'app_a', password: 'hunter2' };
    expect(credentialMaterial(chosen)).toBe('app_a:6bb0aefe2f038534');
  });
});
