import { describe, expect, test } from '@jest/globals';
import { emergencyStages } from '../../../domain/events/emergency.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import {
  executionArn,
  id,
  input,
  invoked,
  jwt,
  nameOf,
  scalar,
  served,
  suspect,
  versionOf,
} from './deployment.ts';
import { world } from './world.ts';

const everyStage = (state: string, but: Record<string, string> = {}) =>
  Object.fromEntries(emergencyStages.map((stage) => [stage, but[stage] ?? state]));
const nothingElse = { contain: 'skipped', protectOthers: 'skipped' };

describe('an emergency', () => {
  test('stops consumers, changes and proves what is exposed, starts them again, looks who read, reports, tells', async () => {
    const around = world();
    expect((await around.execute()).status).toBe('SUCCEEDED');
    const { effects } = around;
    expect(effects[0]).toBe('stop api');
    // All at once.
    expect(effects.slice(1, 3).sort()).toEqual(['rotate db', 'rotate jwt']);
    expect(effects.slice(3, 5).sort()).toEqual(['execution of db', 'execution of jwt']);
    expect(effects.slice(5)).toEqual(['restart mailer', 'start api']);
    expect(await around.stages()).toEqual(everyStage('done', nothingElse));
    expect(await around.head()).toMatchObject({
      state: 'closed',
      exposed: ['jwt', 'db'],
      execution: executionArn('first'),
      consumers: { stop: ['api'], restart: ['mailer'], alone: [] },
      report: { bucket: 'incidents', key: `${id}/report.md` },
    });
    for (const key of ['jwt', 'db']) {
      expect(await around.secret(key)).toMatchObject({
        state: 'proven',
        attempts: 1,
        replaced: versionOf(key),
        afterRotation: 'finished',
        evidence: [{ fact: 'oldCredentialRefused' }],
      });
    }
    expect([...around.objects.keys()].sort()).toEqual([
      `${id}/access-audit.json`,
      `${id}/report.html`,
      `${id}/report.json`,
      `${id}/report.md`,
    ]);
    expect(await around.records.getClaims()).toEqual([]);
  });

  test('is told at its beginning and at its end: when what leaked was dead, and where the report is', async () => {
    const around = world();
    await around.execute();
    expect(around.told()).toMatchObject([
      { phase: 'begun', emergency: id, requestedBy: 'mona', drill: false },
      {
        phase: 'closed',
        deadAt: expect.any(String),
        unknownReaders: 0,
        report: `s3://incidents/${id}/report.md`,
        secrets: [
          { key: 'jwt', state: 'proven' },
          { key: 'db', state: 'proven' },
        ],
      },
    ]);
    expect(around.told()[1]?.failedStages).toBeUndefined();
  });

  test('clears the way under the token it rotates with, an intent of its own, and what is compromised on record', async () => {
    const around = world({ secrets: [jwt], consumers: [] });
    await around.controlTable.putAfterRotation(nameOf('jwt'), {
      versionId: versionOf('jwt'),
      state: 'finished',
      intent: 'planned',
      basedOn: null,
      primary: 'kid-now',
      publishedKid: 'kid-next',
      replaced: 'kid-before',
      at: '2026-05-17T16:00:00.000Z',
    });
    await around.execute({ ...input, secrets: ['jwt'] });
    const { versionId = '' } = (await around.secret('jwt')) ?? {};
    expect(around.calls.filter(({ operation }) => operation === 'preempt')).toEqual([
      { operation: 'preempt', token: versionId, owner: `emergency#${id}` },
    ]);
    expect(await around.controlTable.getIntent(nameOf('jwt'), versionId)).toMatchObject({
      intent: 'emergency',
      owner: `emergency#${id}`,
    });
    expect(await around.controlTable.getCompromised(nameOf('jwt'))).toEqual(
      new Set(['kid-now', 'kid-next', 'kid-before']),
    );
    expect(around.stored.rotations).toEqual([
      { secretId: arnOf(nameOf('jwt')), clientRequestToken: versionId },
    ]);
  });

  test('changes everything else after what is exposed, and leaves to people what nothing here can change', async () => {
    const around = world();
    await around.execute({ ...input, secrets: ['jwt'], others: true });
    expect(await around.head()).toMatchObject({
      exposed: ['jwt'],
      others: ['db', 'mail'],
      state: 'closed',
    });
    const { evidence } = (await around.records.getStage(id, 'protectOthers')) ?? {};
    expect(evidence).toMatchObject([{ detail: { proven: 1, person: 1, failed: 0 } }]);
    expect(await around.secret('mail')).toMatchObject({
      state: 'person',
      reason: expect.stringContaining('the key of the mail provider'),
    });
    expect(around.effects.indexOf('execution of jwt')).toBeLessThan(
      around.effects.indexOf('execution of db'),
    );
  });

  test('from the console needs secrets and a reason; its id is its execution’s', async () => {
    const around = world();
    await around.execute({ secrets: 'all', reason: 'a laptop was stolen' });
    const [head] = await around.records.getEmergencies(1);
    expect(head).toMatchObject({
      id: expect.stringMatching(/^20260517t170000z-[0-9a-f]{16}$/),
      exposed: ['jwt', 'db', 'mail'],
      requestedBy: 'not told',
      state: 'closed',
    });
  });

  test('that keeps consumers running stops none, and restarts each once', async () => {
    const around = world();
    await around.execute({ ...input, keepRunning: true });
    expect(around.effects).not.toContain('stop api');
    expect(around.effects.filter((effect) => effect.startsWith('restart')).sort()).toEqual([
      'restart api',
      'restart mailer',
    ]);
    expect(await around.stages()).toEqual(everyStage('done', { ...nothingElse, stop: 'skipped' }));
  });

  test('cuts suspects off before anything changes, and lifts that when it is told to', async () => {
    const around = world();
    await around.execute({ ...input, suspects: [suspect] });
    expect(around.tasks().slice(0, 5)).toEqual(['begin', 'announce', 'contain', 'stop', 'protect']);
    expect([...around.denied].sort()).toEqual(['db', 'jwt', 'mail'].map(nameOf));
    expect([...around.revoked]).toEqual([suspect]);
    expect((await around.execute({ lift: id }, 'lifting')).status).toBe('SUCCEEDED');
    expect([...around.denied, ...around.revoked]).toEqual([]);
    expect((await around.records.getStage(id, 'contain'))?.evidence.at(-1)?.fact).toBe(
      'containmentLifted',
    );
  });

  test('keeps readers of rows that move stopped until the re-encryption starts them', async () => {
    const around = world({
      secrets: [jwt, scalar],
      consumers: [served('api', ['pii', 'jwt']), served('web', ['jwt'])],
    });
    await around.execute({ ...input, secrets: ['pii', 'jwt'] });
    expect(Object.fromEntries(around.running)).toEqual({ api: false, web: true });
    expect((await around.records.getStage(id, 'start'))?.evidence).toContainEqual({
      fact: 'consumerWaits',
      detail: { consumer: 'api', rowsOf: 'pii' },
    });
    expect((await around.secret('pii'))?.state).toBe('proven');
  });

  test('leaves the key of readers that nothing here can stop to a person, who goes on when they are', async () => {
    const around = world({ secrets: [scalar], consumers: [invoked('api', ['pii'])] });
    const asked = { ...input, secrets: ['pii'] };
    expect((await around.execute(asked)).error).toBe('EmergencyIncomplete');
    expect(await around.secret('pii')).toMatchObject({
      state: 'person',
      command: 'npx quarterturn reencrypt consumers pii --stopped --deployment pharmacy/prod',
    });
    expect(around.stored.rotations).toEqual([]);
    await around.controlTable.putConsumers(nameOf('pii'), {
      stopped: true,
      at: '2026-05-17T17:30:00.000Z',
      by: 'mona',
    });
    expect((await around.execute(asked, 'second')).status).toBe('SUCCEEDED');
    expect((await around.secret('pii'))?.state).toBe('proven');
  });
});

