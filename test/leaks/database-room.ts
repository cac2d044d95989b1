/** A database secret on a real server, whose errors quote the statement that failed and everything bound to it. */
import pg from 'pg';
import { classifyError } from '../../doors/postgres/classify-error.ts';
import type { PostgresDoor } from '../../doors/postgres/door.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import type { Faults } from '../in-process/faults.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import type { LeakRoom } from './rooms.ts';
import { WatchedRoom } from './watched-room.ts';

export const databaseRoom = (pharmacy: Pharmacy, scheme: 'multiUser' | 'singleUser'): LeakRoom => ({
  name: `database ${scheme}`,
  scenarios: ['planned', 'rollback', 'emergency'],
  async start() {
    // Those of a function that was killed would be cut with it; here they live, and keep its locks from everybody else.
    await pharmacy.server.session((client) =>
      client.query(
        `select pg_terminate_backend(pid, 10000) from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      ),
    );
    const room = await WatchedRoom.start({
      companions: { admin: JSON.stringify(pharmacy.admin) },
      room: ({ faults, companions }) => ({
        strategy: new DatabaseStrategy({
          ...pharmacy[scheme],
          door: quoting(faults),
          sleep: async () => undefined,
        }) as RotationStrategy<unknown>,
        companions,
      }),
    });
    for (let rotation = 0; rotation < 2; rotation++) {
      await room.world.rotate();
      await room.world.finishAfterRotation();
    }
    return room;
  },
});

/** 22P02 echoes what it could not read (PostgreSQL manual, appendix A); this one echoes all there is. */
function quoting(faults: Faults): PostgresDoor {
  const failure = (told: string) => () =>
    classifyError(
      Object.assign(new pg.DatabaseError(told, 1, 'error'), { code: '22P02', detail: told }),
      'the server',
    );
  return {
    withSession: (endpoint, credential, work) =>
      faults.call(
        'postgres.withSession',
        () =>
          nodePostgres.withSession(endpoint, credential, (session) =>
            work({
              transaction: (inner) => session.transaction(inner),
              query: (text, values) =>
                faults.call(
                  'postgres.query',
                  () => session.query(text, values),
                  failure(`${text} ${JSON.stringify([values, credential])}`),
                ),
            }),
          ),
        failure(JSON.stringify(credential)),
      ),
  };
}
