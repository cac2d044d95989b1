import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { defaultThrottle } from '../../../domain/policy/throttle.ts';
import { pooledRandom } from '../../../doors/pooled-random.ts';
import { migrate, schemaVersion } from '../../../doors/postgres/ledger-schema.ts';
import { declaredCipher } from '../../../lambdas/reencryption/cipher.ts';
import type { ReencryptedColumn } from '../../../lambdas/reencryption/column.ts';
import { closeJob, latestJob, openJob, pauseJob } from '../../../lambdas/reencryption/job.ts';
import { rowsLeft, verdict } from '../../../lambdas/reencryption/ledger.ts';
import { openPass, passResult } from '../../../lambdas/reencryption/pass.ts';
import { dryPlan, plan } from '../../../lambdas/reencryption/plan.ts';
import { preflight } from '../../../lambdas/reencryption/preflight.ts';
import {
  acceptQuarantined,
  attest,
  attestedStores,
} from '../../../lambdas/reencryption/sign-off.ts';
import { work } from '../../../lambdas/reencryption/worker.ts';
import { fenceState, takeFence } from '../../../lambdas/reencryption/writer-fence.ts';
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
  planAll,
  sealed,
  startClinic,
  startJob,
  stillClock,
  workOn,
} from './clinic.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

let nth = 0;
/** A table of its own with so many rows under the first key. */
async function table(rows: number, definition = 'v text'): Promise<ReencryptedColumn> {
  const name = `t${nth++}`;
  const column = columnOf(`${name}.v`);
  await clinic.sql(`create table ${name} (id int primary key, ${definition})`);
  await clinic.sql(`grant select (id, v), update (v) on ${name} to reencryption`);
  await clinic.sql(`insert into ${name} (id, v) select i, $1 from generate_series(1, ${rows}) i`, [
    sealed('v', k1, bound(column.id)),
  ]);
  return column;
}
const ciphers = (open = new KeyRing([k1, k2, k3])) => ({
  cipherOf: declaredCipher,
  keys: { target: k2, open, random: pooledRandom() },
});
const findingsFor = async (column: ReencryptedColumn, keys?: KeyRing) => {
  const found = await clinic.asWorker((session) => preflight(session, [column], ciphers(keys)));
  return found.filter(
    ({ code, message }) => code !== 'UNDECLARED' && message.includes(column.table.slice(7)),
  );
};

describe('schema quarterturn', () => {
  test('is made once, refuses to go back, and is closed to the application', async () => {
    await clinic.sql('select 1');
    const superuser = await keep(clinic.endpoint, clinic.server.superuser);
    await migrate(superuser.session, 'reencryption');
    const [version] = await clinic.sql(
      'select max(version)::int as v, count(*)::int as n from quarterturn.migration',
    );
    expect(version).toEqual({ v: schemaVersion, n: schemaVersion });
    await clinic.sql('insert into quarterturn.migration (version) values (99)');
    await expect(migrate(superuser.session, 'reencryption')).rejects.toMatchObject({
      code: 'ERR_ROTATION_SCHEMA_NEWER',
    });
    await clinic.sql('delete from quarterturn.migration where version = 99');
    await superuser.close();
    const app = await keep(clinic.endpoint, { username: 'app', password: 'of the application' });
    await expect(app.session.query('select * from quarterturn.job')).rejects.toMatchObject({
      sqlstate: '42501',
    });
    await app.close();
    const drop = clinic.asWorker((session) => session.query('drop table quarterturn.attestation'));
    await expect(drop).rejects.toMatchObject({ sqlstate: '42501' });
  });
});

