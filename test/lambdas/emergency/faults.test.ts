import { describe, expect, test } from '@jest/globals';
import { type EmergencyStage, emergencyStages } from '../../../domain/events/emergency.ts';
import { AwsUnansweredError } from '../../../doors/aws-call.ts';
import {
  dead,
  executionArn,
  id,
  input,
  jwt,
  nameOf,
  scalar,
  served,
  suspect,
  versionOf,
} from './deployment.ts';
import { type Call, expectOnce, world } from './world.ts';

const isFull = process.env.PROOF === 'full';
const seed = Number(process.env.SEED ?? 20_261_123);
const asked = { ...input, secrets: ['jwt'], others: true, suspects: [suspect] };
/** As if the function had died, or its answer got lost: the machine tries the task again. */
const lost = () =>
  Object.assign(new Error('lost'), {
    name: 'Lambda.SdkClientException',
    code: 'ERR_ROTATION_LOST',
  });
/** Of which no second try helps. */
const broken = () => Object.assign(new Error('broken'), { name: 'TypeError' });

/** What works in each stage, as its machine names it. */
const taskOf: Record<EmergencyStage, string> = {
  announce: 'announce',
  contain: 'contain',
  stop: 'stop',
  protect: 'protect',
  protectOthers: 'protectOthers',
  start: 'started',
  settle: 'settle',
  accessAudit: 'accessAudit',
  report: 'report',
  tell: 'tell',
};

describe('what was told and could not be noted is told again', () => {
  test.each([
    ['begun', 'announce', broken],
    // Which the machine tries again.
    ['closed', 'tell', () => new AwsUnansweredError('UpdateItem', 'ETIMEDOUT', {}, undefined)],
  ] as const)('regression: %s, the same under the same id', async (phase, stage, error) => {
    const around = world();
    const told = () => around.told().filter((event) => event.phase === phase);
    let task: string | undefined;
    let isLost = false;
    around.before.task = (call) => {
      task = call.task;
    };
    around.before.door = (name, when) => {
      const isNote = task === stage && name === 'records.updateStage' && when === 'before';
      if (isLost || !isNote || told().length === 0) return;
      isLost = true;
      throw error();
    };
    await around.execute(asked);
    if (told().length === 1) await around.execute(asked, 'second');
    const [first, again] = told();
    expect(again).toEqual({ ...first, at: again?.at });
  });
});

describe('a stage that fails', () => {
  test.each(emergencyStages.map((stage) => [stage]))(
    '%s: every later one follows, the record says why, and an execution under the same id finishes it',
    async (stage) => {
      const around = world();
      around.before.task = ({ task }) => {
        if (task === taskOf[stage]) throw broken();
      };
      expect(await around.execute(asked)).toMatchObject({
        status: 'FAILED',
        error: 'EmergencyIncomplete',
      });
      const states = await around.stages();
      expect(Object.keys(states).sort()).toEqual([...emergencyStages].sort());
      expect(states[stage]).toBe('failed');
      expect((await around.records.getStage(id, stage))?.reason).toContain('TypeError');
      const others = Object.entries(states).filter(([other]) => other !== stage);
      expect(others.every(([, state]) => state === 'done' || state === 'skipped')).toBe(true);
      expect(await around.head()).toMatchObject({ state: 'incomplete' });
      const told = around.told().at(-1);
      if (stage !== 'tell') expect(told?.failedStages).toEqual([stage]);

      around.before.task = () => undefined;
      expect((await around.execute(asked, 'second')).status).toBe('SUCCEEDED');
      expect(await around.head()).toMatchObject({ state: 'closed' });
      expect(around.told().at(-1)).toMatchObject({ phase: 'closed' });
      // Consumers that run with the new values are not stopped once more.
      expect((await around.stages())[stage]).toBe(stage === 'stop' ? 'skipped' : 'done');
      await expectOnce(around);
      expect(Object.fromEntries(around.running)).toMatchObject({ api: true });
    },
  );

  test('a secret that is not promoted in ten minutes is asked for anew under the same id, the others are not', async () => {
    const around = world();
    around.before.rotation = (name) => (name === nameOf('jwt') ? 'stuck' : 'promoted');
    expect((await around.execute()).status).toBe('FAILED');
    expect(await around.secret('jwt')).toMatchObject({
      state: 'failed',
      attempts: 1,
      reason: expect.stringMatching(/NotPromotedError: .* not AWSCURRENT/),
    });
    expect((await around.secret('db'))?.state).toBe('proven');
    expect(around.told().at(-1)).toMatchObject({ phase: 'incomplete', failedStages: ['protect'] });
    expect(around.told().at(-1)?.deadAt).toBeUndefined();

    around.before.rotation = () => 'promoted';
    // The way is cleared by the secret's own function.
    around.stored.stages.set(nameOf('jwt'), { [versionOf('jwt')]: ['AWSCURRENT'] });
    expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
    expect(await around.secret('jwt')).toMatchObject({ state: 'proven', attempts: 2 });
    expect((await around.secret('db'))?.attempts).toBe(1);
    expect(around.stored.rotations).toHaveLength(3);
  });

  test('a credential that is not proven dead keeps it from being closed, and is changed once more', async () => {
    const around = world();
    around.before.proof = (name) =>
      name === nameOf('db') ? [{ fact: 'oldCredentialNotProvenDead' }] : dead;
    expect((await around.execute()).status).toBe('FAILED');
    expect(await around.head()).toMatchObject({ state: 'incomplete' });
    expect((await around.records.getStage(id, 'protect'))?.reason).toMatch(
      /: db: .* not proven dead/,
    );
    expect(around.told().at(-1)).toMatchObject({ phase: 'incomplete', failedStages: ['protect'] });
    expect(around.told().at(-1)?.deadAt).toBeUndefined();

    around.before.proof = () => dead;
    expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
    expect(await around.secret('db')).toMatchObject({ state: 'proven', attempts: 2 });
    expect((await around.secret('jwt'))?.attempts).toBe(1);
    expect(around.told().at(-1)?.deadAt).toBeDefined();
  });

  test('what follows a rotation stopped: the stages say so, and it goes on with the emergency', async () => {
    const around = world();
    around.before.after = (name) => (name === nameOf('db') ? 'stopped' : 'finished');
    expect((await around.execute()).status).toBe('FAILED');
    expect(await around.stages()).toMatchObject({
      protect: 'failed',
      settle: 'failed',
      report: 'done',
    });
    expect(await around.secret('db')).toMatchObject({
      state: 'failed',
      afterRotation: 'stopped: NotWell: api',
    });
    around.before.after = () => 'finished';
    expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
    expect(await around.secret('db')).toMatchObject({
      state: 'proven',
      attempts: 1,
      afterRotation: 'finished',
    });
    const resumed = [...around.executions].filter(([name]) => name.includes('-resume-'));
    expect(resumed).toMatchObject([[expect.anything(), { resume: true }]]);
  });
});

