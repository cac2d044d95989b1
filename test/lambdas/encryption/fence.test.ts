/** Rollback and emergency on top of a running job: a real PostgreSQL, the real engine, the real function. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { acceptedKeys, type Keyset } from '../../../domain/secrets/keyset.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { fenceJob } from '../../../lambdas/encryption/fence.ts';
import { closeJob, openJob } from '../../../lambdas/reencryption/job.ts';
import { work } from '../../../lambdas/reencryption/worker.ts';
import {
  bound,
  type Clinic,
  engineOf,
  later,
  opened,
  sealed,
  startClinic,
  startJob,
  workOn,
} from '../reencryption/clinic.ts';
import { faultyDoor } from '../reencryption/crashing-postgres.ts';
import { rotation } from '../rotation-in-memory.ts';
import { column, primaryOf, type RotatingClinic, rotatingClinic } from './rotating-clinic.ts';

const rows = 1_000;
const here = bound(column.id);
let clinic: Clinic;
let it: RotatingClinic;

beforeAll(async () => {
  clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
}, 60_000);
afterAll(() => clinic?.stop());
beforeEach(async () => {
  await clinic.sql('truncate patients');
  await clinic.sql('truncate quarterturn.job cascade');
});
afterEach(() => it?.world.stop());

const ring = (keyset: Keyset) => new KeyRing(acceptedKeys(keyset, it.world.clock.now()));
const primary = async () => new CipherKey(primaryOf(await it.keyset()));
const under = async (kid: string) => {
  const [row] = await clinic.sql<{ n: number }>(
    `select count(*)::int as n from patients where ssn like $1`,
    [`qt1.${kid}.%`],
  );
  return row?.n;
};
const jobs = () =>
  clinic.sql('select state, closed_because as because from quarterturn.job order by id');

/** Rows under a first key, and a job toward the second one on record. */
async function rotated(): Promise<{ first: CipherKey; second: CipherKey }> {
  it = await rotatingClinic(clinic);
  await it.world.rotate();
  await it.world.finishAfterRotation();
  const first = await primary();
  const values = Array.from({ length: rows }, (_, id) => sealed(`row ${id}`, first, here));
  await clinic.sql(
    'insert into patients select i - 1, v from unnest($1::text[]) with ordinality u(v, i)',
    [values],
  );
  const { activated } = await it.turn();
  const second = await primary();
  await onRecord(second.kid, activated);
  return { first, second };
}

const onRecord = (targetKid: string, versionId: string) =>
  it.world.control.updateReencryption(it.world.secretName, () => ({
    state: 'active',
    mode: 'online',
    targetKid,
    versionId,
    findings: [],
    at: it.world.clock.now().toISOString(),
  }));

/** The engine as its function makes it; `during` is called once, while the third batch holds the job's row. */
function engine(keyset: Keyset, during: () => void = () => undefined) {
  let batches = 0;
  const { door } = faultyDoor((moment, text) => {
    if (moment % 1 !== 0 && text.includes('for share') && ++batches === 3) {
      during();
    }
  });
  return engineOf(clinic, [column], { door, keys: ring(keyset), limits: { rows: 50 } });
}

describe.each(['emergency', 'rollback'] as const)(
  'a running job, and a %s on top of it',
  (intent) => {
    test('writes nothing more once setSecret is over, and no row goes back to its key afterwards', async () => {
      const { first, second } = await rotated();
      const { world } = it;
      let promotion: Promise<string> = Promise.resolve('');
      let atPromotion: number | undefined;
      const running = engine(await it.keyset(), () => {
        // Not awaited: setSecret waits for the very batch this is called from.
        promotion = compromise().then(async () => {
          const token = await world.rotate({ intent });
          atPromotion = await under(second.kid);
          return token;
        });
      });
      const compromise = async () => {
        if (intent === 'emergency') {
          await world.control.putCompromised(world.secretName, {
            material: second.kid,
            at: world.clock.now().toISOString(),
            recordedBy: 'test',
          });
        }
      };
      const job = await startJob(clinic, running, world.secretName, second);
      await expect(workOn(running, job)).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_FENCED' });
      const token = await promotion;
      expect((await world.labels()).AWSCURRENT).toBe(token);
      expect(await it.facts(token, 'reencryptionClosed')).toEqual([
        {
          fact: 'reencryptionClosed',
          detail: { job: job.id, epoch: job.epoch, targetKid: second.kid },
        },
      ]);
      expect(await jobs()).toEqual([{ state: 'closed', because: intent }]);

      const stopped = await under(second.kid);
      expect(stopped).toBe(atPromotion);
      expect(stopped).toBeGreaterThan(0);
      expect(stopped).toBeLessThan(rows);
      // A worker that comes late finds the same: nothing to do under this job any more.
      const late = work(running, job.id, randomUUID(), later);
      await expect(late).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_FENCED' });

      // What it wrote stays readable, and the next job takes it along; the server refuses any way back.
      const target = await primary();
      const left = intent === 'emergency' ? [first, second] : [second];
      const keys = ring(await it.keyset());
      await clinic.sql(`create function no_way_back() returns trigger language plpgsql as $$ begin
        if new.ssn like 'qt1.${second.kid}.%' then raise 'back to a key that was left'; end if; return new; end $$`);
      await clinic.sql(
        'create trigger no_way_back before update on patients for each row execute function no_way_back()',
      );
      try {
        const next = engine(await it.keyset());
        await workOn(next, await startJob(clinic, next, world.secretName, target));
      } finally {
        await clinic.sql('drop function no_way_back cascade');
      }
      expect(await Promise.all(left.map(({ kid }) => under(kid)))).toEqual(left.map(() => 0));
      expect(await under(target.kid)).toBe(rows);
      const found = await clinic.sql<{ id: number; ssn: string }>('select id, ssn from patients');
      expect(found.filter(({ id, ssn }) => opened(ssn, here, keys) !== `row ${id}`)).toEqual([]);
    });
  },
);