describe('the plan', () => {
  test('says without writing what it would do, and is written once', async () => {
    const column = await table(1_001);
    const dry = await clinic.asWorker((session) => dryPlan(session, [column], planAll));
    expect(dry).toMatchObject([{ walk: 'key', rowsEstimated: 1_001, bounds: [['400'], ['800']] }]);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'plan');
    expect(await clinic.asWorker((session) => plan(session, job, [column], planAll))).toBe(0);
    const ranges = await clinic.sql(
      `select after_key[1] as after, upto_key[1] as upto from quarterturn.range where job = $1 order by ordinal`,
      [job.id],
    );
    expect(ranges).toEqual([
      { after: null, upto: '400' },
      { after: '400', upto: '800' },
      { after: '800', upto: null },
    ]);
  });

  test('of a large table is cut by a sample of its keys, and still covers all of it', async () => {
    const column = await table(3_000);
    await clinic.sql(`analyze ${column.table}`);
    const limits = { rowsPerRange: 1_500, rowsCutExactly: 10 };
    const [dry] = await clinic.asWorker((session) => dryPlan(session, [column], limits));
    const bounds = (dry?.bounds ?? []).map(([bound]) => Number(bound));
    // Some 16 of its 43 blocks are read: two ranges, or three where the sample does not divide.
    expect([1, 2]).toContain(bounds.length);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
  });
});

describe('preflight', () => {
  test('names what no run would mend', async () => {
    const right = await table(10);
    expect(await findingsFor(right)).toEqual([]);
    expect(await findingsFor({ ...right, column: 'w' })).toMatchObject([
      { code: 'COLUMN_MISSING' },
    ]);
    expect(await findingsFor({ ...right, profile: 'row', primaryKey: ['v'] })).toMatchObject([
      { code: 'COLUMN_UNFIT' },
    ]);
    expect(await findingsFor(right, new KeyRing([k2]))).toMatchObject([
      { code: 'VALUES_REFUSED', level: 'blocks' },
    ]);
    const short = await table(0, 'v varchar(70)');
    await clinic.sql(`insert into ${short.table} values (1, 'plaintext from before')`);
    expect(await findingsFor({ ...short, plaintext: 'seal' })).toMatchObject([
      { code: 'VALUES_REFUSED', message: expect.stringContaining('TOO_LONG') },
    ]);
    const derived = await table(0, `v text, w text generated always as (upper(v)) stored`);
    await clinic.sql(`grant select (w), update (w) on ${derived.table} to reencryption`);
    expect(await findingsFor({ ...derived, column: 'w' })).toMatchObject([
      { message: expect.stringContaining('generated') },
    ]);
    const watched = await table(1);
    await clinic.sql(
      `create function touched() returns trigger language plpgsql as 'begin return new; end'`,
    );
    await clinic.sql(
      `create trigger touch before update on ${watched.table} for each row execute function touched()`,
    );
    await clinic.sql(`create unique index on ${watched.table} (v)`);
    expect(await findingsFor(watched)).toMatchObject([
      { code: 'TRIGGERS', level: 'warns' },
      { code: 'UNIQUE' },
    ]);
    await clinic.sql(`create view t_view as select * from ${right.table}`);
    expect(await findingsFor({ ...right, table: 'public.t_view' })).toMatchObject([
      { code: 'NOT_A_TABLE' },
    ]);
    const copy = await table(1);
    const all = await clinic.asWorker((session) => preflight(session, [right], ciphers()));
    expect(all).toContainEqual(
      expect.objectContaining({ code: 'UNDECLARED', message: expect.stringContaining(copy.table) }),
    );
  });

  test('row-level security is an error and never a filter, in preflight, count and worker', async () => {
    const column = await table(20);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'policies');
    await clinic.sql(`alter table ${column.table} enable row level security`);
    await clinic.sql(`create policy tenants on ${column.table} using (id > 10)`);
    expect(await findingsFor(column)).toMatchObject([
      { code: 'COLUMN_UNFIT', message: expect.stringContaining('row-level') },
    ]);
    await expect(workOn(engine, job)).rejects.toMatchObject({ sqlstate: '42501' });
    const left = clinic.asWorker((session) => rowsLeft(session, [column], ciphers()));
    await expect(left).rejects.toMatchObject({ sqlstate: '42501' });
    await clinic.sql('alter role reencryption bypassrls');
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 20 }]);
    await clinic.sql('alter role reencryption nobypassrls');
    // A sweep only counts where nothing is left: a count that sees a part would be a false zero.
    await clinic.asWorker((session) => openPass(session, job.id, 'sweep', 0, [column], planAll));
    await expect(workOn(engine, job)).rejects.toMatchObject({ sqlstate: '42501' });
  });
});

