import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { missingGrants } from '../../../doors/postgres/rows-grant.ts';
import { verdict } from '../../../lambdas/reencryption/ledger.ts';
import { dryPlan } from '../../../lambdas/reencryption/plan.ts';
import {
  bound,
  type Clinic,
  columnOf,
  countsOf,
  engineOf,
  finish,
  k1,
  k2,
  keep,
  opened,
  planAll,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';
import { faultyDoor } from './crashing-postgres.ts';

let clinic: Clinic;
const column = columnOf('visits.note');
const here = bound('visits.note');
const target = new KeyRing([k2]);

beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

/** Three years of visits, 40 rows each. */
beforeEach(async () => {
  await clinic.sql('drop table if exists visits, detached');
  await clinic.sql(
    'create table visits (id int, day date, note text, primary key (id, day)) partition by range (day)',
  );
  for (const year of [2024, 2025, 2026]) {
    await clinic.sql(
      `create table visits_${year} partition of visits for values from ('${year}-01-01') to ('${year + 1}-01-01')`,
    );
  }
  await clinic.sql(
    `insert into visits select i, date '2024-02-01' + (i % 3)::int * 366, v from unnest($1::text[]) with ordinality u(v, i)`,
    [Array.from({ length: 120 }, (_, at) => sealed(`visit ${at + 1}`, k1, here))],
  );
  const superuser = await keep(clinic.endpoint, clinic.server.superuser);
  for (const { sql } of await missingGrants(superuser.session, 'reencryption', [column])) {
    await superuser.session.query(sql);
  }
  await superuser.close();
});

async function assertAll(table: string, rows: number): Promise<void> {
  const found = await clinic.sql<{ id: number; note: string }>(
    `select id, note from ${table} order by id`,
  );
  expect(found).toHaveLength(rows);
  for (const { id, note } of found) {
    expect(opened(note, here, target)).toBe(`visit ${id}`);
  }
}

/** Before the first update of this partition, once. */
function beforeUpdateOf(leaf: string, act: () => Promise<void>) {
  let acted = false;
  return faultyDoor(async (moment, text) => {
    if (!acted && moment % 1 === 0 && text.includes(`update only "public"."${leaf}"`)) {
      acted = true;
      await act();
    }
  }).door;
}

let nth = 0;
async function reencrypt(door = engineOf(clinic, [column]).door) {
  const engine = engineOf(clinic, [column], { door });
  const job = await startJob(clinic, engine, `partitions ${nth++}`);
  expect((await workOn(engine, job)).done).toBe(true);
  const counts = await countsOf(clinic, job);
  await finish(clinic, engineOf(clinic, [column]), job);
  return { counts, ...(await clinic.asWorker((session) => verdict(session, job.id))) };
}

describe('a row that moves to another partition while it is rewritten', () => {
  test('before its update is missed there and rewritten where it went', async () => {
    // Behind the cursor: 2024 is done when 2025 is worked on.
    const door = beforeUpdateOf('visits_2025', async () => {
      await clinic.sql(`update visits set day = '2024-12-31' where id = 4`);
      await clinic.sql(`update visits set day = '2026-12-31' where id = 7`);
      await clinic.sql('delete from visits where id = 10');
    });
    const { counts, findings } = await reencrypt(door);
    expect(counts).toMatchObject([{ rewritten: 118, gone: 3, skipped: 0, quarantined: 0 }]);
    expect(findings).toEqual([]);
    await assertAll('visits', 119);
  });

  test('and is still uncommitted when the update comes to it, is waited for', async () => {
    const app = await keep(clinic.endpoint, clinic.server.superuser);
    let committed: Promise<unknown> | undefined;
    const door = beforeUpdateOf('visits_2025', async () => {
      await app.session.query('begin');
      await app.session.query(`update visits set day = '2024-12-31' where id = 4`);
      committed = lockedOut().then(() => app.session.query('commit'));
    });
    const { counts, findings } = await reencrypt(door);
    await committed;
    await app.close();
    expect(counts).toMatchObject([{ rewritten: 119, gone: 1 }]);
    expect(findings).toEqual([]);
    await assertAll('visits', 120);
  });
});

/** The engine waits for a row. */
async function lockedOut(): Promise<void> {
  for (;;) {
    const [row] = await clinic.sql<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity
         where usename = 'reencryption' and wait_event_type = 'Lock') as waiting`,
    );
    if (row?.waiting === true) {
      return;
    }
  }
}

describe('a partition', () => {
  test('that is detached while the job runs is worked off to its end, as it was planned', async () => {
    const door = beforeUpdateOf('visits_2025', async () => {
      await clinic.sql('alter table visits detach partition visits_2026');
      await clinic.sql('alter table visits detach partition visits_2025');
    });
    const { findings } = await reencrypt(door);
    expect(findings).toEqual([]);
    await assertAll('visits', 40);
    await assertAll('visits_2025', 40);
    await assertAll('visits_2026', 40);
    await clinic.sql('drop table visits_2025, visits_2026');
  });

  test('that is dropped between two statements, or before its turn, holds nothing up', async () => {
    const door = beforeUpdateOf('visits_2025', async () => {
      await clinic.sql('drop table visits_2025');
      await clinic.sql('drop table visits_2026');
    });
    const { counts, findings } = await reencrypt(door);
    expect(counts).toMatchObject([{ rewritten: 40, gone: 0 }]);
    expect(findings).toEqual([]);
    await assertAll('visits', 40);
  });

  test('that is attached with rows in it, behind the plan, is planned by the sweep', async () => {
    const door = beforeUpdateOf('visits_2026', async () => {
      await clinic.sql('create table visits_2027 (like visits including all)');
      await clinic.sql(`insert into visits_2027 values (121, '2027-01-01', $1)`, [
        sealed('visit 121', k1, here),
      ]);
      await clinic.sql(
        `alter table visits attach partition visits_2027 for values from ('2027-01-01') to ('2028-01-01')`,
      );
      await clinic.sql(
        'grant select (id, day, note), update (note) on visits_2027 to reencryption',
      );
    });
    const { counts, findings } = await reencrypt(door);
    expect(counts).toMatchObject([{ rewritten: 120 }]);
    expect(findings).toEqual([]);
    await assertAll('visits', 121);
  });

  test('that lies on another server is refused by the plan: nothing could be said of it', async () => {
    await clinic.sql('create foreign data wrapper elsewhere');
    await clinic.sql('create server archive foreign data wrapper elsewhere');
    // A parent with a primary key cannot have one.
    await clinic.sql('create table letters (day date, note text) partition by range (day)');
    await clinic.sql(
      `create foreign table letters_2020 partition of letters for values from ('2020-01-01') to ('2021-01-01') server archive`,
    );
    const letters = columnOf('letters.note', { walk: 'ctid' });
    const planned = clinic.asWorker((session) => dryPlan(session, [letters], planAll));
    await expect(planned).rejects.toMatchObject({
      code: 'ERR_ROTATION_COLUMN_DECLARATION',
      message: expect.stringContaining('letters_2020'),
    });
    await clinic.sql('drop foreign data wrapper elsewhere cascade');
  });
});

describe('a table', () => {
  test('that is renamed goes on opening: a value is bound to the declared id, not to a name of the catalogue', async () => {
    await reencrypt();
    await clinic.sql('alter table visits rename to consultations');
    await clinic.sql('alter table consultations rename note to remark');
    const renamed = columnOf('visits.note', { table: 'public.consultations', column: 'remark' });
    const engine = engineOf(clinic, [renamed]);
    const job = await startJob(clinic, engine, 'renamed', k1);
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 120, quarantined: 0 }]);
    await clinic.sql('alter table consultations rename to visits');
  });

  test('with a column generated from the ciphertext is rewritten, and the column follows', async () => {
    await clinic.sql('drop table if exists marked');
    await clinic.sql(
      `create table marked (id int primary key, note text, kid text generated always as (split_part(note, '.', 2)) stored)`,
    );
    await clinic.sql('grant select (id, note), update (note) on marked to reencryption');
    await clinic.sql('insert into marked values (1, $1)', [sealed('v', k1, bound('marked.note'))]);
    const engine = engineOf(clinic, [columnOf('marked.note')]);
    await workOn(engine, await startJob(clinic, engine, 'generated'));
    expect(await clinic.sql('select kid from marked')).toEqual([{ kid: k2.kid }]);
  });
});
