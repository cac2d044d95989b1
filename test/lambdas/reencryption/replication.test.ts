import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { defaultThrottle, type ThrottleLimits } from '../../../domain/policy/throttle.ts';
import { preflight } from '../../../lambdas/reencryption/preflight.ts';
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
  stillClock,
  workOn,
} from './clinic.ts';

const rows = 200;
const column = columnOf('patients.ssn');
const here = bound('patients.ssn');
let clinic: Clinic;

/** The clinic's table, published, and a subscriber in a database of its own. */
beforeAll(async () => {
  clinic = await startClinic({
    wal_level: 'logical',
    // What is committed is in the WAL, where replication begins to read.
    synchronous_commit: 'on',
    max_slot_wal_keep_size: '4GB',
    // A subscriber that has caught up says so within a second.
    wal_receiver_status_interval: '1s',
  });
  await clinic.sql('create table patients (id int primary key, ssn text)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
  await clinic.sql('create publication changes for table patients');
  await clinic.server.session((client) => client.query('create database copy'));
  await inCopy('create table patients (id int primary key, ssn text)');
  await clinic.sql(`select pg_create_logical_replication_slot('copy', 'pgoutput')`);
  const { port, superuser } = clinic.server;
  await inCopy(
    `create subscription copy connection 'host=localhost port=${port} dbname=clinic user=${superuser.username} password=${superuser.password} sslmode=require'
       publication changes with (create_slot = false, slot_name = 'copy', copy_data = false)`,
  );
  await clinic.sql(
    'insert into patients select i, v from unnest($1::text[]) with ordinality u(v, i)',
    [Array.from({ length: rows }, (_, at) => sealed(`ssn ${at + 1}`, k1, here))],
  );
});
afterAll(() => clinic?.stop());

async function inCopy(text: string): Promise<Record<string, unknown>[]> {
  return clinic.server.session(async (client) => (await client.query(text)).rows, {
    database: 'copy',
  });
}

/** Everything that was written here has been replayed there. */
async function caughtUp(): Promise<void> {
  const [mark] = await clinic.sql<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
  await until(`(select bool_and(replay_lsn >= '${mark?.lsn}') from pg_stat_replication)`);
}

async function until(condition: string): Promise<void> {
  for (;;) {
    const [row] = await clinic.sql<{ done: boolean }>(`select ${condition} as done`);
    if (row?.done === true) {
      return;
    }
  }
}

let nth = 0;
async function run(limits: Partial<ThrottleLimits>, target = k2, sleep?: () => Promise<void>) {
  const clock = stillClock();
  // The engine looks at the server once a second; every look at this clock is one.
  const hurried = {
    now: () => {
      void clock.sleep(200);
      return clock.now();
    },
    async sleep(milliseconds: number) {
      await clock.sleep(milliseconds);
      await sleep?.();
    },
  };
  const engine = engineOf(clinic, [column], {
    clock: hurried,
    limits: { rows: 20, throttle: { ...defaultThrottle, ...limits } },
  });
  const job = await startJob(clinic, engine, `replication ${nth++}`, target);
  const { done, waited } = await workOn(engine, job);
  expect(done).toBe(true);
  expect(await countsOf(clinic, job)).toMatchObject([{ rewritten: rows }]);
  return waited;
}

describe('a database that is replicated', () => {
  test('is named by preflight: its slots keep the WAL, its subscribers the old ciphertext', async () => {
    const engine = engineOf(clinic, [column]);
    const keys = { target: k2, open: engine.keys, random: engine.random };
    const findings = await clinic.asWorker((session) =>
      preflight(session, [column], { cipherOf: engine.cipherOf, keys }),
    );
    expect(findings).toContainEqual({
      code: 'SLOT',
      level: 'warns',
      message: expect.stringContaining('logical replication slot copy'),
    });
  });

  test('hands every new value on, and a subscriber opens it with the new key alone', async () => {
    await run({});
    await caughtUp();
    const copied = await inCopy('select id, ssn from patients order by id');
    expect(copied).toHaveLength(rows);
    for (const { id, ssn } of copied) {
      expect(opened(String(ssn), here, new KeyRing([k2]))).toBe(`ssn ${id}`);
    }
  });

  test.each([
    ['default', false],
    ['full', true],
  ])(
    'with REPLICA IDENTITY %s: the stream carries the old ciphertext: %s',
    async (kind, carried) => {
      await clinic.sql(`alter table patients replica identity ${kind}`);
      await clinic.sql(`select pg_create_logical_replication_slot('eyes', 'pgoutput')`);
      const before = await clinic.sql<{ ssn: string }>('select ssn from patients where id = 1');
      await run({}, before[0]?.ssn.startsWith(`qt1.${k1.kid}.`) ? k2 : k1);
      const [seen] = await clinic.sql<{ changes: number; old: boolean }>(
        `select count(*)::int as changes, bool_or(position(convert_to($1, 'UTF8') in data) > 0) as old
         from pg_logical_slot_peek_binary_changes('eyes', null, null, 'proto_version', '1', 'publication_names', 'changes')`,
        [before[0]?.ssn],
      );
      await clinic.sql(`select pg_drop_replication_slot('eyes')`);
      await clinic.sql('alter table patients replica identity default');
      expect(seen?.changes).toBeGreaterThan(rows);
      expect(seen?.old).toBe(carried);
    },
  );
});

describe('what presses, each alone, makes the job wait, and goes on when it no longer does:', () => {
  /** Every job moves all rows to the other key. */
  const other = async () => {
    const [row] = await clinic.sql<{ ssn: string }>('select ssn from patients where id = 1');
    return row?.ssn.startsWith(`qt1.${k1.kid}.`) ? k2 : k1;
  };

  test('a standby that is behind, where the role may see it', async () => {
    // Any lag at all is too much; it ends with the subscription.
    const limits = { replicationLagSeconds: 0 };
    expect(await run(limits, await other())).toEqual({});
    await clinic.sql('grant pg_read_all_stats to reencryption');
    let waits = 0;
    const waited = await run(limits, await other(), async () => {
      waits += 1;
      if (waits === 3) {
        await inCopy('alter subscription copy disable');
        await until('not exists (select from pg_stat_replication)');
      }
    });
    await clinic.sql('revoke pg_read_all_stats from reencryption');
    expect(waits).toBe(3);
    expect(Object.keys(waited)).toEqual(['replicationLag']);
  });

  test('a slot that would soon be lost', async () => {
    await clinic.sql(`select pg_create_physical_replication_slot('forgotten', true)`);
    const [slot] = await clinic.sql<{ left: number }>(
      `select safe_wal_size::float8 as left from pg_replication_slots where slot_name = 'forgotten'`,
    );
    let waits = 0;
    const waited = await run(
      { slotBytesLeft: (slot?.left ?? 0) + 1e9 },
      await other(),
      async () => {
        waits += 1;
        if (waits === 3) {
          await clinic.sql(`alter system set max_slot_wal_keep_size = '64GB'`);
          await clinic.sql('select pg_reload_conf()');
          await clinic.sql(`select pg_drop_replication_slot('forgotten')`);
        }
      },
    );
    expect(waits).toBeGreaterThanOrEqual(3);
    expect(Object.keys(waited)).toEqual(['slot']);
  });

  test('the WAL of the whole server', async () => {
    expect(Object.keys(await run({ walBytesPerSecond: 100 }, await other()))).toEqual(['walRate']);
  });

  test('batches that take long', async () => {
    expect(Object.keys(await run({ batchP95Milliseconds: 1 }, await other()))).toEqual(['latency']);
  });
});