describe('a worker', () => {
  test('stops when its time is over and when it is paused, and goes on where it was', async () => {
    const column = await table(300);
    const clock = stillClock();
    const now = () => {
      void clock.sleep(100);
      return clock.now();
    };
    const ticking = { ...clock, now };
    const engine = engineOf(clinic, [column], { clock: ticking, limits: { rows: 50 } });
    const job = await startJob(clinic, engine, 'time');
    const soon = new Date(clock.now().getTime() + 2_000);
    const first = await work(engine, job.id, randomUUID(), soon);
    expect(first.done).toBe(false);
    expect(first.windows).toBeGreaterThan(0);
    await clinic.asWorker((session) => pauseJob(session, 'time', true));
    expect(await workOn(engine, job)).toMatchObject({ done: false, paused: true, windows: 0 });
    await clinic.asWorker((session) => pauseJob(session, 'time', false));
    expect((await workOn(engine, job)).done).toBe(true);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 300, skipped: 0 }]);
  });

  test('reads no more than a few megabytes at once, whatever the values weigh', async () => {
    const column = await table(0);
    const here = bound(column.id);
    for (const [id, size] of [1, 200_000, 3_000_000, 1, 900_000].entries()) {
      await clinic.sql(`insert into ${column.table} values ($1, $2)`, [
        id,
        sealed('x'.repeat(size), k1, here),
      ]);
    }
    const engine = engineOf(clinic, [column], { limits: { bytes: 500_000 } });
    const job = await startJob(clinic, engine, 'large');
    // 1 + 200 k + 3 M passes the limit; 1 + 900 k the next; then nothing.
    expect((await workOn(engine, job)).windows).toBe(3);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 5 }]);
  });

  test('waits for a row an application holds no longer than lock_timeout, then tries again', async () => {
    const column = await table(10);
    const app = await keep(clinic.endpoint, clinic.server.superuser);
    await app.session.query('begin');
    await app.session.query(`select from ${column.table} where id = 5 for update`);
    const clock = stillClock();
    const sleep = async (milliseconds: number) => {
      await app.session.query('commit');
      await clock.sleep(milliseconds);
    };
    const engine = engineOf(clinic, [column], {
      clock: { ...clock, sleep },
      limits: { lockTimeout: 100 },
    });
    const job = await startJob(clinic, engine, 'locks');
    await workOn(engine, job);
    expect(clock.slept).toHaveLength(1);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 10 }]);
    await app.close();
  });

  test('waits while the server presses, and goes on when it no longer does', async () => {
    const column = await table(2_000);
    const clock = stillClock();
    let looks = 0;
    const moving = {
      ...clock,
      now: () => {
        looks += 1;
        void clock.sleep(5);
        return clock.now();
      },
    };
    // Any WAL at all is too much; the rate needs two looks, a second apart.
    const throttle = { ...defaultThrottle, walBytesPerSecond: 1 };
    const engine = engineOf(clinic, [column], { clock: moving, limits: { rows: 20, throttle } });
    const job = await startJob(clinic, engine, 'pressure');
    const result = await workOn(engine, job);
    expect(looks).toBeGreaterThan(100);
    expect(result.done).toBe(true);
    expect(result.waited.walRate).toBeGreaterThan(0);
    const calm = await table(200);
    const easy = engineOf(clinic, [calm]);
    const other = await workOn(easy, await startJob(clinic, easy, 'calm'));
    expect(other.waited).toEqual({});
  });

  test('stops when so much is quarantined that it cannot be the values', async () => {
    const column = await table(1_000);
    await clinic.sql(`update ${column.table} set v = 'qt1.damaged' where id <= 500`);
    const engine = engineOf(clinic, [column], { limits: { quarantined: 100 } });
    const job = await startJob(clinic, engine, 'brake');
    await expect(workOn(engine, job)).rejects.toMatchObject({
      code: 'ERR_ROTATION_TOO_MANY_QUARANTINED',
    });
  });

  test('seals nothing with a random source that repeats itself', async () => {
    const column = await table(10);
    const engine = engineOf(clinic, [column], { random: (bytes) => new Uint8Array(bytes) });
    const job = await startJob(clinic, engine, 'stuck');
    await expect(workOn(engine, job)).rejects.toMatchObject({ code: 'ERR_ROTATION_SEAL_REFUSED' });
    expect(await countsOf(clinic, job)).toEqual([]);
  });
});

