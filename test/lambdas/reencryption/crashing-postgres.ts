/** The door as a process sees it that is killed at one moment: before a statement, or after it unanswered. */
import {
  type BulkPostgresDoor,
  type BulkSession,
  bulkPostgres,
} from '../../../doors/postgres/bulk-session.ts';
import { PostgresError } from '../../../doors/postgres/errors.ts';

export class Killed extends Error {}

export interface Statements {
  readonly door: BulkPostgresDoor;
  /** Statements seen so far, begin and commit among them. */
  seen(): number;
}

/**
 * `fault(n, text)`: called before the nth statement and, as n + 0.5, after it; throwing is the fault. The
 * session ends with it, and with the session whatever it had not committed.
 */
export function faultyDoor(
  fault: (moment: number, text: string) => void | Promise<void>,
  rewrite: (text: string) => string = (text) => text,
): Statements {
  let seen = 0;
  const at = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    seen += 1;
    const moment = seen;
    await fault(moment, text);
    const result = await run();
    await fault(moment + 0.5, text);
    return result;
  };
  const door: BulkPostgresDoor = {
    withBulkSession: (endpoint, credential, timeout, work) =>
      bulkPostgres.withBulkSession(endpoint, credential, timeout, (session) =>
        work(faultySession(session, at, rewrite)),
      ),
  };
  return { door, seen: () => seen };
}

function faultySession(
  session: BulkSession,
  at: <T>(text: string, run: () => Promise<T>) => Promise<T>,
  rewrite: (text: string) => string,
): BulkSession {
  const query: BulkSession['query'] = (text, values) => at(text, () => session.query(text, values));
  return {
    query,
    rows: (text, values) => at(text, () => session.rows(rewrite(text), values)),
    async transaction(work) {
      await query('begin');
      try {
        const result = await work();
        await query('commit');
        return result;
      } catch (error) {
        if (!(error instanceof Killed)) {
          await session.query('rollback').catch(() => undefined);
        }
        throw error;
      }
    },
  };
}

export function killedAt(moment: number): Statements {
  return faultyDoor((now) => {
    if (now === moment) {
      throw new Killed(`killed at ${moment}`);
    }
  });
}

export function answer(sqlstate: string): PostgresError {
  return new PostgresError('the test', sqlstate, '');
}
