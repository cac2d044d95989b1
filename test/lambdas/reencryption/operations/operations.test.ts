import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type {
  QuarantinePage,
  ReencryptionDryRun,
  ReencryptionPaused,
  ReencryptionStatus,
} from '../../../../domain/events/reencryption.ts';
import { bound, type Clinic, k1, k2, sealed, startClinic } from '../clinic.ts';
import { setStage } from '../tasks/stage.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

test('a dry run says what a job would meet, plan and find, and writes nothing', async () => {
  const stage = await setStage(clinic);
  stage.promote({ primary: k2, decryptOnly: k1 });
  await stage.write(501, 510, k2);
  const dry = await stage.ask<ReencryptionDryRun>('reencryptionDryRun');
  expect(dry).toMatchObject({
    secret: stage.name,
    targetKid: k2.kid,
    leaves: [{ leaf: `"public"."${stage.table}"`, walk: 'key', ranges: 2 }],
    rowsLeft: [{ columnId: stage.column.id, kid: k1.kid, rows: 500 }],
  });
  expect(dry.findings.filter(({ level }) => level === 'blocks')).toEqual([]);
  expect(await stage.jobs()).toEqual([]);

  await clinic.sql(`alter table ${stage.table} enable row level security`);
  const refused = await stage.ask<ReencryptionDryRun>('reencryptionDryRun');
  expect(refused.findings).toContainEqual(
    expect.objectContaining({ code: 'COLUMN_UNFIT', level: 'blocks' }),
  );
  expect(refused).toMatchObject({ leaves: [], rowsLeft: [] });
});

test('status is told before, during and after a job; a pause holds its workers until it is taken off', async () => {
  const stage = await setStage(clinic);
  const status = async () => await stage.ask<ReencryptionStatus>('reencryptionStatus');
  const pause = async (operation: string) => await stage.ask<ReencryptionPaused>(operation);
  stage.promote({ primary: k2, decryptOnly: k1 });
  expect(await status()).toEqual({ secret: stage.name, at: expect.any(String) });
  expect(await pause('pauseReencryption')).toEqual({ secret: stage.name, paused: false });

  // Looked at afterwards: what a hook throws is the function's failure, and would be tried again.
  const told: (ReencryptionStatus['job'] | undefined)[] = [];
  const pauses: ReencryptionPaused[] = [];
  const noted: { sinceSeconds: number; movedBefore: boolean }[] = [];
  const rows: object[] = [];
  let calls = 0;
  stage.hooks.before = async ({ task }) => {
    calls += task === 'work' ? 1 : 0;
    if (task === 'work' && calls === 1) {
      pauses.push(await pause('pauseReencryption'));
    }
    if (task === 'work' && calls === 4) {
      const { pausedSince = '', at = '' } = (await stage.record()) ?? {};
      const since = Date.parse(pausedSince);
      const now = stage.bench.clock.now().getTime();
      noted.push({ sinceSeconds: (now - since) / 1_000, movedBefore: Date.parse(at) <= since });
      told.push((await status()).job);
      rows.push(await stage.under());
      pauses.push(await pause('resumeReencryption'));
    }
  };
  expect((await stage.execute('paused')).status).toBe('SUCCEEDED');
  expect(pauses).toMatchObject([
    { paused: true, jobId: expect.stringMatching(/^\d+$/) },
    { paused: false },
  ]);
  // By the first worker that met it; the others find it noted, and the job no further.
  expect(noted).toEqual([{ sinceSeconds: 90, movedBefore: true }]);
  expect(rows).toEqual([{ [k1.kid]: 500 }]);
  expect(told).toMatchObject([
    {
      state: 'active',
      paused: true,
      pass: 0,
      passKind: 'rewrite',
      ranges: { done: 0, total: 2 },
      rowsEstimated: 500,
    },
  ]);
  expect(await stage.record()).not.toHaveProperty('pausedSince');
  expect((await status()).job).toMatchObject({
    state: 'verified',
    targetKid: k2.kid,
    epoch: '1',
    passKind: 'count',
    ranges: { done: 2, total: 2 },
    columns: [{ columnId: stage.column.id, skipped: 500, remaining: 0 }],
    storesOpen: [],
    verifiedAt: expect.any(String),
  });
});

test('the quarantine is told page by page, and its rows by key, reason and kid alone', async () => {
  const stage = await setStage(clinic, { rows: 5 });
  stage.promote({ primary: k2, decryptOnly: k1 });
  const damaged = sealed('v', k1, bound(stage.column.id)).replace(/.$/, '!');
  await clinic.sql(`update ${stage.table} set ssn = $1 where id in (2, 4)`, [damaged]);
  await stage.execute('red');
  const one = await stage.ask<QuarantinePage>('quarantinedRows', { limit: 1 });
  expect(one.rows).toEqual([
    {
      leaf: `"public"."${stage.table}"`,
      columnId: stage.column.id,
      rowKey: ['2'],
      reason: 'MALFORMED',
      kid: k1.kid,
    },
  ]);
  const [{ leaf, columnId, rowKey } = { leaf: '', columnId: '', rowKey: [] }] = one.rows;
  const after = { leaf, columnId, rowKey };
  const two = await stage.ask<QuarantinePage>('quarantinedRows', { limit: 10, after });
  expect(two.rows).toMatchObject([{ rowKey: ['4'] }]);
});

test('nothing is signed off for a job that is not there, nor for a store nobody declared', async () => {
  const stage = await setStage(clinic, { rows: 1, stores: ['archive'] });
  stage.promote({ primary: k2 });
  const signOff = { columnId: 'a.b', reason: 'MALFORMED', by: 'somebody' };
  const word = { store: 'archive', evidence: 'T-1', by: 'somebody' };
  for (const [operation, request, code] of [
    ['acceptQuarantined', signOff, 'NO_JOB'],
    ['attestStore', word, 'NO_JOB'],
    ['attestStore', { ...word, store: 'warehouse' }, 'UNKNOWN_STORE'],
  ] as const) {
    await expect(stage.ask(operation, request)).rejects.toMatchObject({
      code: `ERR_ROTATION_${code}`,
    });
  }
});

test('no line of the log and no answer holds a value, a key or a password', async () => {
  const stage = await setStage(clinic, { rows: 20 });
  stage.promote({ primary: k2, decryptOnly: k1 });
  await stage.execute('told');
  const answers = [
    await stage.ask('reencryptionStatus'),
    await stage.ask('quarantinedRows', { limit: 10 }),
  ];
  const { log } = stage.doors;
  const all = JSON.stringify([
    log.lines,
    answers,
    stage.outside.eventBus.events,
    stage.outside.log,
  ]);
  expect(log.lines.length).toBeGreaterThan(10);
  for (const secret of ['123-45', 'qt1.', clinic.worker.password, keyText(k1), keyText(k2)]) {
    expect(all).not.toContain(secret);
  }
});

const keyText = ({ key }: typeof k1) => key.export().toString('base64');