describe('zero', () => {
  test('is not counted while a writer from before is alive, idle or prepared, nor out of order', async () => {
    const column = await table(10);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'fence');
    await workOn(engine, job);
    const inSession = clinic.asWorker;
    const open = (kind: 'sweep' | 'verify' | 'count', after: number) =>
      inSession((session) => openPass(session, job.id, kind, after, [column], planAll));
    await expect(open('verify', 0)).rejects.toMatchObject({ code: 'ERR_ROTATION_STEP_ORDER' });
    await open('sweep', 0);
    await open('sweep', 0);
    await workOn(engine, job);
    await expect(open('verify', 1)).rejects.toMatchObject({ code: 'ERR_ROTATION_STEP_ORDER' });

    const stale = await keep(clinic.endpoint, clinic.server.superuser);
    await stale.session.query('begin');
    await stale.session.query('select 1');
    await clinic.sql('begin');
    await clinic.sql(`insert into ${column.table} values (11, $1)`, [
      sealed('prepared', k1, bound(column.id)),
    ]);
    await clinic.sql(`prepare transaction 'of an application server'`);
    await inSession((session) => takeFence(session, job.id, 'writers'));
    const state = () => inSession((session) => fenceState(session, job.id, 'writers'));
    expect(await state()).toEqual({ cleared: false, transactions: 1, prepared: 1 });
    // A transaction that began later is not waited for.
    const younger = await keep(clinic.endpoint, clinic.server.superuser);
    await younger.session.query('begin');
    await younger.session.query('select 1');
    await stale.session.query('commit');
    await stale.close();
    expect(await state()).toEqual({ cleared: false, transactions: 0, prepared: 1 });
    await expect(open('verify', 1)).rejects.toMatchObject({ code: 'ERR_ROTATION_STEP_ORDER' });
    await clinic.sql(`commit prepared 'of an application server'`);
    expect((await state()).cleared).toBe(true);
    await younger.close();

    // What it wrote is what verification finds: nothing is proven, and the sweep is next.
    await open('verify', 1);
    await workOn(engine, job);
    expect(await inSession((session) => passResult(session, job.id))).toMatchObject({
      remaining: 1,
    });
    const left = await inSession((session) => rowsLeft(session, [column], ciphers()));
    expect(left).toEqual([
      { columnId: column.id, leaf: expect.stringContaining('t'), kid: k1.kid, rows: 1 },
    ]);
    await finish(clinic, engine, job);
    expect((await inSession((session) => verdict(session, job.id))).findings).toEqual([]);
    await expect(workOn(engine, job)).rejects.toMatchObject({ code: 'ERR_ROTATION_JOB_FENCED' });
  });

  test('needs every damaged value signed off and every other store vouched for', async () => {
    const column = await table(10);
    // Begins as one under the target key, and does not open.
    const damaged = sealed('v', k2, bound(column.id)).replace(/.$/, '!');
    await clinic.sql(`update ${column.table} set v = $1 where id = 3`, [damaged]);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'vouched');
    await workOn(engine, job);
    expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: 9, skipped: 1 }]);
    await finish(clinic, engine, job);
    const ask = () => clinic.asWorker((session) => verdict(session, job.id, ['archive']));
    expect((await ask()).findings).toEqual([
      `1 quarantined rows of ${column.id} are not signed off`,
      'nobody has attested that store archive holds the target key only',
    ]);
    const signOff = { columnId: column.id, reason: 'MALFORMED', by: 'the data officer' };
    await clinic.asWorker(async (session) => {
      expect(await acceptQuarantined(session, job.id, signOff)).toBe(1);
      await attest(session, {
        secret: 'vouched',
        store: 'archive',
        kid: k2.kid,
        by: 'ops',
        evidence: 'T-1',
      });
    });
    expect(await ask()).toEqual({ green: true, findings: [] });
    expect(await ask()).toEqual({ green: true, findings: [] });

    // Taken back to the key before, and forth again: what the store got meanwhile nobody has looked at.
    const word = { secret: 'vouched', store: 'archive', kid: k2.kid, by: 'ops', evidence: 'T-2' };
    const vouched = () =>
      clinic.asWorker((session) =>
        attestedStores(session, { secret: 'vouched', targetKid: k2.kid }),
      );
    await clinic.asWorker(async (session) => {
      await attest(session, word);
      const back = { secret: 'vouched', targetKid: k1.kid, keysetVersion: 'v' };
      await openJob(session, { ...back, mode: 'online' });
      await closeJob(session, 'vouched', 'rollback');
    });
    expect(await vouched()).toEqual(new Set());
    await clinic.asWorker((session) => attest(session, word));
    expect(await vouched()).toEqual(new Set(['archive']));
  });

  test('is not hidden behind a damaged value that was signed off', async () => {
    const column = await table(10);
    // Every count takes it for one under the target key; it explains no row that is not.
    const damaged = sealed('v', k2, bound(column.id)).replace(/.$/, '!');
    await clinic.sql(`update ${column.table} set v = $1 where id = 3`, [damaged]);
    const engine = engineOf(clinic, [column]);
    const job = await startJob(clinic, engine, 'hidden');
    await workOn(engine, job);
    const late = sealed('v', k1, bound(column.id));
    await finish(clinic, engine, job, () =>
      clinic.sql(`update ${column.table} set v = $1 where id = 4`, [late]),
    );
    const signOff = { columnId: column.id, reason: 'MALFORMED', by: 'the data officer' };
    const { findings } = await clinic.asWorker(async (session) => {
      await acceptQuarantined(session, job.id, signOff);
      return verdict(session, job.id);
    });
    expect(findings).toEqual([
      `1 rows of ${column.id} were not under the target key when counted again, 0 of them known`,
    ]);
  });

  test('the latest of eleven jobs is the eleventh', async () => {
    const wanted = { secret: 'eleven', keysetVersion: 'v', mode: 'online' } as const;
    for (let nth = 1; nth <= 11; nth++) {
      await clinic.asWorker((session) => openJob(session, { ...wanted, targetKid: k2.kid }));
      await clinic.asWorker((session) => closeJob(session, wanted.secret, 'rollback'));
    }
    expect(await clinic.asWorker((session) => latestJob(session, wanted.secret))).toMatchObject({
      epoch: '11',
    });
  });

  test('nothing the ledger holds is a value or a key', async () => {
    const tables = await clinic.sql<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c where relnamespace = 'quarterturn'::regnamespace and relkind = 'r'`,
    );
    for (const { name } of tables) {
      const [row] = await clinic.sql<{ n: number }>(
        `select count(*)::int as n from ${name} as t where t::text ~ 'qt1\\.[0-9a-f]{16}' or t::text ~ 'plaintext'`,
      );
      expect({ name, n: row?.n }).toEqual({ name, n: 0 });
    }
  });
});
