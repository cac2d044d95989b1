/** What follows a rotation in an emergency: the old value is proven dead first, whatever fails, and consumers once. */
import { describe, expect, test } from '@jest/globals';
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import type { AfterRotationRecord, Evidence } from '../../../domain/events/control-records.ts';
import {
  type EmergencyRecord,
  emergencyOwner,
  type StageRecord,
} from '../../../domain/events/emergency.ts';
import { isProvenDead } from '../../../domain/policy/proven-dead.ts';
import {
  awaitConsumers,
  maximumLooks,
} from '../../../lambdas/after-rotation/tasks/await-consumers.ts';
import { restarted, rolledOut } from './rollout-world.ts';
import { type Call, database, jwt, name, v0, v1, world } from './world.ts';

const id = '20260517t165500z-9f2c41aa07be63d1';
const owner = emergencyOwner(id);
const at = '2026-05-17T17:00:00.000Z';

const refused: Evidence = {
  fact: 'oldCredentialRefused',
  detail: { role: 'a', host: 'db', port: 5432, control: 'b' },
};
const leaked = { primary: 'b:2', replaced: 'a:1' };

type World = Pick<ReturnType<typeof world>, 'calls' | 'controlTable' | 'doors' | 'before'>;
const tasksOf = ({ calls }: World) => calls.map(({ task, operation }) => task ?? operation);
const recordOf = async ({ controlTable }: World): Promise<AfterRotationRecord> =>
  (await controlTable.getAfterRotation(name, v1)) as AfterRotationRecord;
const eventOf = ({ doors }: World) => doors.eventBus.events.at(-1)?.detail as RotationAuditEvent;
const answering =
  (answers: Readonly<Record<string, object | Error>>) =>
  ({ operation = '' }: Call): object | undefined => {
    const answer = answers[operation];
    if (answer instanceof Error) throw answer;
    return answer;
  };
const failing = (errorName: string) => Object.assign(new Error('no'), { name: errorName });

