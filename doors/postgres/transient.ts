/** Which failures of PostgreSQL pass when the same is tried again, and whether a new connection is needed. */
import { PostgresError, PostgresUnreachableError } from './errors.ts';

/** Deadlock, serialization failure, lock timeout, statement cancelled: the transaction rolled back, the session lives. */
const passing = new Set(['40P01', '40001', '55P03', '57014']);
/** Ended by an administrator or a crash, starting up, no slot free, connection failure (class 08). */
const needsConnection = /^(57P0[1-3]|53300|08[0-9A-Z]{3})$/;

export type Transience = 'again' | 'reconnect' | 'lasting';

export function transienceOf(error: unknown): Transience {
  if (error instanceof PostgresUnreachableError) {
    return 'reconnect';
  }
  if (error instanceof PostgresError) {
    if (passing.has(error.sqlstate)) {
      return 'again';
    }
    return needsConnection.test(error.sqlstate) ? 'reconnect' : 'lasting';
  }
  return 'lasting';
}