test('a key whose readers did not stop is left as it is; gone on with, they stop, it changes, and they wait for their rows', async () => {
  const around = world({ secrets: [jwt, scalar], consumers: [served('api', ['pii', 'jwt'])] });
  const both = { ...input, secrets: ['jwt', 'pii'] };
  const { invoke } = around.doors.functions;
  around.doors.functions.invoke = async (name, request) => {
    const { operation } = request as { operation?: string };
    if (operation !== 'stop') return invoke(name, request);
    return {
      done: true,
      consumers: [{ consumer: 'api', state: 'failed', detail: 'AccessDenied' }],
    };
  };
  expect((await around.execute(both)).status).toBe('FAILED');
  expect(await around.stages()).toMatchObject({ stop: 'failed', protect: 'failed', start: 'done' });
  expect(await around.secret('pii')).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('api may still run'),
  });
  // It holds the old key of the other secret: it was restarted instead.
  expect(around.effects).toContain('restart api');

  around.doors.functions.invoke = invoke;
  expect((await around.execute(both, 'second')).status).toBe('SUCCEEDED');
  expect((await around.secret('pii'))?.state).toBe('proven');
  expect(Object.fromEntries(around.running)).toEqual({ api: false });
  expect((await around.records.getStage(id, 'start'))?.evidence).toMatchObject([
    { fact: 'consumerWaits' },
  ]);
});

test('what follows a rotation stopped after the old credential was dead: an execution under the same id has it go on', async () => {
  const around = world();
  around.before.task = ({ task }) => {
    if (task === 'start') around.before.after = () => 'stopped';
  };
  expect((await around.execute()).status).toBe('FAILED');
  expect(await around.stages()).toMatchObject({ protect: 'done', settle: 'failed' });
  around.before.task = () => undefined;
  around.before.after = () => 'finished';
  expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
  expect(await around.head()).toMatchObject({ state: 'closed' });
});

