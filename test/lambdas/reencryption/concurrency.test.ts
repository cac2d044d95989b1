import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { closeJob, openJob } from '../../../lambdas/reencryption/job.ts';
import { verdict } from '../../../lambdas/reencryption/ledger.ts';
import { work } from '../../../lambdas/reencryption/worker.ts';
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
  keep,
  later,
  opened,
  sealed,
  startClinic,
  startJob,
  workOn,
} from './clinic.ts';
import { faultyDoor } from './crashing-postgres.ts';

const full = process.env.PROOF === 'full';
const rows = full ? 20_000 : 1_000;
jest.setTimeout(full ? 600_000 : 30_000);
const column = columnOf('patients.ssn');
const here = bound('patients.ssn');
let clinic: Clinic;

beforeAll(async () => {
  clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text) with (fillfactor = 70)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
});
afterAll(() => clinic?.stop());

/** id → plaintext as the application wrote it last. */
async function fill(): Promise<Map<number, string>> {
  const truth = new Map<number, string>();
  for (let id = 0; id < rows; id++) {
    truth.set(id, `first ${id}`);
  }
  const values = [...truth.values()].map((text) => sealed(text, k1, here));
  await clinic.sql('truncate patients');
  await clinic.sql(
    'insert into patients select i - 1, v from unnest($1::text[]) with ordinality u(v, i)',
    [values],
  );
  return truth;
}

async function lostUpdates(truth: ReadonlyMap<number, string>): Promise<number> {
  const found = await clinic.sql<{ id: number; ssn: string }>('select id, ssn from patients');
  expect(found).toHaveLength(truth.size);
  return found.filter(({ id, ssn }) => opened(ssn, here) !== truth.get(id)).length;
}

/** Between what the worker reads and what it writes, the application writes, deletes and renames rows. */
function disturbed(truth: Map<number, string>, rewrite?: (text: string) => string) {
  let writes = 0;
  const { door } = faultyDoor(async (moment, text) => {
    if (moment % 1 !== 0 || !text.includes('update only')) {
      return;
    }
    for (let burst = 0; burst < 10; burst++) {
      const id = (writes * 37) % rows;
      writes += 1;
      const value = `written ${writes}`;
      if (writes % 9 === 0) {
        truth.delete(id);
        await clinic.sql('delete from patients where id = $1', [id]);
      } else if (writes % 11 === 0 && truth.has(id)) {
        truth.set(id + 1_000_000, truth.get(id) ?? '');
        truth.delete(id);
        await clinic.sql('update patients set id = id + 1000000 where id = $1', [id]);
      } else if (truth.has(id)) {
        truth.set(id, value);
        // Every third writer has not heard of the new key yet.
        const key = writes % 3 === 0 ? k1 : k2;
        await clinic.sql('update patients set ssn = $2 where id = $1', [
          id,
          sealed(value, key, here),
        ]);
      }
    }
  }, rewrite);
  return { door, writes: () => writes };
}

describe('beside an application that writes', () => {
  test('no update is lost, nothing deleted comes back, and the sweep finds what stale writers wrote', async () => {
    const truth = await fill();
    const { door, writes } = disturbed(truth);
    const engine = engineOf(clinic, [column], { door, limits: { rows: 500 } });
    const job = await startJob(clinic, engine, 'writers');
    expect((await workOn(engine, job)).done).toBe(true);
    expect(writes()).toBeGreaterThan(90);
    expect(await lostUpdates(truth)).toBe(0);
    const [counts] = await countsOf(clinic, job);
    expect(counts?.gone).toBeGreaterThan(0);
    expect(counts?.skipped).toBeGreaterThan(0);
    await finish(clinic, engineOf(clinic, [column]), job);
    expect(await lostUpdates(truth)).toBe(0);
    expect((await clinic.asWorker((session) => verdict(session, job.id))).findings).toEqual([]);
  });

  test('the same run without the comparison loses updates: this test can fail', async () => {
    const truth = await fill();
    const { door } = disturbed(truth, (text) =>
      text.replace('t."ssn"::text = u.o0 collate "C"', 'true'),
    );
    const engine = engineOf(clinic, [column], { door, limits: { rows: 500 } });
    await workOn(engine, await startJob(clinic, engine, 'naive'));
    expect(await lostUpdates(truth)).toBeGreaterThan(0);
  });

  test('real writers at full speed lose nothing and read every value', async () => {
    const truth = await fill();
    const engine = engineOf(clinic, [column], { limits: { rows: 64 } });
    const job = await startJob(clinic, engine, 'traffic');
    let isRunning = true;
    let operations = 0;
    const traffic = [0, 1].map(async (half) => {
      const app = await keep(clinic.endpoint, clinic.server.superuser);
      while (isRunning) {
        const id = ((operations * 7) % (rows / 2)) * 2 + half;
        operations += 1;
        const value = `live ${operations}`;
        const [row] = await app.session.query<{ ssn: string }>(
          'select ssn from patients where id = $1',
          [id],
        );
        expect(opened(row?.ssn ?? '', here)).toBe(truth.get(id));
        await app.session.query('update patients set ssn = $2 where id = $1', [
          id,
          sealed(value, k2, here),
        ]);
        truth.set(id, value);
      }
      await app.close();
    });
    await Promise.all([workOn(engine, job), workOn(engine, job)]).finally(() => {
      isRunning = false;
    });
    await Promise.all(traffic);
    expect(operations).toBeGreaterThan(10);
    expect(await lostUpdates(truth)).toBe(0);
  });
});

