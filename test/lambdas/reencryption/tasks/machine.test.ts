import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ReencryptionAuditEvent } from '../../../../domain/events/audit-event.ts';
import { scopeOf } from '../../../../domain/policy/counted-scope.ts';
import { PostgresUnreachableError } from '../../../../doors/postgres/errors.ts';
import { closeJob } from '../../../../lambdas/reencryption/job.ts';
import { arnOf } from '../../../doors/in-memory-secrets.ts';
import { bound, type Clinic, k1, k2, k3, sealed, startClinic } from '../clinic.ts';
import { type Call, type Stage, setStage } from './stage.ts';

const inFull = process.env.PROOF === 'full' ? test : test.skip;
let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

const eventsOf = ({ outside }: Stage) =>
  outside.eventBus.events.map(({ detail }) => detail as ReencryptionAuditEvent);
const first = (task: string, then: (call: Call) => Promise<void> | void) => {
  let isFirst = true;
  return async (call: Call) => {
    if (call.task === task && isFirst) {
      isFirst = false;
      await then(call);
    }
  };
};

/** Another column of the table, with rows under the earlier key. */
async function declareNote({ column, deployed }: Stage): Promise<void> {
  const note = { ...column, id: `${column.id}_note`, column: 'note' };
  await clinic.sql(`alter table ${column.table} add note text`);
  await clinic.sql(`update ${column.table} set note = $1`, [sealed('flu', k1, bound(note.id))]);
  await clinic.sql(
    `grant select (note), update (note) on ${column.table} to ${clinic.worker.username}`,
  );
  Object.assign(deployed, { columns: [column, note] });
}