describe('a database that cannot be asked', () => {
  test('is told by an emergency, and stops nothing: the next job is opened in the place of the old one', async () => {
    const { second } = await rotated();
    const { world } = it;
    const running = engine(await it.keyset());
    await startJob(clinic, running, world.secretName, second);
    it.unreachable = true;
    const token = await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await it.facts(token, 'reencryptionNotClosed')).toEqual([
      { fact: 'reencryptionNotClosed', detail: { code: 'ERR_ROTATION_POSTGRES_UNREACHABLE' } },
    ]);
    expect(await jobs()).toMatchObject([{ state: 'active' }]);
    // One active job of a secret: whoever opens the next one has to close this one first.
    const wanted = {
      secret: world.secretName,
      targetKid: (await primary()).kid,
      keysetVersion: token,
      mode: 'online',
    } as const;
    await clinic.asWorker(async (session) => {
      await expect(openJob(session, wanted)).rejects.toMatchObject({
        code: 'ERR_ROTATION_JOB_ACTIVE',
      });
      await closeJob(session, world.secretName, 'another key');
      expect((await openJob(session, wanted)).state).toBe('active');
    });
  });

  test('stops a rollback before anything is promoted, until it can be asked', async () => {
    const { second } = await rotated();
    const { world } = it;
    await startJob(clinic, engine(await it.keyset()), world.secretName, second);
    it.unreachable = true;
    const before = (await world.labels()).AWSCURRENT;
    const token = await world.begin({ intent: 'rollback' });
    expect((await world.labels()).AWSCURRENT).toBe(before);
    expect((await world.control.getRotation(world.secretName, token))?.failure).toMatchObject({
      step: 'setSecret',
      code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
    });
    it.unreachable = false;
    await world.clock.settle(6 * 3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await jobs()).toEqual([{ state: 'closed', because: 'rollback' }]);
  });
});

describe('nothing to close', () => {
  const job: ReencryptionRecord = {
    state: 'verified',
    mode: 'online',
    targetKid: 'aaaaaaaaaaaaaaaa',
    versionId: 'v',
    findings: [],
    at: '2026-05-17T17:00:02.000Z',
  };
  const rowsOf = (known: boolean) => async () => ({
    secretName: 'pii',
    zeroProofs: new Map(),
    ...(known && { job }),
  });
  const asWorker = async () => clinic.worker;

  test('is found where the ledger was never made', async () => {
    await clinic.server.session((client) => client.query('create database untouched'));
    const asked = rotation<never>('rollback', { rows: rowsOf(true), companion: asWorker });
    await fenceJob(nodePostgres, { ...clinic.endpoint, dbname: 'untouched' }, asked);
    expect(asked.facts).toEqual([]);
  });

  test('is known without a login where there never was a job, and for whoever is refused while one runs', async () => {
    const nobody = { withSession: () => Promise.reject(new Error('no database')) };
    await fenceJob(nobody, clinic.endpoint, rotation('rollback', { rows: rowsOf(false) }));
    await fenceJob(nobody, clinic.endpoint, rotation('rollback'));
    for (const intent of ['planned', 'activate'] as const) {
      await fenceJob(nobody, clinic.endpoint, rotation(intent, { rows: rowsOf(true) }));
    }
  });

  test('of another secret: its job goes on', async () => {
    const wanted = {
      secret: 'other',
      targetKid: 'aaaaaaaaaaaaaaaa',
      keysetVersion: 'v',
      mode: 'online',
    } as const;
    await clinic.asWorker((session) => openJob(session, wanted));
    await fenceJob(
      nodePostgres,
      clinic.endpoint,
      rotation<never>('emergency', { rows: rowsOf(true), companion: asWorker }),
    );
    expect(await jobs()).toMatchObject([{ state: 'active' }]);
  });
});
