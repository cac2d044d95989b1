/**
 * The PostgreSQL door with faults: the session is the product's own (`doors/postgres/node-postgres.ts`), what is below
 * it fails. So errors pass the product's classification, and COMMIT is a call like every other.
 *
 * - before:     ECONNREFUSED, or the socket is cut before the statement is sent
 * - after:      the socket is cut once the server is done, COMMIT included
 * - retryable:  53300 at the login, XX000 "tuple concurrently updated" at a statement
 * - permanent:  28P01 at the login, 42501 at a statement
 */
import type pg from 'pg';
import { classifyError } from '../../../doors/postgres/classify-error.ts';
import type { Credential, Endpoint, PostgresDoor } from '../../../doors/postgres/door.ts';
import { place } from '../../../doors/postgres/errors.ts';
import { session } from '../../../doors/postgres/node-postgres.ts';
import type { Calls, Failure } from '../calls.ts';
import { databaseError } from './cluster.ts';

export interface Connection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;
  /** The socket is gone; the server ends the session. */
  cut(): void | Promise<void>;
  end(): Promise<void>;
}

export type Connect = (endpoint: Endpoint, credential: Credential) => Promise<Connection>;

const cutOff = (code: string) => Object.assign(new Error('Connection terminated'), { code });

const loginFailure: Failure = (_site, kind) => {
  switch (kind) {
    case 'retryable':
      return databaseError('53300', 'sorry, too many clients already');
    case 'permanent':
      return databaseError('28P01', 'password authentication failed');
    default:
      return cutOff(kind === 'after' ? 'ECONNRESET' : 'ECONNREFUSED');
  }
};

const statementFailure =
  (cut: () => void): Failure =>
  (_site, kind) => {
    if (kind === 'retryable') {
      return databaseError('XX000', 'tuple concurrently updated');
    }
    if (kind === 'permanent') {
      return databaseError('42501', 'permission denied');
    }
    cut();
    return cutOff('ECONNRESET');
  };

export interface FaultyDoor extends PostgresDoor {
  /**
   * Was 28P01 the server's last word to this login? What holds its password may be dropped then, whatever the server
   * holds: there is nothing else to know it by.
   */
  refuses(credential: Credential): boolean;
  /** A function was killed, and its sockets with it. */
  cutAll(): Promise<void>;
}

export function faultyDoor(calls: Calls, connect: Connect): FaultyDoor {
  const open = new Set<Connection>();
  const refused = new Set<string>();
  const login = ({ username, password }: Credential) => `${username}\n${password}`;
  const nameOf = (text: string) => (/^(begin|commit|rollback)$/.test(text) ? text : 'query');
  return {
    refuses: (credential) => refused.has(login(credential)),
    async cutAll() {
      const left = [...open];
      open.clear();
      await Promise.all(left.map((connection) => connection.cut()));
    },
    async withSession(endpoint, credential, work) {
      const at = place(endpoint, credential);
      const own: Connection[] = [];
      const opened = async () => {
        const connection = await connect(endpoint, credential);
        refused.delete(login(credential));
        open.add(connection);
        own.push(connection);
        return connection;
      };
      const end = () =>
        Promise.all(
          own.map((connection) => {
            open.delete(connection);
            return connection.end();
          }),
        );
      let connection: Connection;
      try {
        connection = await calls.call('postgres.connect', opened, (site, kind) => {
          if (kind === 'permanent') refused.add(login(credential));
          return loginFailure(site, kind);
        });
      } catch (error) {
        await end();
        // Of a real connection it is the product's own error already.
        const isOurs = String((error as { code?: unknown }).code).startsWith('ERR_ROTATION_');
        throw isOurs ? error : classifyError(error, at);
      }
      const failure = statementFailure(() => void connection.cut());
      const client = {
        query: (text: string, values?: readonly unknown[]) =>
          calls.call(`postgres.${nameOf(text)}`, () => connection.query(text, values), failure),
      };
      try {
        return await work(session(client as unknown as pg.Client, at));
      } finally {
        await end();
      }
    },
  };
}