describe('a task that is cut off', () => {
  const retried = async (arm: (around: ReturnType<typeof world>) => void) => {
    const around = world();
    arm(around);
    expect((await around.execute(asked)).status).toBe('SUCCEEDED');
    expect(await around.head()).toMatchObject({ state: 'closed' });
    await expectOnce(around);
    expect((await around.secret('jwt'))?.attempts).toBe(1);
    return around;
  };

  test('every task may run twice: its answer was lost', async () => {
    const seen = new Set<string>();
    const around = await retried(({ before }) => {
      before.answer = ({ task = '', progress }: Call) => {
        const what = `${task} ${progress?.key ?? ''}`;
        if (seen.has(what)) return;
        seen.add(what);
        throw lost();
      };
    });
    expect(seen.size).toBeGreaterThan(20);
    // The same fact has the same id, however often it is sent.
    expect(new Set(around.told().map((event) => event.id)).size).toBe(2);
  });

  test('before, or after, any call of any door', async () => {
    const count = { calls: 0 };
    await retried(({ before }) => {
      before.door = (_name, when) => {
        if (when === 'before') count.calls += 1;
      };
    });
    const share = isFull ? 1 : 60;
    const met = Array.from({ length: count.calls * 2 }, (_, site) => site).filter(
      (site) => site % share === seed % share,
    );
    for (const site of met) {
      let calls = 0;
      let told = '';
      const when = site % 2 === 0 ? 'before' : 'after';
      try {
        await retried(({ before }) => {
          before.door = (name, at) => {
            if (at !== when || told !== '') return;
            calls += 1;
            if (calls <= Math.floor(site / 2)) return;
            told = name;
            throw lost();
          };
        });
      } catch (error) {
        throw new Error(
          `${when} ${told}, site ${site} (SEED=${seed}): ${(error as Error).message}`,
        );
      }
    }
    expect(met.length).toBeGreaterThan(3);
  }, 600_000);
});

describe('an execution that dies', () => {
  const endOf = (around: ReturnType<typeof world>, status: string, name = 'first') =>
    around.bench.lambda.invoke({ kind: 'service', arn: 'events' } as never, 'tasks', {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: {
        executionArn: executionArn(name),
        stateMachineArn: around.stateMachineArn,
        status,
      },
    });

  async function stoppedBy(task: string, around = world(), given: object = input) {
    let stopped = false;
    around.before.task = (call) => {
      if (call.task !== task || stopped) return;
      stopped = true;
      void around.bench.run('StopExecution', { executionArn: executionArn('first') });
    };
    expect((await around.execute(given)).status).toBe('ABORTED');
    return around;
  }

  test.each([['prepare'], ['promoted'], ['settle']])(
    'in %s leaves no consumer stopped: an execution starts them, the record and people say what happened',
    async (task) => {
      const around = await stoppedBy(task);
      await endOf(around, 'ABORTED');
      const isStarted = task === 'settle';
      expect(await around.head()).toMatchObject({
        state: 'incomplete',
        ended: 'somebody stopped it',
        report: { key: `${id}/report.md` },
      });
      expect(around.told().at(-1)).toMatchObject({ phase: 'incomplete' });
      const [restoring] = [...around.executions].filter(([name]) => name.includes('restore'));
      if (isStarted) expect(restoring).toBeUndefined();
      else {
        expect(restoring?.[1]).toEqual({ restore: id });
        expect((await around.execute(restoring?.[1] as object, 'restoring')).status).toBe(
          'SUCCEEDED',
        );
      }
      expect(Object.fromEntries(around.running)).toMatchObject({ api: true });
      // Heard twice, it is noted once.
      const told = around.told().length;
      await endOf(around, 'ABORTED');
      expect(around.told()).toHaveLength(told);
      expect((await around.execute(input, 'second')).status).toBe('SUCCEEDED');
      await expectOnce(around);
    },
  );

  describe('with a key that its readers must not meet', () => {
    const key = { ...input, secrets: ['pii'] };
    const readers = () => world({ secrets: [scalar], consumers: [served('api', ['pii'])] });
    const died = async (task: string) => {
      const around = await stoppedBy(task, readers(), key);
      await endOf(around, 'ABORTED');
      return around;
    };

    test('still to be changed: they run meanwhile, and stop again before it is', async () => {
      const around = await died('prepare');
      expect((await around.execute({ restore: id }, 'restoring')).status).toBe('SUCCEEDED');
      expect(Object.fromEntries(around.running)).toEqual({ api: true });
      expect((await around.execute(key, 'second')).status).toBe('SUCCEEDED');
      const changes = around.effects.filter((effect) => !effect.startsWith('execution'));
      expect(changes).toEqual(['stop api', 'start api', 'stop api', 'rotate pii']);
    });

    test('that is changing: they are not started with either, and wait for their rows', async () => {
      const around = await died('promoted');
      const token = around.stored.rotations[0]?.clientRequestToken ?? '';
      let looks = 0;
      around.before.task = ({ task }) => {
        looks += task === 'restore' ? 1 : 0;
        // Secrets Manager goes on by itself.
        if (looks === 3) around.stored.promote(nameOf('pii'), token);
      };
      expect((await around.execute({ restore: id }, 'restoring')).status).toBe('SUCCEEDED');
      expect([looks, Object.fromEntries(around.running)]).toEqual([3, { api: false }]);
      expect((await around.records.getStage(id, 'start'))?.evidence).toMatchObject([
        { fact: 'consumerWaits', detail: { consumer: 'api', rowsOf: 'pii' } },
      ]);
    });
  });

  test('before it is on record, or one that was refused, is nobody’s business', async () => {
    const around = world();
    await around.execute({ ...input, secrets: ['nope'] });
    await endOf(around, 'FAILED');
    expect([around.told(), around.effects]).toEqual([[], []]);
  });
});
