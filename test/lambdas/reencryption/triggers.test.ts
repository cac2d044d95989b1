import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import type { Finding } from '../../../domain/events/operator-requests.ts';
import { verdict } from '../../../lambdas/reencryption/ledger.ts';
import { preflight } from '../../../lambdas/reencryption/preflight.ts';
import { quarantinedRows } from '../../../lambdas/reencryption/sign-off.ts';
import {
  bound,
  type Clinic,
  columnOf,
  countsOf,
  engineOf,
  finish,
  k1,
  k2,
  opened,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';

const rows = 60;
const column = columnOf('patients.ssn');
const here = bound('patients.ssn');
let clinic: Clinic;

beforeAll(async () => {
  clinic = await startClinic();
  await clinic.sql(`
    create function touch() returns trigger language plpgsql as $$
      begin new.updated_at := new.updated_at + interval '1 day'; return new; end $$`);
  await clinic.sql(`
    create function audit() returns trigger language plpgsql security definer as $$
      begin
        insert into patients_audit (id, before) values (old.id, old.ssn);
        insert into outbox (message) values ('patient ' || new.id);
        return null;
      end $$`);
  await clinic.sql(`
    create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'patient % is locked: %', new.id, new.ssn; end $$`);
});
afterAll(() => clinic?.stop());

/** Every third one is under the target key already. */
beforeEach(async () => {
  await clinic.sql('drop table if exists patients, patients_audit, outbox');
  await clinic.sql(
    `create table patients (id int primary key, ssn text, updated_at timestamptz not null default '2026-01-01')`,
  );
  await clinic.sql(
    'create table patients_audit (nth int generated always as identity primary key, id int, before text)',
  );
  await clinic.sql('create table outbox (message text)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
  await clinic.sql(
    'insert into patients select i, v from unnest($1::text[]) with ordinality u(v, i)',
    [
      Array.from({ length: rows }, (_, at) =>
        sealed(`ssn ${at + 1}`, (at + 1) % 3 === 0 ? k2 : k1, here),
      ),
    ],
  );
});

let nth = 0;
async function reencrypt(columns = [column]) {
  const engine = engineOf(clinic, columns, { limits: { rows: 16 } });
  const job = await startJob(clinic, engine, `triggers ${nth++}`);
  expect((await workOn(engine, job)).done).toBe(true);
  const counts = await countsOf(clinic, job);
  await finish(clinic, engine, job);
  return { job, counts, ...(await clinic.asWorker((session) => verdict(session, job.id))) };
}

async function findings(): Promise<Finding[]> {
  const engine = engineOf(clinic, [column]);
  const keys = { target: k2, open: engine.keys, random: engine.random };
  return clinic.asWorker((session) =>
    preflight(session, [column], { cipherOf: engine.cipherOf, keys }),
  );
}

const countOf = async (from: string) =>
  (await clinic.sql<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n;

describe('triggers of the application', () => {
  test('are named beforehand, and fire once for each row that is really rewritten', async () => {
    await clinic.sql(
      'create trigger touched before update on patients for each row execute function touch()',
    );
    await clinic.sql(
      'create trigger audited after update on patients for each row execute function audit()',
    );
    await clinic.sql(
      'create trigger off before update on patients for each row execute function touch()',
    );
    await clinic.sql('alter table patients disable trigger off');
    expect(await findings()).toContainEqual({
      code: 'TRIGGERS',
      level: 'warns',
      message: expect.stringMatching(/triggers audited, touched fire for every row/),
    });
    const { counts } = await reencrypt();
    expect(counts).toMatchObject([{ rewritten: 40, skipped: 20 }]);
    expect(await countOf(`patients where updated_at = '2026-01-02'`)).toBe(40);
    expect(await countOf(`patients where updated_at = '2026-01-01'`)).toBe(20);
    expect(await countOf('outbox')).toBe(40);
    expect(await countOf('(select distinct message from outbox)')).toBe(40);
  });

  test('that copy what was there leave the old key in the copy, which is found; declared, it is rewritten too', async () => {
    await clinic.sql(
      'create trigger audited after update on patients for each row execute function audit()',
    );
    const first = await reencrypt();
    expect(first.findings).toEqual([]);
    const hidden = `patients_audit where starts_with(before, 'qt1.${k1.kid}.')`;
    expect(await countOf(hidden)).toBe(40);
    expect(await findings()).toContainEqual(
      expect.objectContaining({ code: 'NOT_SEARCHED', level: 'warns' }),
    );
    await clinic.sql(
      'grant select (nth, before), update (before) on patients_audit to reencryption',
    );
    expect(await findings()).toContainEqual({
      code: 'UNDECLARED',
      level: 'blocks',
      message: expect.stringContaining('public.patients_audit.before'),
    });
    // A copy is bound as the original was.
    const copy = columnOf('patients.ssn', { table: 'public.patients_audit', column: 'before' });
    const second = await reencrypt([copy]);
    expect(second.counts).toMatchObject([{ rewritten: 40 }]);
    expect(await countOf(hidden)).toBe(0);
  });
});

describe('a row whose new value the application refuses', () => {
  test('by a constraint or a trigger is quarantined, and all others are rewritten', async () => {
    await clinic.sql(
      `alter table patients add constraint legacy check (id <> 7 or not starts_with(ssn, 'qt1.${k2.kid}'))`,
    );
    await clinic.sql(
      'create trigger locked before update on patients for each row when (new.id in (22, 23)) execute function refuse()',
    );
    const { counts, findings: found, job } = await reencrypt();
    expect(counts).toMatchObject([{ rewritten: 37, skipped: 20, quarantined: 3, gone: 0 }]);
    const left = await clinic.asWorker((session) => quarantinedRows(session, job.id));
    expect(left.map(({ rowKey, reason }) => [rowKey, reason])).toEqual([
      [['22'], 'SERVER_REFUSED'],
      [['23'], 'SERVER_REFUSED'],
      [['7'], 'SERVER_REFUSED'],
    ]);
    expect(found).toContain('3 quarantined rows of patients.ssn are not signed off');
    const all = await clinic.sql<{ id: number; ssn: string }>('select id, ssn from patients');
    for (const { id, ssn } of all) {
      const key = [7, 22, 23].includes(id) ? k1 : k2;
      expect(opened(ssn, here, new KeyRing([key]))).toBe(`ssn ${id}`);
    }
  });

  test('when it refuses every row stops the job with what the server said, and without what it holds', async () => {
    await clinic.sql(
      'create trigger locked before update on patients for each row execute function refuse()',
    );
    const engine = engineOf(clinic, [column], { limits: { rows: 60, strides: 1 } });
    const many = await clinic.sql<{ ssn: string }>('select ssn from patients where id = 1');
    await clinic.sql('insert into patients select i, $1 from generate_series(61, 200) i', [
      many[0]?.ssn,
    ]);
    const wide = { ...engine, limits: { ...engine.limits, rows: 200 } };
    const job = await startJob(clinic, engine, 'all refused');
    const error: Error & { sqlstate?: string } = await workOn(wide, job).then(
      () => new Error('no error'),
      (thrown) => thrown,
    );
    expect(error.sqlstate).toBe('P0001');
    expect(`${error.message}${error.stack}`).not.toMatch(/qt1\.|is locked/);
  });
});