describe('in an emergency', () => {
  test('the old credential is tried right after its role is closed, and what was found is on record before copies are made', async () => {
    const around = world(database, {
      sync: { function: 'sync', targets: [{ secret: 'secret', to: 'ssm /app/DB' }] } as never,
    });
    await around.rotated(v1, 'emergency', leaked);
    around.before.operation = answering({
      retireRole: { retired: [{ role: 'a', ended: 3, preparedRolledBack: 1, preparedLeft: 0 }] },
      proveOld: { evidence: [refused] },
    });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual([
      ...['begin', 'settled', 'retireRole', 'proveOld', 'recordProof', 'sync', 'audit', 'finish'],
    ]);
    const { proof } = await recordOf(around);
    const ended = {
      fact: 'sessionsEnded',
      detail: { role: 'a', ended: 3, preparedRolledBack: 1, preparedLeft: 0 },
    };
    expect(proof).toEqual({ at, evidence: [ended, refused] });
    expect(isProvenDead(proof?.evidence ?? [])).toBe(true);
    // Told again in the audit event, once.
    expect(eventOf(around).afterRotation.evidence).toEqual([
      ended,
      { fact: 'copied', detail: { target: 'ssm /app/JWT' } },
      refused,
    ]);
    expect(eventOf(around)).not.toHaveProperty('emergency');
  });

  test.each([
    ['a role that cannot be closed', 'retireRole', 'SessionsRemainError', database],
    [
      'a proxy that does not answer',
      'proveProxy',
      'TimeoutError',
      { ...database, connection: 'rdsProxy' as const },
    ],
  ])(
    '%s does not keep it from being looked at, and is told then',
    async (_title, operation, error, secret) => {
      const around = world(secret);
      await around.rotated(v1, 'emergency', leaked);
      const alive = {
        fact: 'oldCredentialNotProvenDead',
        detail: { role: 'a', reason: 'accepted' },
      };
      around.before.operation = answering({
        [operation]: failing(error),
        proveOld: { evidence: [alive] },
      });
      expect(await around.execute()).toBe('FAILED');
      expect(tasksOf(around).slice(-3)).toEqual(['proveOld', 'recordProof', 'stop']);
      const { state, reason, proof } = await recordOf(around);
      expect([state, reason]).toEqual(['stopped', `${error}: no`]);
      expect(proof?.evidence).toEqual([alive]);
      expect(isProvenDead(proof?.evidence ?? [])).toBe(false);
      expect(eventOf(around)).toMatchObject({
        outcome: 'stopped',
        afterRotation: { evidence: [alive] },
      });
    },
  );

  test('a look that fails is told as not proven, and keeps no consumer waiting that holds a dead credential', async () => {
    const around = rolledOut({ secret: database });
    await around.rotated(v1, 'emergency', leaked);
    around.before.operation = answering({ proveOld: failing('PostgresUnreachableError') });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect((await recordOf(around)).proof?.evidence).toEqual([
      { fact: 'oldCredentialNotProvenDead', detail: { reason: 'PostgresUnreachableError' } },
    ]);
    expect(around.rollouts()).toEqual(['use api', 'use worker', 'confirm api', 'confirm worker']);
  });

  test.each<[string, Partial<AfterRotationRecord>, Evidence[], Evidence[]]>([
    [
      'revoked, as the function that stored them read them back',
      { replaced: 'k1' },
      [
        { fact: 'jwtKeysProbed', detail: { primary: 'k2' } },
        { fact: 'oldKeysRevoked', detail: { count: 1, kids: 'k1' } },
      ],
      [{ fact: 'oldKeysRevoked', detail: { count: 1, kids: 'k1' } }],
    ],
    [
      'not proven, where a function of the release before did not look',
      { replaced: 'k1' },
      [{ fact: 'jwtKeysProbed', detail: { primary: 'k2' } }],
      [{ fact: 'oldKeysNotProven', detail: { reason: 'notRecorded' } }],
    ],
    ['none, where it is the first value', {}, [], [{ fact: 'nothingReplaced' }]],
  ])('keys of before are %s', async (_title, more, found, evidence) => {
    const around = world(jwt);
    await around.rotated(v1, 'emergency', { primary: 'k2', ...more });
    await around.controlTable.updateRotation(name, v1, (record) => ({
      ...record,
      evidence: found,
    }));
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual(['begin', 'settled', 'recordProof', 'audit', 'finish']);
    expect((await recordOf(around)).proof).toEqual({ at, evidence });
  });

  test('resumed after it was proven dead, no endpoint is tried again; what was left open is', async () => {
    for (const [evidence, tried] of [
      [refused, 1],
      [{ fact: 'oldCredentialNotProvenDead' }, 2],
    ] as const) {
      const around = world(database);
      await around.rotated(v1, 'emergency', leaked);
      around.before.operation = answering({ proveOld: { evidence: [evidence] } });
      around.before.task = ({ task }) => {
        if (task === 'audit') throw failing('UnexpectedError');
      };
      expect(await around.execute()).toBe('FAILED');
      around.before.task = () => undefined;
      expect(await around.execute({ resume: true }, `${v1}-resumed`)).toBe('SUCCEEDED');
      expect(tasksOf(around).filter((task) => task === 'proveOld')).toHaveLength(tried);
      expect(eventOf(around).afterRotation.evidence).toEqual(
        expect.arrayContaining([expect.objectContaining({ fact: evidence.fact })]),
      );
    }
  });

  test('an execution begun by the release before proves it behind its consumers, and puts it on record as well', async () => {
    const around = rolledOut({ secret: database });
    await around.rotated(v1, 'emergency', { ...leaked, owner });
    around.before.operation = answering({ proveOld: { evidence: [refused] } });
    const { lambda } = around.bench;
    const invoke = lambda.invoke.bind(lambda);
    // What that release's first task knew.
    lambda.invoke = async (...call) => {
      const outcome = await invoke(...call);
      const answer = JSON.parse(outcome.payload) as Record<string, unknown>;
      if (answer.emergency === undefined) return outcome;
      const { proveFirst, awaits, emergency, waiting, started, ...before } = answer;
      expect([proveFirst, awaits, emergency, waiting, started]).toEqual([
        true,
        true,
        id,
        false,
        false,
      ]);
      return { ...outcome, payload: JSON.stringify(before) };
    };
    expect(await around.execute()).toBe('SUCCEEDED');
    const tasks = around.tasks();
    expect(tasks).not.toContain('recordProof');
    expect(tasks.indexOf('proveOld')).toBeGreaterThan(tasks.lastIndexOf('judgeRollout'));
    expect((await recordOf(around)).proof?.evidence).toEqual([refused]);
  });
});

