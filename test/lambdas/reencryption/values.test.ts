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

  test('that is damaged in any place is left byte for byte, and the job goes on', async () => {
    const column = columnOf('damaged.v');
    const here = bound('damaged.v');
    await clinic.sql('create table damaged (id int primary key, v text)');
    await clinic.sql('grant select (id, v), update (v) on damaged to reencryption');
    const whole = sealed('0123456789', k1, here);
    const [mark, kid, profile, body] = whole.split('.') as [string, string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    const flipped = (at: number) => {
      const copy = Buffer.from(bytes);
      const place = at < 0 ? copy.length + at : at;
      copy[place] = (copy[place] ?? 0) ^ 1;
      return [mark, kid, profile, copy.toString('base64url')].join('.');
    };
    const cut = (tag: number) =>
      [mark, kid, profile, bytes.subarray(0, bytes.length - 16 + tag).toString('base64url')].join(
        '.',
      );
    const values = [
      flipped(0),
      flipped(13),
      flipped(-1),
      cut(4),
      cut(8),
      cut(12),
      `${whole}AAAA`,
      `${whole}=`,
      `${whole} `,
      whole.replace(kid, k3.kid),
      whole.replace(kid, kid.toUpperCase()),
      whole.replace('.column.', '.none.'),
      whole.replace('qt1.', 'qt1'),
      sealed('of another column', k1, bound('damaged.w')),
      whole,
    ];
    await clinic.sql(
      'insert into damaged select i, v from unnest($1::text[]) with ordinality u(v, i)',
      [values],
    );
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'damaged');
    expect(await workOn(engine, job)).toMatchObject({ done: true });
    expect(await countsOf(clinic, job)).toMatchObject([
      { rewritten: 1, quarantined: values.length - 1 },
    ]);
    expect((await stored('damaged', 'v')).slice(0, -1)).toEqual(values.slice(0, -1));
  });

  test('that were swapped between rows do not open where they are bound to their row', async () => {
    const column = columnOf('bound.v', { profile: 'row', primaryKey: ['id'] });
    await clinic.sql('create table bound (id bigint primary key, v text)');
    await clinic.sql('grant select (id, v), update (v) on bound to reencryption');
    const of = (id: string) => sealed(`of ${id}`, k1, bound('bound.v', 'row', [id]));
    await clinic.sql('insert into bound values (-1, $1), (2, $2), (3, $3)', [
      of('-1'),
      of('3'),
      of('2'),
    ]);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'bound');
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 1, quarantined: 2 }]);
    const [first] = await stored('bound', 'v');
    expect(opened(first ?? '', bound('bound.v', 'row', ['-1']))).toBe('of -1');
  });

  test('from before the encryption is sealed only where that is declared, and never if it looks sealed', async () => {
    const column = columnOf('grown.v', { plaintext: 'seal' });
    await clinic.sql('create table grown (id int primary key, v text)');
    await clinic.sql('grant select (id, v), update (v) on grown to reencryption');
    await clinic.sql(`insert into grown values (1, 'Žofie'), (2, 'qt1.something'), (3, '')`);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'grown');
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([
      { rewritten: 1, quarantined: 1, skipped: 1 },
    ]);
    const [first, second] = await stored('grown', 'v');
    expect(opened(first ?? '', bound('grown.v'))).toBe('Žofie');
    expect(second).toBe('qt1.something');
  });
});

async function stored(table: string, column: string): Promise<(string | null)[]> {
  const rows = await clinic.sql<{ v: string | null }>(
    `select ${column}::text as v from ${table} order by id`,
  );
  return rows.map(({ v }) => v);
}