describe('rows under an earlier key', () => {
  test('follow: every one is under the new key, proven, on record, and told', async () => {
    const stage = await setStage(clinic, { workers: 2 });
    const version = stage.promote({ primary: k2, decryptOnly: k1 });
    const at = stage.bench.clock.now().toISOString();
    const due = {
      state: 'due' as const,
      mode: 'online' as const,
      targetKid: k2.kid,
      versionId: version,
      findings: [],
      at,
    };
    await stage.controlTable.updateReencryption(stage.name, () => due);
    expect((await stage.execute('one')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k2.kid]: 500 });
    expect(await stage.record()).toMatchObject({
      state: 'verified',
      targetKid: k2.kid,
      execution: stage.executionArn('one'),
      epoch: '1',
      findings: [],
      rowsLeft: [{ columnId: stage.column.id, rows: 0 }],
    });
    const proofs = await stage.controlTable.getZeroProofs(stage.name);
    expect([...proofs.values()]).toEqual([
      {
        kid: k1.kid,
        targetKid: k2.kid,
        epoch: '1',
        firstProvenAt: (await stage.record())?.at,
        lastProvenAt: (await stage.record())?.at,
        scope: scopeOf(stage.deployed),
      },
    ]);
    expect(stage.doors.metrics.emitted).toMatchObject([
      { dimensions: { Secret: stage.name }, values: { ReencryptionUnproven: 0 } },
    ]);
    expect(eventsOf(stage)).toMatchObject([
      {
        type: 'credential-reencryption',
        outcome: 'verified',
        secret: { name: stage.name, arn: arnOf(stage.name) },
        targetKid: k2.kid,
        columns: [{ columnId: stage.column.id, rewritten: 500, opened: 500, remaining: 0 }],
        findings: [],
      },
    ]);
    // Readers knew the key since the record was due, writers are waited for as long again.
    const wait = stage.bench.clock.now().getTime() - Date.parse(at);
    expect(wait).toBeGreaterThanOrEqual(600_000);
    expect(wait).toBeLessThan(700_000);
  });

  // Every invocation and every call, one at a time: test/matrix/machines/reencryption.test.ts.
  inFull('the same when every task runs twice and its first answer is lost', async () => {
    const stage = await setStage(clinic);
    stage.promote({ primary: k2, decryptOnly: k1 });
    const lost = new Set<string>();
    stage.hooks.after = ({ task, progress }) => {
      const site = `${task} ${progress.pass ?? ''}`;
      if (!lost.has(site) && task !== 'reencryptionEnded') {
        lost.add(site);
        throw Object.assign(new Error('the answer was lost'), { name: 'Sandbox.Timedout' });
      }
    };
    expect((await stage.execute('twice')).status).toBe('SUCCEEDED');
    expect(lost.size).toBeGreaterThan(12);
    expect(await stage.under()).toEqual({ [k2.kid]: 500 });
    expect(await stage.jobs()).toMatchObject([{ state: 'verified', rewritten: 500 }]);
    expect((await stage.record())?.state).toBe('verified');
  });

  test('an execution that was stopped in the middle is replaced by one over the same ledger', async () => {
    const stage = await setStage(clinic);
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.before = first('verify', async ({ execution }) => {
      await stage.bench.run('StopExecution', { executionArn: execution });
    });
    expect((await stage.execute('stopped')).status).toBe('ABORTED');
    expect(await stage.record()).toMatchObject({ state: 'active', jobId: expect.any(String) });
    const before = stage.bench.clock.now().getTime();
    expect((await stage.execute('next')).status).toBe('SUCCEEDED');
    expect(await stage.jobs()).toMatchObject([{ state: 'verified', epoch: 1, rewritten: 500 }]);
    // The readers' cache has been waited for already; only writers are.
    expect(stage.bench.clock.now().getTime() - before).toBeLessThan(400_000);
  });

  test('a verified record leaves nothing to do, and is counted once more when somebody asks', async () => {
    const stage = await setStage(clinic, { rows: 50 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    await stage.execute('one');
    stage.calls.length = 0;
    expect((await stage.execute('two')).status).toBe('SUCCEEDED');
    expect(stage.tasks()).toEqual(['begin']);
    // Somebody restored rows from before.
    await stage.write(51, 60, k1);
    expect((await stage.execute('again', { again: true })).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k2.kid]: 60 });
    expect(await stage.jobs()).toMatchObject([
      { state: 'verified', epoch: 1, rewritten: 50 },
      { state: 'verified', epoch: 2, rewritten: 10 },
    ]);
    const now = (await stage.controlTable.getZeroProofs(stage.name)).get(k1.kid);
    // A backup of yesterday holds them: for how long is counted from now.
    const at = (await stage.record())?.at;
    expect(now).toMatchObject({ epoch: '2', firstProvenAt: at, lastProvenAt: at });
    expect((await stage.execute('third', { again: true })).status).toBe('SUCCEEDED');
    const third = (await stage.controlTable.getZeroProofs(stage.name)).get(k1.kid);
    expect(third).toMatchObject({ epoch: '3', firstProvenAt: at });
    expect(third?.lastProvenAt).not.toBe(at);
  });

  test('a column that is declared later is counted, and what was proven begins anew', async () => {
    const stage = await setStage(clinic, { rows: 20 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    await stage.execute('one');
    const before = (await stage.controlTable.getZeroProofs(stage.name)).get(k1.kid);
    await declareNote(stage);
    expect((await stage.execute('two')).status).toBe('SUCCEEDED');
    expect(await stage.jobs()).toMatchObject([{ epoch: 1 }, { epoch: 2, rewritten: 20 }]);
    const after = (await stage.controlTable.getZeroProofs(stage.name)).get(k1.kid);
    expect(after?.scope).not.toBe(before?.scope);
    expect(after?.firstProvenAt).toBe(after?.lastProvenAt);
    expect((await stage.execute('three')).status).toBe('SUCCEEDED');
    expect(await stage.jobs()).toHaveLength(2);
  });

  test('a table that is declared while the job counts leaves zero unproven', async () => {
    const stage = await setStage(clinic, { rows: 20 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.before = first('verdict', () => declareNote(stage));
    expect((await stage.execute('one')).status).toBe('FAILED');
    expect((await stage.controlTable.getZeroProofs(stage.name)).size).toBe(0);
    expect((await stage.record())?.findings).toEqual([
      expect.stringContaining('was not counted by this job'),
    ]);
  });

  test('a proof from before its key was primary again is none', async () => {
    const stage = await setStage(clinic, { rows: 5 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    await stage.execute('one');
    const since = new Date(stage.bench.clock.now().getTime() + 1_000).toISOString();
    // It was rolled back to, and then left again.
    stage.promote({ primary: k3, decryptOnly: k2, disabled: k1 }, since);
    await stage.execute('two');
    const proof = (await stage.controlTable.getZeroProofs(stage.name)).get(k1.kid);
    expect(proof?.firstProvenAt).toBe(proof?.lastProvenAt);
  });
});

describe('what takes the place of a job', () => {
  test('another primary key: nothing is written toward the old one, and the next job rewrites it all', async () => {
    const stage = await setStage(clinic);
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.before = first('work', () => void stage.promote({ primary: k3, decryptOnly: k2 }));
    expect((await stage.execute('old')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k1.kid]: 500 });
    expect(eventsOf(stage)).toEqual([]);
  });

  test('an emergency that closed it: the next one rewrites what the stopped one wrote', async () => {
    const stage = await setStage(clinic);
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.after = first('work', async () => {
      await clinic.asWorker((session) => closeJob(session, stage.name, 'emergency'));
    });
    expect((await stage.execute('closed')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k2.kid]: 500 });
    expect((await stage.record())?.state).toBe('active');
    await stage.controlTable.putCompromised(stage.name, {
      material: k2.kid,
      at: stage.bench.clock.now().toISOString(),
      recordedBy: 'security',
    });
    stage.promote({ primary: k3, decryptOnly: k2 });
    expect((await stage.execute('after')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k3.kid]: 500 });
    expect(await stage.jobs()).toMatchObject([
      { target: k2.kid, state: 'closed' },
      { target: k3.kid, state: 'verified' },
    ]);
  });

  test('a compromised key is no target: it stops on record, and no row moves', async () => {
    const stage = await setStage(clinic, { rows: 5 });
    const versionId = stage.promote({ primary: k2, decryptOnly: k1 });
    const at = stage.bench.clock.now().toISOString();
    await stage.controlTable.updateReencryption(stage.name, () => ({
      state: 'due',
      mode: 'online',
      targetKid: k2.kid,
      versionId,
      findings: [],
      at,
    }));
    await stage.controlTable.putCompromised(stage.name, { material: k2.kid, at, recordedBy: 's' });
    expect((await stage.execute('refused')).status).toBe('FAILED');
    expect(await stage.under()).toEqual({ [k1.kid]: 5 });
    expect(await stage.record()).toMatchObject({
      state: 'stopped',
      findings: [expect.stringContaining('TargetRefusedError')],
    });
    expect(eventsOf(stage)).toMatchObject([{ outcome: 'stopped', targetKid: k2.kid }]);
  });

  test('a second execution over the same ledger: the older one ends replaced, and the rows move once', async () => {
    const stage = await setStage(clinic);
    stage.promote({ primary: k2, decryptOnly: k1 });
    // As reencrypt resume, between a Continue and the Begin of what continues.
    stage.hooks.after = first('work', async () => {
      await stage.bench.run('StartExecution', {
        stateMachineArn: stage.machine,
        name: 'newer',
        input: JSON.stringify(stage.input()),
      });
    });
    expect((await stage.execute('older')).status).toBe('SUCCEEDED');
    expect((await stage.bench.described(stage.executionArn('newer'))).status).toBe('SUCCEEDED');
    expect(await stage.lastState('older')).toBe('Replaced');
    expect(await stage.lastState('newer')).toBe('Finished');
    expect(await stage.under()).toEqual({ [k2.kid]: 500 });
    expect(await stage.jobs()).toMatchObject([{ state: 'verified', epoch: 1, rewritten: 500 }]);
    expect(await stage.record()).toMatchObject({
      state: 'verified',
      execution: stage.executionArn('newer'),
    });
    expect(eventsOf(stage)).toMatchObject([{ outcome: 'verified' }]);
  });

  test('of two executions the one that began last goes on', async () => {
    const stage = await setStage(clinic, { rows: 5 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.before = first('sweep', async () => {
      await stage.controlTable.updateReencryption(stage.name, (found) =>
        found === undefined ? found : { ...found, execution: stage.executionArn('other') },
      );
    });
    expect((await stage.execute('first')).status).toBe('SUCCEEDED');
    expect(stage.tasks().at(-1)).toBe('sweep');
    expect((await stage.record())?.state).toBe('active');
  });
});

describe('what nobody vouched for', () => {
  test('is unproven until it is signed off and counted again; the sign-off lasts for the next count', async () => {
    const stage = await setStage(clinic, { rows: 20, stores: ['archive'] });
    stage.promote({ primary: k2, decryptOnly: k1 });
    const damaged = sealed('v', k1, bound(stage.column.id)).replace(/.$/, '!');
    await clinic.sql(`update ${stage.table} set ssn = $1 where id = 3`, [damaged]);
    expect(await stage.execute('red')).toMatchObject({
      status: 'FAILED',
      error: 'ReencryptionUnproven',
    });
    expect(await stage.record()).toMatchObject({
      state: 'unproven',
      rowsLeft: [{ columnId: stage.column.id, rows: 1 }],
      findings: [
        `1 quarantined rows of ${stage.column.id} are not signed off`,
        'nobody has attested that store archive holds the target key only',
      ],
    });
    expect((await stage.controlTable.getZeroProofs(stage.name)).size).toBe(0);
    expect(eventsOf(stage)).toMatchObject([
      { outcome: 'unproven', findings: [/^1/, /archive/].map((it) => expect.stringMatching(it)) },
    ]);
    expect(stage.doors.metrics.emitted.at(-1)?.values).toEqual({ ReencryptionUnproven: 1 });

    const page = await stage.ask('quarantinedRows', { limit: 10 });
    expect(page.rows).toMatchObject([{ rowKey: ['3'], reason: 'MALFORMED', kid: k1.kid }]);
    const signOff = { columnId: stage.column.id, reason: 'MALFORMED', by: 'the data officer' };
    expect(await stage.ask('acceptQuarantined', signOff)).toMatchObject({ accepted: 1 });
    const word = { store: 'archive', evidence: 'T-1', by: 'ops' };
    expect(await stage.ask('attestStore', word)).toMatchObject({ kid: k2.kid });
    expect((await stage.execute('green', { again: true })).status).toBe('SUCCEEDED');
    expect((await stage.record())?.state).toBe('verified');
    expect(await stage.jobs()).toMatchObject([{ epoch: 1, state: 'verified' }]);

    expect((await stage.execute('later', { again: true })).status).toBe('SUCCEEDED');
    expect(await stage.jobs()).toMatchObject([{ epoch: 1 }, { epoch: 2, state: 'verified' }]);
    expect(await stage.ask('quarantinedRows', { limit: 10 })).toMatchObject({
      rows: [{ acceptedBy: 'the data officer' }],
    });
  });
});

describe('maintenance mode', () => {
  test('waits for consumers, moves rows to the published key, and only then lets it be activated', async () => {
    const stage = await setStage(clinic, { mode: 'maintenance', rows: 30 });
    const versionId = stage.promote({ primary: k1, published: k2 });
    await stage.controlTable.putAfterRotation(stage.name, {
      versionId,
      state: 'running',
      intent: 'planned',
      basedOn: null,
      publishedKid: k2.kid,
      execution: 'arn:aws:states:eu-west-1:000000000000:execution:after-rotation:handed-over',
      at: stage.bench.clock.now().toISOString(),
    });
    // Said for the maintenance before this one.
    const earlier = new Date(stage.bench.clock.now().getTime() - 1_000).toISOString();
    await stage.controlTable.putConsumers(stage.name, { stopped: true, by: 'x', at: earlier });
    let polls = 0;
    stage.hooks.before = async ({ task }) => {
      polls += task === 'consumers' ? 1 : 0;
      if (polls === 3) {
        await stage.controlTable.putConsumers(stage.name, {
          stopped: true,
          by: 'on-call',
          at: stage.bench.clock.now().toISOString(),
        });
      }
    };
    stage.hooks.after = ({ task }) => {
      expect({ task, early: task === 'open' && polls < 3 }).toEqual({ task, early: false });
    };
    expect((await stage.execute('kept')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k2.kid]: 30 });
    expect(await stage.record()).toMatchObject({
      state: 'verified',
      mode: 'maintenance',
      targetKid: k2.kid,
    });
    expect(stage.stepFunctions.started).toMatchObject([
      {
        name: `${versionId}-proven-1`,
        input: { versionId, takeOver: expect.stringContaining('handed-over') },
      },
    ]);
    // K1 is primary until then: its rows may come back, so there is nothing to prove of it yet.
    expect((await stage.controlTable.getZeroProofs(stage.name)).size).toBe(0);
    expect(stage.tasks().indexOf('resumeAfterRotation')).toBeGreaterThan(
      stage.tasks().indexOf('verdict'),
    );
    expect(eventsOf(stage)).toMatchObject([{ outcome: 'verified', mode: 'maintenance' }]);
  });

  test('has the hook stop consumers, and its 2xx is the word; a hook that fails changes no row', async () => {
    const consumersHook = 'https://hook.example.com/consumers';
    const stage = await setStage(clinic, { mode: 'maintenance', rows: 5, consumersHook });
    const versionId = stage.promote({ primary: k1, published: k2 });
    await stage.controlTable.putAfterRotation(stage.name, {
      versionId,
      state: 'running',
      intent: 'planned',
      basedOn: null,
      publishedKid: k2.kid,
      execution: 'arn:aws:states:eu-west-1:000000000000:execution:after-rotation:handed-over',
      at: stage.bench.clock.now().toISOString(),
    });
    const { asked, answers } = stage.outside.consumersHook;
    answers.splice(0, 1, 302);
    expect((await stage.execute('failed')).status).toBe('FAILED');
    expect(await stage.record()).toMatchObject({
      state: 'stopped',
      findings: [expect.stringMatching(/^ConsumersHookError: .* answered 302; expected 2xx/)],
    });
    expect(await stage.under()).toEqual({ [k1.kid]: 5 });
    expect(await stage.controlTable.getConsumers(stage.name)).toBeUndefined();
    expect(asked).toHaveLength(9);
    answers.splice(0, 1, 200);
    expect((await stage.execute('stopped')).status).toBe('SUCCEEDED');
    expect(asked.at(-1)).toEqual({
      url: consumersHook,
      event: 'stop',
      secret: stage.name,
      deployment: 'clinic/prod',
      execution: stage.executionArn('stopped'),
    });
    expect(await stage.controlTable.getConsumers(stage.name)).toMatchObject({
      stopped: true,
      by: 'consumers-hook',
    });
    expect(await stage.under()).toEqual({ [k2.kid]: 5 });
    expect(stage.tasks().filter((task) => task === 'consumers')).toHaveLength(1);
  });

  test('after an emergency nothing waits for activation, and consumers may start', async () => {
    const stage = await setStage(clinic, { mode: 'maintenance', rows: 5 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    const at = stage.bench.clock.now().toISOString();
    await stage.controlTable.putConsumers(stage.name, { stopped: true, by: 'on-call', at });
    expect((await stage.execute('emergency')).status).toBe('SUCCEEDED');
    expect(stage.stepFunctions.started).toEqual([]);
    expect(await stage.controlTable.getConsumers(stage.name)).toMatchObject({ stopped: false });
  });
});

describe('a failure', () => {
  test('of the database that passes is waited for', async () => {
    const stage = await setStage(clinic, { rows: 5 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    const { postgres } = stage.doors;
    let away = 3;
    stage.doors.postgres = {
      withBulkSession: (...given) => {
        away -= 1;
        if (away >= 0) throw new PostgresUnreachableError('db:5432', 'ECONNREFUSED');
        return postgres.withBulkSession(...given);
      },
    };
    expect((await stage.execute('patient')).status).toBe('SUCCEEDED');
    expect(stage.tasks().filter((task) => task === 'preflight')).toHaveLength(4);
  });

  test('that lasts stops it on record, tells why, and a person resumes it', async () => {
    const stage = await setStage(clinic, { rows: 5 });
    stage.promote({ primary: k2, decryptOnly: k1 });
    stage.hooks.before = first('work', async () => {
      await clinic.sql(`revoke update (ssn) on ${stage.table} from reencryption`);
    });
    expect((await stage.execute('denied')).status).toBe('FAILED');
    expect(await stage.record()).toMatchObject({
      state: 'stopped',
      findings: [expect.stringMatching(/PostgresError.*42501/)],
    });
    expect(eventsOf(stage)).toMatchObject([{ outcome: 'stopped' }]);
    await clinic.sql(`grant update (ssn) on ${stage.table} to reencryption`);
    expect((await stage.execute('resumed')).status).toBe('SUCCEEDED');
    expect(await stage.under()).toEqual({ [k2.kid]: 5 });
    expect(await stage.record()).toMatchObject({ state: 'verified', findings: [] });
  });

  test('a request that names another secret, or fits nothing, is refused before anything is read', async () => {
    const stage = await setStage(clinic, { rows: 1 });
    stage.promote({ primary: k2 });
    const progress = { secretName: stage.name, secretArn: arnOf(stage.name) };
    const execution = 'arn:aws:states:eu-west-1:000000000000:execution:m:1';
    const foreign = { secretName: 'other', secretArn: arnOf('other') };
    for (const [event, code] of [
      [{ task: 'begin', execution, progress: foreign }, 'FOREIGN_SECRET'],
      [
        { task: 'begin', execution, progress: { ...progress, secretArn: arnOf('other') } },
        'FOREIGN_SECRET',
      ],
      [{ operation: 'reencryptionStatus', secret: 'other' }, 'FOREIGN_SECRET'],
      [{ task: 'drop', execution, progress }, 'INVALID_REQUEST'],
      [{ task: 'open', execution, progress }, 'INVALID_REQUEST'],
      [{ operation: 'drop', secret: stage.name }, 'INVALID_REQUEST'],
      [{ operation: 'toString', secret: stage.name }, 'INVALID_REQUEST'],
      [{ operation: 'reencryptionStatus', secret: stage.name, value: 1 }, 'INVALID_REQUEST'],
      ['nothing', 'INVALID_REQUEST'],
    ] as const) {
      await expect(stage.answer(event)).rejects.toMatchObject({ code: `ERR_ROTATION_${code}` });
    }
    expect(stage.reads).toEqual([]);
  });
});