describe('what an emergency refuses, before anything is written', () => {
  test.each([
    ['a secret that nobody has', { secrets: ['jwt', 'nope'] }, 'UnknownSecretsError'],
    ['a suspect that is not listed', { suspects: [`${suspect}s`] }, 'RefusedSuspectsError'],
    [
      'a word it does not know, beside what else does not fit',
      { secret: 'jwt', reason: '', suspects: ['me'] },
      'InvalidEmergencyInputError',
      'does not fit in reason, suspects.0, secret (not known);',
    ],
    ['no reason', { reason: '' }, 'InvalidEmergencyInputError'],
    [
      'suspects that nobody decided on',
      { unattended: true, suspects: [suspect] },
      'UnattendedLimitsError',
    ],
    ['everything, unattended', { unattended: true, secrets: 'all' }, 'UnattendedLimitsError'],
    ['others, unattended', { unattended: true, others: true }, 'UnattendedLimitsError'],
  ])('%s', async (_title, more, error, words = '') => {
    const around = world();
    expect(await around.execute({ ...input, ...more })).toMatchObject({
      status: 'FAILED',
      error,
      cause: expect.stringContaining(words),
    });
    expect(await around.records.getEmergencies(10)).toEqual([]);
    expect(around.effects).toEqual([]);
  });

  test('a role of a deployment as suspect, even where the configuration names it', async () => {
    const own = 'arn:aws:iam::000000000000:role/Quarterturn-pharmacy-prod-Fn-1';
    const around = world();
    around.manifest.emergency?.suspects.push(own);
    expect((await around.execute({ ...input, suspects: [own] })).error).toBe(
      'RefusedSuspectsError',
    );
  });

  test('running readers of rows that cannot be read under a new key', async () => {
    const around = world({ secrets: [scalar], consumers: [served('api', ['pii'])] });
    const asked = { ...input, secrets: ['pii'], keepRunning: true };
    expect((await around.execute(asked)).error).toBe('ConsumersMustStopError');
  });

  test('a second one over the same secrets, by name; not one under the same id that has ended', async () => {
    const around = world();
    around.before.task = ({ task }) => {
      // Somebody else's begins while this one settles.
      if (task !== 'settle') return;
      around.before.task = () => undefined;
      void around.bench.run('StartExecution', {
        stateMachineArn: around.stateMachineArn,
        name: 'second',
        input: JSON.stringify({ ...input, id: '20260517t170100z-0123456789abcdef' }),
      });
    };
    expect((await around.execute()).status).toBe('SUCCEEDED');
    const second = await around.bench.described(executionArn('second'));
    expect(second.error).toBe('SecretsTakenError');
    expect(second.cause).toContain(id);
    expect((await around.execute(input, 'again')).status).toBe('SUCCEEDED');
    expect(around.stored.rotations).toHaveLength(2);
  });

  test('more than the one under its id is about: nobody is to think that it was done', async () => {
    const around = world();
    await around.execute({ ...input, secrets: ['jwt'] });
    for (const [name, more] of [
      ['secrets', { secrets: ['jwt', 'db'] }],
      ['suspects', { secrets: ['jwt'], suspects: [suspect] }],
    ] as const) {
      const { error, cause } = await around.execute({ ...input, ...more }, name);
      expect([error, cause]).toEqual([
        'EmergencyMismatchError',
        expect.stringContaining(`is not about ${name === 'secrets' ? 'db' : suspect}`),
      ]);
    }
    expect(around.stored.rotations).toHaveLength(1);
  });

  test('nothing of a person’s, while an event’s is running: who may send events must not be able to keep people from acting', async () => {
    const around = world();
    let begun = false;
    around.before.task = ({ task }) => {
      if (task !== 'settle' || begun) return;
      begun = true;
      void around.bench.run('StartExecution', {
        stateMachineArn: around.stateMachineArn,
        name: 'persons',
        input: JSON.stringify({ ...input, id: '20260517t170100z-0123456789abcdef' }),
      });
    };
    await around.execute({ ...input, secrets: ['jwt'], unattended: true });
    expect((await around.bench.described(executionArn('persons'))).status).toBe('SUCCEEDED');
  });
});

