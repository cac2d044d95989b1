import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint, Session } from '../../../doors/postgres/door.ts';
import { probeLogin } from '../../../doors/postgres/login-probe.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { setVerifier } from '../../../doors/postgres/role-operations.ts';
import {
  assertUsablePassword,
  assertVerifier,
  isGeneratedPassword,
  scramVerifier,
} from '../../../doors/postgres/scram.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

// RFC 7677 section 3. With this ServerKey the RFC's server signature is reproduced:
// v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=
const golden =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==' +
  '$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';

const malformed: Record<string, string> = {
  'one character short': golden.slice(0, -1),
  'one character too many': `${golden}=`,
  'a trailing newline': `${golden}\n`,
  'a leading space': ` ${golden}`,
  'a lower-case scheme': golden.toLowerCase(),
  'base64url instead of base64': golden.replace('WG5d', '_-5d'),
  'no padding': golden.replaceAll('=', ''),
  'another number of iterations': golden.replace('4096', '1'),
  'iterations a driver refuses': golden.replace('4096', '600000'),
  'zero iterations': golden.replace('4096', '0'),
  'an empty salt': golden.replace('W22ZaJ0SNY7soEsUEjb6gQ==', ''),
  'a short salt': golden.replace('W22ZaJ0SNY7soEsUEjb6gQ==', 'W22ZaJ0SNY4='),
  'no server key': golden.split(':').slice(0, 2).join(':'),
  'a quote': golden.replace('W', "'"),
  'an md5 hash': `md5${'a'.repeat(32)}`,
  'the password itself': 'A'.repeat(32),
  nothing: '',
};

describe('the SCRAM-SHA-256 verifier', () => {
  test('is that of RFC 7677', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(golden);
    expect(golden).toHaveLength(133);
  });

  test.each(Object.entries(malformed))('is refused with %s', (_what, verifier) => {
    expect(() => assertVerifier(verifier)).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_MALFORMED_VERIFIER' }),
    );
  });

  test('is not computed for passwords that drivers and server read differently', () => {
    const unusable = ['', 'é', 'a\u00a0b', 'tab\t', '\u0000', 'x'.repeat(1025), 'pass\n'];
    for (const password of [...unusable, `md5${'0'.repeat(32)}`, golden]) {
      expect(() => assertUsablePassword(password)).toThrow(
        expect.objectContaining({ code: 'ERR_ROTATION_UNUSABLE_PASSWORD' }),
      );
      expect(() => scramVerifier(password)).toThrow();
    }
  });

  test('knows a generated password by its 32 characters of base64url', () => {
    expect(isGeneratedPassword(randomBytes(24).toString('base64url'))).toBe(true);
    for (const other of [
      'A'.repeat(31),
      'A'.repeat(33),
      `${'A'.repeat(31)}+`,
      `${'A'.repeat(32)}\n`,
    ]) {
      expect(isGeneratedPassword(other)).toBe(false);
    }
  });
});

describe('a verifier on a real server', () => {
  let server: PostgresServer;
  let endpoint: Endpoint;
  beforeAll(async () => {
    server = await startPostgres({
      settings: { log_statement: 'all', shared_preload_libraries: 'pg_stat_statements' },
    });
    endpoint = { host: 'localhost', port: server.port, dbname: 'postgres', ca: server.ca };
    await server.session(async (client) => {
      await client.query('create extension pg_stat_statements');
      await client.query('create role app nologin');
      await client.query('create role rotator login createrole');
      await client.query('grant app to rotator with admin option, inherit false, set false');
    });
  });
  afterAll(() => server?.stop());
  const stored = async () =>
    (
      await server.session((client) =>
        client.query(`select rolpassword from pg_authid where rolname = 'app'`),
      )
    ).rows[0]?.rolpassword as string;

  const rounds = process.env.PROOF === 'full' ? 200 : 40;
  test(`lets ${rounds} random passwords in, refuses wrong ones, and is stored as it was sent`, async () => {
    await nodePostgres.withSession(endpoint, server.superuser, async (session) => {
      for (let round = 0; round < rounds; round++) {
        const password = randomBytes(24).toString('base64url');
        const verifier = scramVerifier(password);
        await setVerifier(session, 'app', verifier, { login: true });
        expect(await probeLogin(nodePostgres, endpoint, { username: 'app', password })).toBe(
          'accepted',
        );
        if (round % 20 === 0) {
          expect(await stored()).toBe(verifier);
          const wrong = { username: 'app', password: `${password.slice(0, -1)}~` };
          expect(await probeLogin(nodePostgres, endpoint, wrong)).toBe('refused');
        }
      }
    });
  });

  test('reaches the server only when it is well-formed', async () => {
    const before = await stored();
    for (const verifier of Object.values(malformed)) {
      const session = {
        query: () => Promise.reject(new Error('a statement was sent')),
        transaction: () => Promise.reject(new Error('a transaction was begun')),
      } as unknown as Session;
      await expect(setVerifier(session, 'app', verifier, { login: true })).rejects.toMatchObject({
        code: 'ERR_ROTATION_MALFORMED_VERIFIER',
      });
    }
    expect(await stored()).toBe(before);
  });

  test('leaves neither the password nor, where the role may switch logging off, itself in log and statistics', async () => {
    const password = randomBytes(24).toString('base64url');
    const verifier = scramVerifier(password);
    await nodePostgres.withSession(endpoint, server.superuser, (session) =>
      setVerifier(session, 'app', verifier, { login: true }),
    );
    expect(await probeLogin(nodePostgres, endpoint, { username: 'app', password })).toBe(
      'accepted',
    );
    const statements = await server.session((client) =>
      client.query<{ query: string }>('select query from pg_stat_statements'),
    );
    const sinks = `${await server.log()}\n${statements.rows.map(({ query }) => query).join('\n')}`;
    // The positive control: statements do reach the log.
    expect(sinks).toContain('statement: select query from pg_stat_statements');
    expect(sinks).not.toContain(password);
    expect(sinks).not.toContain(verifier);
  });

  test('set by an ordinary admin keeps the password out of the log all the same', async () => {
    const adminPassword = randomBytes(24).toString('base64url');
    const password = randomBytes(24).toString('base64url');
    await nodePostgres.withSession(endpoint, server.superuser, (session) =>
      setVerifier(session, 'rotator', scramVerifier(adminPassword), { login: 'keep' }),
    );
    const admin = { username: 'rotator', password: adminPassword };
    await nodePostgres.withSession(endpoint, admin, (session) =>
      setVerifier(session, 'app', scramVerifier(password), { login: true }),
    );
    expect(await probeLogin(nodePostgres, endpoint, { username: 'app', password })).toBe(
      'accepted',
    );
    const log = await server.log();
    // The positive control: statements are logged, and this one is among them.
    expect(log).toContain('ALTER ROLE app LOGIN PASSWORD');
    expect(log).not.toContain(password);
    expect(log).not.toContain(adminPassword);
  });
});
