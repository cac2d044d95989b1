/** Who a fence waits for, seen by a role that is granted what `prepare` grants and nothing else. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fenceState, takeFence } from '../../../lambdas/reencryption/writer-fence.ts';
import { type Clinic, columnOf, engineOf, startClinic, startJob } from './clinic.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic({ autovacuum_naptime: '1s' });
});
afterAll(() => clinic?.stop());

/** Slowed down, it works on this table longer than the test lasts. */
async function autovacuumWorksOn(table: string): Promise<void> {
  await clinic.sql(
    `create table ${table} (id int primary key, v text) with (autovacuum_vacuum_threshold = 0,
       autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100)`,
  );
  await clinic.sql(`grant select (id, v), update (v) on ${table} to reencryption`);
  await clinic.sql(
    `insert into ${table} select i, repeat('v', 1000) from generate_series(1, 1000) i`,
  );
  await clinic.sql(`delete from ${table} where id % 2 = 0`);
  await clinic.sql('select pg_stat_force_next_flush()');
  // The server waits, in the view that its superuser has of it.
  await clinic.sql(
    `do $$ begin
       while not exists (select from pg_stat_activity as a join pg_locks as l on l.pid = a.pid
                          where a.backend_type = 'autovacuum worker' and a.datname = current_database()
                            and l.locktype = 'virtualxid' and a.query like '%${table}%') loop
         perform pg_sleep(0.02), pg_stat_clear_snapshot();
       end loop;
     end $$`,
  );
}

test('regression: autovacuum, which writes no values, is not waited for by a role that does not see what it is', async () => {
  const column = columnOf('vacuumed.v');
  await autovacuumWorksOn('vacuumed');
  const job = await startJob(clinic, engineOf(clinic, [column]), 'vacuumed');
  await clinic.asWorker((session) => takeFence(session, job.id, 'writers'));
  expect(await clinic.asWorker((session) => fenceState(session, job.id, 'writers'))).toEqual({
    cleared: true,
    transactions: 0,
    prepared: 0,
  });
  // It works on meanwhile.
  const working = await clinic.sql(
    `select from pg_stat_activity
      where backend_type = 'autovacuum worker' and query like '%vacuumed%'`,
  );
  expect(working).toHaveLength(1);
}, 30_000);
