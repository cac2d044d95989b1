/** What can go wrong with PostgreSQL. Messages name host, port and role, and never hold data. */
import { networkOf } from '../unanswered.ts';
import type { Credential, Endpoint } from './door.ts';

/** Where an error happened: the endpoint without its certificates, and the role. */
export function place(endpoint: Endpoint, credential: Pick<Credential, 'username'>): string {
  return `${endpoint.host}:${endpoint.port}/${endpoint.dbname} as ${credential.username}`;
}

/** SQLSTATE 28P01, and nothing else: the one answer that means "try another credential". */
export class LoginRefusedError extends Error {
  override readonly name = 'LoginRefusedError';
  readonly code = 'ERR_ROTATION_LOGIN_REFUSED';
  readonly sqlstate = '28P01';
  constructor(at: string) {
    super(
      `Login to ${at} was refused (28P01): the password is wrong, the role does not exist, ` +
        'or its VALID UNTIL has passed.',
    );
  }
}

/** SQLSTATE 28000: the role may not log in at all, whatever the password. */
export class RoleCannotLoginError extends Error {
  override readonly name = 'RoleCannotLoginError';
  readonly code = 'ERR_ROTATION_ROLE_CANNOT_LOGIN';
  readonly sqlstate = '28000';
  constructor(at: string) {
    super(
      `Login to ${at} is not permitted (28000): the role is NOLOGIN, or no line of pg_hba.conf ` +
        'admits it from here.',
    );
  }
}

export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code = 'ERR_ROTATION_TLS';
  /** Node's or OpenSSL's code, e.g. "SELF_SIGNED_CERT_IN_CHAIN". */
  readonly reason: string;
  constructor(at: string, reason: string) {
    super(
      `No trusted TLS connection to ${at} (${reason}): the server must offer TLS with a certificate ` +
        'for this host name, signed by the configured authority. There is no fallback.',
    );
    this.reason = reason;
  }
}

export class PostgresUnreachableError extends Error {
  override readonly name = 'PostgresUnreachableError';
  readonly code = 'ERR_ROTATION_POSTGRES_UNREACHABLE';
  /** Node's code, e.g. "ECONNREFUSED". After a statement was sent its outcome is unknown. */
  readonly reason: string;
  /** Name, VPC and security group of the network the function stands in; absent outside of every VPC. */
  readonly network: string | undefined;
  constructor(at: string, reason: string, network: string | undefined = networkOf()) {
    super(
      `No answer from ${at} (${reason}): check host and port of the deployment, whether the server ` +
        `runs, and ${
          network === undefined
            ? 'that this process, which stands in no network of the deployment, can reach it'
            : `that the database's security group admits this port from the function's, in network ${network}, and that the function's lets it out; docs/network.md`
        }.`,
    );
    this.reason = reason;
    this.network = network;
  }
}

export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code = 'ERR_ROTATION_POSTGRES';
  readonly sqlstate: string;
  /** The server's words where they name objects only, and a hint; may be empty. */
  readonly explanation: string;
  constructor(at: string, sqlstate: string, explanation: string) {
    super(
      `PostgreSQL at ${at} answered ${sqlstate}${explanation === '' ? '' : `: ${explanation}`}.`,
    );
    this.sqlstate = sqlstate;
    this.explanation = explanation;
  }
}