describe('two workers', () => {
  test('share the ranges, and another run writes nothing', async () => {
    const truth = await fill();
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'two workers');
    const results = await Promise.all([workOn(engine, job), workOn(engine, job)]);
    expect(results.map(({ ranges }) => ranges).reduce((a, b) => a + b)).toBe(
      Math.floor(rows / 400) + 1,
    );
    const [counts] = await countsOf(clinic, job);
    expect(counts).toMatchObject({ rewritten: rows, skipped: 0, gone: 0 });
    const before = await clinic.sql('select ssn from patients order by id');
    expect(await workOn(engine, job)).toMatchObject({ done: true, ranges: 0, windows: 0 });
    expect(await clinic.sql('select ssn from patients order by id')).toEqual(before);
    expect(await lostUpdates(truth)).toBe(0);
  });

  test('that take ranges from each other all the time seal every value once', async () => {
    const truth = await fill();
    const engine = engineOf(clinic, [column], { limits: { rows: 40, leaseSeconds: -1 } });
    const job = await startJob(clinic, engine, 'thieves');
    await Promise.all([workOn(engine, job), workOn(engine, job), workOn(engine, job)]);
    const done = await workOn(engine, job);
    expect(done.done).toBe(true);
    // Whoever has lost a range writes down nothing of it: nothing is counted twice.
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: rows, skipped: 0, gone: 0 }]);
    expect(await lostUpdates(truth)).toBe(0);
  });
});

describe('a job that is closed', () => {
  test('writes nothing from the moment the emergency has closed it, and a new one goes to the newer key', async () => {
    await fill();
    const under = async (kid: string) =>
      (
        await clinic.sql<{ n: number }>(
          `select count(*)::int as n from patients where starts_with(ssn, $1)`,
          [`qt1.${kid}.`],
        )
      )[0]?.n;
    let batches = 0;
    let atClose: number | undefined;
    let closing: Promise<void> | undefined;
    let closed = false;
    const other = await keep(clinic.endpoint, clinic.worker);
    const { door } = faultyDoor(async (moment, text) => {
      if (moment % 1 !== 0 && text.includes('for share') && ++batches === 7) {
        // The batch holds the row: the emergency waits for it.
        closing = closeJob(other.session, 'leaked', 'emergency').then(() => {
          closed = true;
        });
      }
      if (moment % 1 === 0 && text === 'commit' && closing !== undefined && !closed) {
        await clinic.sql('select 1');
        expect(closed).toBe(false);
      }
      if (moment % 1 !== 0 && text === 'commit' && closing !== undefined) {
        await closing;
        atClose ??= await under(k2.kid);
      }
    });
    const engine = engineOf(clinic, [column], { door });
    const job = await startJob(clinic, engine, 'leaked');
    await expect(workOn(engine, job)).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_FENCED' });
    const stopped = await under(k2.kid);
    expect(stopped).toBe(atClose);
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThan(rows);
    const late = work(engine, job.id, randomUUID(), later);
    await expect(late).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_FENCED' });
    const next = await startJob(clinic, engineOf(clinic, [column]), 'leaked', k3);
    expect(BigInt(next.epoch)).toBe(BigInt(job.epoch) + 1n);
    await workOn(engineOf(clinic, [column]), next);
    expect([await under(k1.kid), await under(k2.kid), await under(k3.kid)]).toEqual([0, 0, rows]);
    await other.close();
  });

  test('is one of one: a second target is refused while a job is active', async () => {
    const wanted = {
      secret: 'one',
      targetKid: k2.kid,
      keysetVersion: 'v1',
      mode: 'online',
    } as const;
    const first = await clinic.asWorker((session) => openJob(session, wanted));
    expect(await clinic.asWorker((session) => openJob(session, wanted))).toEqual(first);
    const second = clinic.asWorker((session) => openJob(session, { ...wanted, targetKid: k3.kid }));
    await expect(second).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_ACTIVE' });
    const behindItsBack = clinic.sql(
      `insert into quarterturn.job (secret, target_kid, keyset_version, mode, epoch) values ('one', $1, 'v', 'online', 9)`,
      [k3.kid],
    );
    await expect(behindItsBack).rejects.toMatchObject({ sqlstate: '23505' });
  });
});
