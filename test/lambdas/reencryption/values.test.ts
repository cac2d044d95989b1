import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verdict } from '../../../lambdas/reencryption/ledger.ts';
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
  k3,
  opened,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

describe('a column of many kinds of values', () => {
  test('is counted class by class, and only what is sealed under another key is rewritten', async () => {
    const column = columnOf('patients.ssn');
    const here = bound('patients.ssn');
    await clinic.sql(`create table patients (id bigint primary key, ssn text)`);
    await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
    const lostKey = sealed('lost', k3, here).replace(k3.kid, 'ffffffffffffffff');
    const values = [
      null,
      '',
      sealed('under k1', k1, here),
      sealed('', k1, here),
      sealed('under k2', k2, here),
      sealed('a sealed one inside', k1, here),
      'plaintext',
      lostKey,
      sealed(sealed('inner', k1, here), k1, here),
    ];
    await clinic.sql(
      `insert into patients select i * 1000 - 3000, v from unnest($1::text[]) with ordinality as u(v, i)`,
      [values],
    );
    const before = await stored('patients', 'ssn');
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'classes');
    expect(await workOn(engine, job)).toMatchObject({ done: true, ranges: 1 });
    expect(await countsOf(clinic, job)).toEqual([
      {
        columnId: 'patients.ssn',
        nulls: 1,
        skipped: 2,
        rewritten: 4,
        quarantined: 2,
        gone: 0,
        opened: 0,
        remaining: 0,
      },
    ]);
    const after = await stored('patients', 'ssn');
    expect([after[0], after[1], after[4], after[6], after[7]]).toEqual([
      null,
      '',
      before[4],
      'plaintext',
      lostKey,
    ]);
    for (const at of [2, 3, 5, 8]) {
      expect(after[at]).toMatch(new RegExp(`^qt1\\.${k2.kid}\\.column\\.`));
      expect(opened(after[at] ?? '', here)).toBe(opened(before[at] ?? '', here));
    }
    const rows = await clinic.asWorker((session) => quarantinedRows(session, job.id));
    expect(rows.map(({ rowKey, reason, kid }) => [rowKey, reason, kid])).toEqual([
      [['4000'], 'NOT_CIPHERTEXT', null],
      [['5000'], 'KEY_UNKNOWN', 'ffffffffffffffff'],
    ]);
    await finish(clinic, engine, job);
    expect(await countsOf(clinic, job, 2)).toMatchObject([
      { nulls: 1, skipped: 1, opened: 5, quarantined: 1, remaining: 1, rewritten: 0 },
    ]);
    const { green, findings } = await clinic.asWorker((session) => verdict(session, job.id));
    expect({ green, findings }).toEqual({
      green: false,
      findings: ['2 quarantined rows of patients.ssn are not signed off'],
    });
  });
});

async function stored(table: string, column: string): Promise<(string | null)[]> {
  const rows = await clinic.sql<{ v: string | null }>(
    `select ${column}::text as v from ${table} order by id`,
  );
  return rows.map(({ v }) => v);
}
