import { expect, test } from '@jest/globals';
import type { PostgresDoor, Session } from '../../../doors/postgres/door.ts';
import {
  LoginRefusedError,
  PostgresError,
  PostgresUnreachableError,
  RoleCannotLoginError,
  TlsError,
} from '../../../doors/postgres/errors.ts';
import { probeLogin } from '../../../doors/postgres/login-probe.ts';

const at = 'db.example:5432/app';
const session = { query: async () => [] } as unknown as Session;
const answering = (error?: Error): PostgresDoor => ({
  withSession: async (_endpoint, _credential, work) => {
    if (error !== undefined) throw error;
    return work(session);
  },
});
const probe = (door: PostgresDoor) =>
  probeLogin(
    door,
    { host: 'db.example', port: 5432, dbname: 'app', ca: '' },
    { username: 'app', password: 'p' },
  );

test('a login that answers a query is accepted', async () => {
  expect(await probe(answering())).toBe('accepted');
});

test('28P01 is a refusal of the credential', async () => {
  expect(await probe(answering(new LoginRefusedError(at)))).toBe('refused');
});

test.each([
  new RoleCannotLoginError(at),
  new PostgresError(at, '53300', 'too many connections'),
  new PostgresUnreachableError(at, 'ECONNREFUSED'),
  new TlsError(at, 'CERT_HAS_EXPIRED'),
  new TypeError('a mistake'),
])('%s says nothing about the credential and is thrown', async (error) => {
  await expect(probe(answering(error))).rejects.toBe(error);
});