test('a consumer that two emergencies have stopped is started when both are done with its secrets', async () => {
  const around = world();
  const other = '20260517t170100z-0123456789abcdef';
  let looks = 0;
  around.before.rotation = (name) => (name === nameOf('db') && looks < 4 ? 'stuck' : 'promoted');
  around.before.task = ({ task, progress }) => {
    if (task === 'prepare' && progress?.key === 'jwt') {
      void around.bench.run('StartExecution', {
        stateMachineArn: around.stateMachineArn,
        name: 'other',
        input: JSON.stringify({ ...input, id: other, secrets: ['db'] }),
      });
    }
    looks += task === 'started' ? 1 : 0;
  };
  const held: boolean[] = [];
  const { invoke } = around.doors.functions;
  around.doors.functions.invoke = async (name, request) => {
    if ((request as { operation?: string; consumers?: string[] }).consumers?.includes('api')) {
      const { versionIdsToStages } = await around.stored.door.describe(nameOf('db'));
      const isOld = versionIdsToStages[versionOf('db')]?.includes('AWSCURRENT') ?? false;
      if ((request as { operation: string }).operation === 'start') held.push(isOld);
    }
    return invoke(name, request);
  };
  expect((await around.execute({ ...input, secrets: ['jwt'] })).status).toBe('SUCCEEDED');
  expect((await around.bench.described(executionArn('other'))).status).toBe('SUCCEEDED');
  expect(held.length).toBeGreaterThan(0);
  expect(held).not.toContain(true);
  expect(around.effects.filter((effect) => effect.endsWith(' api'))).toEqual([
    'stop api',
    'start api',
  ]);
});

describe('an emergency that nobody decided on', () => {
  test('changes what is named, stops no consumer and restarts those that learn by a start', async () => {
    const around = world();
    expect((await around.execute({ ...input, unattended: true })).status).toBe('SUCCEEDED');
    expect(around.effects.filter((effect) => effect.startsWith('stop'))).toEqual([]);
    expect(await around.head()).toMatchObject({ keepRunning: true, unattended: true });
    expect(around.told().map(({ unattended }) => unattended)).toEqual([true, true]);
  });

  test('leaves a key to a person whose readers would have to stop', async () => {
    const around = world({ secrets: [scalar], consumers: [served('api', ['pii'])] });
    await around.execute({ ...input, secrets: ['pii'], unattended: true });
    expect((await around.secret('pii'))?.state).toBe('person');
    expect(around.stored.rotations).toEqual([]);
  });
});
