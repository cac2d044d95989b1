/**
 * From what node-postgres, Node and OpenSSL throw to our five errors.
 *
 * The server's own words are passed on only for SQLSTATEs whose message names objects and nothing else:
 * 22P02 echoes the value, 42601 a piece of the statement (PostgreSQL manual, appendix A).
 */
import pg from 'pg';
import {
  LoginRefusedError,
  PostgresError,
  PostgresUnreachableError,
  RoleCannotLoginError,
  TlsError,
} from './errors.ts';

const harmlessMessages = new Set([
  '0LP01', // invalid grant operation
  '25006', // read-only transaction
  '2BP01', // dependent objects still exist
  '3D000', // no such database
  '40001', // serialization failure
  '40P01', // deadlock
  '42501', // insufficient privilege
  '42704', // undefined object
  '42710', // duplicate object
  '42939', // reserved name
  '53300', // too many connections
  '55P03', // lock not available
  '57014', // cancelled, statement timeout
  '57P01', // terminated by administrator
  '57P03', // starting up
]);

/** What PgBouncer says of a login, in words of its own: its one SQLSTATE may carry the server's words, too. */
const poolerMessages = new RegExp(
  `^(${[
    'SASL authentication failed',
    '(server login failed: FATAL )?password authentication failed( for user "[\\w$]+")?',
    'SCRAM authentication failed: user has MD5 secret',
    'no such (user|database: [\\w$-]+)',
    'bouncer config error',
    'query_wait_timeout',
    'client_login_timeout',
    'no more connections allowed \\(max_client_conn\\)',
    'server login has been failing, try again later \\(server_login_retry\\)',
  ].join('|')})$`,
);

const hints: Readonly<Record<string, string>> = {
  '25006': 'this is a read-only server: the rotation needs the writer endpoint',
  '42501':
    'check the bootstrap of the admin role (CREATEROLE and, from PostgreSQL 16 on, ADMIN OPTION)',
  '57014': 'a statement took too long, or waited for a lock too long; retry',
};

const networkCodes =
  /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EADDR|ERR_SOCKET|ERR_STREAM|ECANCELED)/;
const tlsCodes = /(CERT|SSL|TLS|SELF_SIGNED|ISSUER|EPROTO|UNABLE_TO_|CRL_)/;

export function classifyError(error: unknown, at: string): Error {
  if (error instanceof pg.DatabaseError && /^[0-9A-Z]{5}$/.test(error.code ?? '')) {
    return fromServer(error.code ?? '', error.message, at);
  }
  const { code, message } = describe(error);
  if (networkCodes.test(code)) {
    return new PostgresUnreachableError(at, code);
  }
  if (tlsCodes.test(code)) {
    return new TlsError(at, code);
  }
  if (message === 'The server does not support SSL connections') {
    return new TlsError(at, 'the server does not offer TLS');
  }
  if (message === 'There was an error establishing an SSL connection') {
    return new TlsError(at, 'the server refused the TLS request');
  }
  if (/^(timeout expired|Query read timeout)$/.test(message)) {
    return new PostgresUnreachableError(at, 'timeout');
  }
  if (/Connection terminated|not queryable/.test(message)) {
    return new PostgresUnreachableError(at, 'the connection was closed');
  }
  if (message.startsWith('SASL')) {
    return new PostgresError(at, '08P01', 'the SCRAM-SHA-256 exchange failed');
  }
  return new PostgresUnreachableError(at, code === '' ? 'unknown error' : code);
}

function fromServer(sqlstate: string, message: string, at: string): Error {
  switch (sqlstate) {
    case '28P01':
      return new LoginRefusedError(at);
    case '28000':
      return new RoleCannotLoginError(at);
    default: {
      const words = harmlessMessages.has(sqlstate) || isPoolers(sqlstate, message) ? message : '';
      const hint = hints[sqlstate] ?? '';
      return new PostgresError(
        at,
        sqlstate,
        [words, hint].filter((part) => part !== '').join('; '),
      );
    }
  }
}

const isPoolers = (sqlstate: string, message: string): boolean =>
  sqlstate === '08P01' && poolerMessages.test(message);

function describe(error: unknown): { code: string; message: string } {
  const thrown = error as { code?: unknown; message?: unknown } | null | undefined;
  return {
    // Codes of Node.js and OpenSSL are told as they are, so they must look like some.
    code:
      typeof thrown?.code === 'string' && /^[A-Z0-9_]{2,64}$/.test(thrown.code) ? thrown.code : '',
    message: typeof thrown?.message === 'string' ? thrown.message : '',
  };
}
