import type { PostgresDoor } from '../../doors/postgres/door.ts';
import { PostgresUnreachableError } from '../../doors/postgres/errors.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import type { Faults } from '../in-process/faults.ts';

/** Faults at each login and at each statement. */
export function faultyPostgres(faults: Faults): PostgresDoor {
  const failure = (site: string, what: string) => new PostgresUnreachableError(site, what);
  return {
    withSession: (endpoint, credential, work) =>
      faults.call(
        'postgres.withSession',
        () =>
          nodePostgres.withSession(endpoint, credential, (session) =>
            work({
              transaction: (inner) => session.transaction(inner),
              query: (text, values) =>
                faults.call('postgres.query', () => session.query(text, values), failure),
            }),
          ),
        failure,
      ),
  };
}
