import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import type { BulkPostgresDoor } from '../../../doors/postgres/bulk-session.ts';
import { PostgresUnreachableError } from '../../../doors/postgres/errors.ts';
import {
  bound,
  type Clinic,
  columnOf,
  countsOf,
  engineOf,
  k1,
  k2,
  opened,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';
import { answer, faultyDoor, killedAt } from './crashing-postgres.ts';

const full = process.env.PROOF === 'full';
let clinic: Clinic;
const columns = [columnOf('patients.ssn'), columnOf('patients.name')];
const limits = { rows: 32, strides: 2 };

beforeAll(async () => {
  clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text, name text)');
  await clinic.sql('grant select (id, ssn, name), update (ssn, name) on patients to reencryption');
  await clinic.sql('create table seed as table patients');
  const ssn = bound('patients.ssn');
  for (let id = 0; id < 40; id++) {
    await clinic.sql('insert into seed values ($1, $2, $3)', [
      id,
      id % 10 === 3
        ? null
        : id % 10 === 4
          ? 'damaged'
          : sealed(`ssn ${id}`, id % 10 === 5 ? k2 : k1, ssn),
      sealed(`name ${id}`, k1, bound('patients.name')),
    ]);
  }
});
afterAll(() => clinic?.stop());

const expected = [
  {
    columnId: 'patients.name',
    nulls: 0,
    skipped: 0,
    rewritten: 40,
    quarantined: 0,
    gone: 0,
    opened: 0,
    remaining: 0,
  },
  {
    columnId: 'patients.ssn',
    nulls: 4,
    skipped: 4,
    rewritten: 28,
    quarantined: 4,
    gone: 0,
    opened: 0,
    remaining: 0,
  },
];
let nth = 0;

/** Starts over, works with this door until it fails or is done, then without faults. */
async function run(door: BulkPostgresDoor) {
  await clinic.sql('truncate patients');
  await clinic.sql('insert into patients table seed');
  const secret = `crash ${nth++}`;
  const job = await startJob(clinic, engineOf(clinic, columns), secret);
  const failed = await workOn(engineOf(clinic, columns, { door, limits }), job).then(
    () => undefined,
    (error: Error) => error,
  );
  const again = await workOn(engineOf(clinic, columns, { limits }), job);
  const third = await workOn(engineOf(clinic, columns, { limits }), job);
  return { job, secret, failed, again, third };
}

async function assertWhole(): Promise<void> {
  const rows = await clinic.sql<{ id: number; ssn: string | null; name: string }>(
    'select id, ssn, name from patients order by id',
  );
  const target = new KeyRing([k2]);
  for (const { id, ssn, name } of rows) {
    expect(opened(name, bound('patients.name'), target)).toBe(`name ${id}`);
    if (id % 10 !== 3 && id % 10 !== 4) {
      expect(opened(ssn ?? '', bound('patients.ssn'), target)).toBe(`ssn ${id}`);
    }
  }
}

describe('a worker that is killed', () => {
  test(
    'at any statement, before it or with its answer lost, leaves work that converges to the same counts',
    async () => {
      const unanswered: number[] = [];
      const whole = faultyDoor((moment, text) => {
        if (moment % 1 !== 0 && (text === 'commit' || text.includes('update only'))) {
          unanswered.push(moment);
        }
      });
      await run(whole.door);
      const last = whole.seen() + 0.5;
      expect(last).toBeGreaterThan(30);
      let killed = 0;
      // Every moment with PROOF=full. Here a quarter of those that decide, and of the others a share, never the same.
      const every = (step: number, from: number) =>
        Array.from({ length: Math.floor((last - from) / step) + 1 }, (_, at) => from + at * step);
      const drawn = Number(process.env.SEED ?? Math.floor(Math.random() * 16)) % 16;
      const deciding = unanswered.filter((_, at) => at % 4 === drawn % 4);
      const moments = full ? every(0.5, 1) : [...deciding, ...every(16, 1 + drawn / 2)];
      for (const moment of moments) {
        const { job, secret, failed, again, third } = await run(killedAt(moment).door);
        killed += failed === undefined ? 0 : 1;
        expect({ moment, done: again.done, idle: third.windows }).toEqual({
          moment,
          done: true,
          idle: 0,
        });
        expect({ moment, counts: await countsOf(clinic, job) }).toEqual({
          moment,
          counts: expected,
        });
        const [seals] = await clinic.sql<{ n: number }>(
          'select sum(seals)::int as n from quarterturn.seal_count where secret = $1',
          [secret],
        );
        // What a killed worker has sent is counted, whether or not it arrived.
        expect(seals?.n).toBeGreaterThanOrEqual(68);
      }
      await assertWhole();
      expect(killed).toBeGreaterThan(moments.length / 2);
    },
    full ? 600_000 : 60_000,
  );

  test.each(['40P01', '40001', '55P03', '57014'])(
    '%s is tried again within the call',
    async (sqlstate) => {
      let faults = 0;
      const { door } = faultyDoor((moment, text) => {
        if (moment % 1 === 0 && text.includes('update only') && faults < 3) {
          faults += 1;
          throw answer(sqlstate);
        }
      });
      const { job, failed } = await run(door);
      expect(failed).toBeUndefined();
      expect(faults).toBe(3);
      expect(await countsOf(clinic, job)).toEqual(expected);
    },
  );

  test('a connection that is reset, its commit answered or not, is made again', async () => {
    let faults = 0;
    const { door } = faultyDoor((moment, text) => {
      if (moment % 1 !== 0 && text === 'commit' && faults++ % 4 === 3 && faults < 16) {
        throw new PostgresUnreachableError('the test', 'ECONNRESET');
      }
    });
    const { job, failed } = await run(door);
    expect(failed).toBeUndefined();
    expect(faults).toBeGreaterThan(12);
    expect(await countsOf(clinic, job)).toEqual(expected);
    await assertWhole();
  });

  test('what does not pass is not tried for ever', async () => {
    const { door } = faultyDoor((_, text) => {
      if (text.includes('update only')) {
        throw answer('55P03');
      }
    });
    const { failed } = await run(door);
    expect(failed).toMatchObject({ code: 'ERR_ROTATION_POSTGRES', sqlstate: '55P03' });
  });
});