describe('of a version that an emergency asked for', () => {
  const stage = (more: Partial<StageRecord>): StageRecord => ({
    id,
    stage: 'start',
    state: 'running',
    startedAt: '2026-05-17T17:05:00.000Z',
    evidence: [],
    ...more,
  });
  const head = (state: EmergencyRecord['state']): EmergencyRecord => ({
    ...{ id, exposed: ['secret'], others: [], reason: 'leak', suspects: [], keepRunning: false },
    ...{ drill: false, unattended: false, requestedBy: 'ada', execution: 'arn:e', state },
    startedAt: '2026-05-17T16:55:00.000Z',
    consumers: { stop: ['api'], restart: ['worker'], alone: [] },
  });

  async function owned(): Promise<ReturnType<typeof rolledOut>> {
    const around = rolledOut({ consumers: [restarted('api'), restarted('worker')] });
    await around.rotated(v1, 'emergency', { primary: 'k2', replaced: 'k1', owner });
    await around.controlTable.updateRotation(name, v1, (record) => ({
      ...record,
      steps: { ...record.steps, finishSecret: { at, milliseconds: 900, outcome: 'finished' } },
    }));
    await around.emergencies.updateEmergency(id, () => head('running'));
    return around;
  }
  /** What the emergency does while it is waited for. */
  function at_(around: Awaited<ReturnType<typeof owned>>, look: number, does: () => unknown): void {
    const { task } = around.before;
    let looks = 0;
    around.before.task = async (call) => {
      if (call.task === 'awaitConsumers' && ++looks === look) await does();
      return task(call);
    };
  }
  const looksOf = ({ calls }: World) =>
    calls.filter(({ task }) => task === 'awaitConsumers').length;

  test('consumers that it has started with that version are asked, and not restarted', async () => {
    const around = await owned();
    at_(around, 3, () =>
      around.emergencies.updateStage(id, 'start', () => stage({ state: 'done' })),
    );
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.tasks().slice(0, 4)).toEqual([
      'begin',
      'recordProof',
      'awaitConsumers',
      'awaitConsumers',
    ]);
    expect(looksOf(around)).toBe(3);
    expect(around.rollouts()).toEqual(['confirm api', 'confirm worker']);
    expect(eventOf(around)).toMatchObject({
      emergency: id,
      afterRotation: {
        evidence: expect.arrayContaining([
          { fact: 'consumersStartedByEmergency', detail: { emergency: id } },
        ]),
      },
    });
  });

  test.each<[string, (around: Awaited<ReturnType<typeof owned>>) => Promise<unknown>]>([
    [
      'failed',
      ({ emergencies }) => emergencies.updateStage(id, 'start', () => stage({ state: 'failed' })),
    ],
    [
      'was left out',
      ({ emergencies }) => emergencies.updateStage(id, 'start', () => stage({ state: 'skipped' })),
    ],
    ['died', ({ emergencies }) => emergencies.updateEmergency(id, () => head('incomplete'))],
    [
      'began before this version came into use',
      ({ emergencies }) =>
        emergencies.updateStage(id, 'start', () =>
          stage({ state: 'done', startedAt: '2026-05-17T17:00:00.500Z' }),
        ),
    ],
  ])('they are restarted as always when its start %s', async (_title, does) => {
    const around = await owned();
    at_(around, 2, () => does(around));
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(looksOf(around)).toBe(2);
    expect(around.rollouts()).toEqual(['use api', 'use worker', 'confirm api', 'confirm worker']);
  });

  test('they wait for an hour at most', async () => {
    const around = await owned();
    let seen: unknown;
    at_(around, 1, () => {
      seen = around.calls.at(-1);
    });
    at_(around, 2, () => around.emergencies.updateEmergency(id, () => head('incomplete')));
    expect(await around.execute()).toBe('SUCCEEDED');
    await around.emergencies.updateEmergency(id, () => head('running'));
    const record = await recordOf(around);
    await around.controlTable.moveAfterRotation(name, ['finished'], {
      ...record,
      state: 'running',
    });
    const { execution, progress } = seen as { execution: string; progress: object };
    const looked = async (polls: number) =>
      awaitConsumers(around.doors, execution, { ...progress, waiting: true, polls });
    expect(await looked(maximumLooks - 2)).toMatchObject({
      waiting: true,
      polls: maximumLooks - 1,
    });
    expect(await looked(maximumLooks - 1)).toMatchObject({ waiting: false, started: false });
    expect(5 * maximumLooks).toBe(3600);
  });

  test('another emergency that takes the secret is obeyed while they are waited for', async () => {
    const around = await owned();
    at_(around, 2, async () => {
      const record = await recordOf(around);
      const reason = 'preempted by another';
      await around.controlTable.moveAfterRotation(name, ['running'], {
        ...record,
        state: 'stopped',
        reason,
      });
    });
    expect(await around.execute()).toBe('FAILED');
    expect(around.rollouts()).toEqual([]);
    expect(await recordOf(around)).toMatchObject({
      state: 'stopped',
      reason: 'preempted by another',
      proof: { evidence: [{ fact: 'oldKeysNotProven' }] },
    });
  });

  test('one asked for by hand waits for nobody', async () => {
    const around = rolledOut({ consumers: [restarted('api')] });
    await around.rotated(v1, 'emergency', { primary: 'k2', replaced: 'k1', basedOn: v0 });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(looksOf(around)).toBe(0);
    expect(around.rollouts()).toEqual(['use api', 'confirm api']);
  });
});
