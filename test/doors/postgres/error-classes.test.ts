import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { classifyError } from '../../../doors/postgres/classify-error.ts';
import {
  LoginRefusedError,
  PostgresError,
  PostgresUnreachableError,
  RoleCannotLoginError,
  TlsError,
} from '../../../doors/postgres/errors.ts';
import { transienceOf } from '../../../doors/postgres/transient.ts';

const at = 'db.example:5432/app as app';

function fromServer(sqlstate: string, message = 'something of the server'): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = sqlstate;
  return classifyError(error, at);
}
const thrown = (code: string | undefined, message = '') =>
  classifyError(Object.assign(new Error(message), code === undefined ? {} : { code }), at);

describe('what the server answers', () => {
  test('28P01 alone is a refused login, 28000 alone a role that cannot log in', () => {
    expect(fromServer('28P01')).toEqual(new LoginRefusedError(at));
    expect(fromServer('28000')).toEqual(new RoleCannotLoginError(at));
    for (const other of ['28P02', '28001', '42501', '53300', '57P01', '08P01', 'XX000']) {
      expect(fromServer(other)).toMatchObject({ name: 'PostgresError', sqlstate: other });
    }
  });

  test.each([
    '0LP01',
    '2BP01',
    '3D000',
    '40001',
    '40P01',
    '42704',
    '42710',
    '42939',
    '53300',
    '55P03',
    '57P01',
    '57P03',
  ])('%s names objects only, and its words are passed on', (sqlstate) => {
    expect(fromServer(sqlstate, 'the words')).toEqual(new PostgresError(at, sqlstate, 'the words'));
  });

  test.each([
    ['25006', 'the words; this is a read-only server: the rotation needs the writer endpoint'],
    [
      '42501',
      'the words; check the bootstrap of the admin role (CREATEROLE and, from PostgreSQL 16 on, ADMIN OPTION)',
    ],
    ['57014', 'the words; a statement took too long, or waited for a lock too long; retry'],
  ])('%s says what to do, too', (sqlstate, words) => {
    expect(fromServer(sqlstate, 'the words')).toEqual(new PostgresError(at, sqlstate, words));
  });

  test.each(['22P02', '42601', '23505', '22001', 'P0001', 'XX000', '08006'])(
    '%s may hold a value or a statement: not a word of it is kept',
    (sqlstate) => {
      expect(fromServer(sqlstate, 'ALTER ROLE app PASSWORD hunter2')).toEqual(
        new PostgresError(at, sqlstate, ''),
      );
    },
  );

  test.each([
    'SASL authentication failed',
    'password authentication failed',
    'password authentication failed for user "app_1$"',
    'server login failed: FATAL password authentication failed for user "app"',
    'SCRAM authentication failed: user has MD5 secret',
    'no such user',
    'no such database: pharmacy-1',
    'bouncer config error',
    'query_wait_timeout',
    'client_login_timeout',
    'no more connections allowed (max_client_conn)',
    'server login has been failing, try again later (server_login_retry)',
  ])('a pooler’s own words are passed on: %s', (message) => {
    expect(fromServer('08P01', message)).toMatchObject({ explanation: message });
    expect(fromServer('08P02', message)).toMatchObject({ explanation: '' });
  });

  test.each([
    'x no such user',
    'no such user: hunter2',
    'server login failed: FATAL hunter2',
    'password authentication failed for user "a b"',
    'password authentication failed for user ""',
    'no such database: ',
    'no such database: a b',
    'no more connections allowed max_client_conn',
  ])('what only resembles them is not: %s', (message) => {
    expect(fromServer('08P01', message)).toMatchObject({ explanation: '' });
  });
});

describe('what comes instead of an answer', () => {
  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EPIPE',
    'EADDRNOTAVAIL',
    'ERR_SOCKET_CLOSED',
    'ERR_STREAM_DESTROYED',
    'ECANCELED',
  ])('%s: nobody answers', (code) => {
    expect(thrown(code)).toEqual(new PostgresUnreachableError(at, code));
  });

  test.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_LEAF',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'INVALID_ISSUER',
    'EPROTO',
    'CRL_HAS_EXPIRED',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
  ])('%s: no trusted connection', (code) => {
    expect(thrown(code)).toEqual(new TlsError(at, code));
  });

  test('a code is told by how it begins, not by what is somewhere in it', () => {
    expect(thrown('ERR_TLS_ECONNRESET')).toBeInstanceOf(TlsError);
  });

  test.each([
    [
      'The server does not support SSL connections',
      new TlsError(at, 'the server does not offer TLS'),
    ],
    [
      'There was an error establishing an SSL connection',
      new TlsError(at, 'the server refused the TLS request'),
    ],
    ['timeout expired', new PostgresUnreachableError(at, 'timeout')],
    ['Query read timeout', new PostgresUnreachableError(at, 'timeout')],
    ['the timeout expired', new PostgresUnreachableError(at, 'unknown error')],
    ['timeout expired of hunter2', new PostgresUnreachableError(at, 'unknown error')],
    [
      'Connection terminated unexpectedly',
      new PostgresUnreachableError(at, 'the connection was closed'),
    ],
    [
      'Client has encountered a connection error and is not queryable',
      new PostgresUnreachableError(at, 'the connection was closed'),
    ],
    [
      'SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match hunter2',
      new PostgresError(at, '08P01', 'the SCRAM-SHA-256 exchange failed'),
    ],
    ['no SASL hunter2', new PostgresUnreachableError(at, 'unknown error')],
  ])('node-postgres says: %s', (message, expected) => {
    expect(thrown(undefined, message)).toEqual(expected);
  });

  test('anything else is told by its code, and by no word of it', () => {
    expect(thrown('EWHATEVER', 'hunter2')).toEqual(new PostgresUnreachableError(at, 'EWHATEVER'));
    for (const odd of [null, undefined, 'hunter2', 7, { code: 7, message: 8 }, {}]) {
      expect(classifyError(odd, at)).toEqual(new PostgresUnreachableError(at, 'unknown error'));
    }
  });

  test('a SQLSTATE that nobody of the server sent is none', () => {
    expect(thrown('28P01')).toBeInstanceOf(PostgresUnreachableError);
    for (const code of ['28p01', '28P01x', 'x28P01', '']) {
      expect(fromServer(code)).toBeInstanceOf(PostgresUnreachableError);
    }
  });
});

describe('what passes when it is tried again', () => {
  test.each([
    ...['40P01', '40001', '55P03', '57014'].map((code) => [code, 'again'] as const),
    ...['57P01', '57P02', '57P03', '53300', '08000', '08006', '08P01', '08ZZZ'].map(
      (code) => [code, 'reconnect'] as const,
    ),
    ...[
      '57P00',
      '57P04',
      '53200',
      '42501',
      '28000',
      '07000',
      '09000',
      '0800',
      '080000',
      '108006',
    ].map((code) => [code, 'lasting'] as const),
  ])('%s: %s', (sqlstate, expected) => {
    expect(transienceOf(new PostgresError(at, sqlstate, ''))).toBe(expected);
  });

  test('no answer needs another connection; a refusal and what is no failure of PostgreSQL last', () => {
    expect(transienceOf(new PostgresUnreachableError(at, 'ECONNRESET'))).toBe('reconnect');
    for (const lasting of [
      new LoginRefusedError(at),
      new TlsError(at, 'EPROTO'),
      new TypeError('a mistake'),
      { sqlstate: '40P01' },
      undefined,
    ]) {
      expect(transienceOf(lasting)).toBe('lasting');
    }
  });
});
