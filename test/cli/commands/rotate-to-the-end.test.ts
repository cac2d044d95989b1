/** What comes after the promotion, more than one secret, and the window: `rotate` stays until it is over. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Manifest } from '../../../domain/config/manifest.ts';
import { manifestOf } from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import type { RolloutRecord } from '../../../domain/events/rollout.ts';
import { rotationReportSchema } from '../../../domain/reports/rotation-report.ts';
import { rotationsReportSchema } from '../../../domain/reports/rotations-report.ts';
import exampleConfig from '../../../rotation.config.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const secret = (key: string) => `pharmacy/prod/${key}`;
const name = secret('jwt');
const before = 'a'.repeat(32);
const token = '1'.padStart(32, '0');
const activation = 'd'.repeat(32);
const rollback = 'f'.repeat(32);
const kid = '9f2c41aa07be63d1';
const execution = 'arn:execution';

const base = manifestOf(exampleConfig);
const manifest: Manifest = {
  ...base,
  consumers: ['api', 'worker'].map((consumer) => ({
    name: consumer,
    reads: ['jwt', 'pii'],
    policy: `reader-${consumer}`,
    restart: `ecs apps/${consumer}`,
    learns: 'restart',
    health: 'ask-health',
  })),
  rollout: {
    machine: 'rollout',
    function: 'roll-out',
    waves: [
      { consumers: ['api'], pauseSeconds: 0 },
      { consumers: ['worker'], pauseSeconds: 300 },
    ],
    onFailure: 'rollBack',
    holdSeconds: 259_200,
    redeploy: false,
  },
};

let deployment: InMemoryDeployment;
function deploy(more: Partial<Manifest> = {}, now = '2026-05-17T17:00:00Z') {
  deployment = inMemoryDeployment({ manifest: { ...manifest, ...more }, now });
  deployment.secrets.add(name, { [before]: ['AWSCURRENT', 'rotated-20251118T090000Z'] });
  deployment.alive.add(execution);
}
beforeEach(() => deploy());

/** What Secrets Manager and the functions do, one thing at each look of the command. */
function meanwhile(...events: (() => unknown)[]): void {
  deployment.meanwhile = async () => {
    await events.shift()?.();
  };
}
const nothing = (times: number) => Array.from({ length: times }, () => () => undefined);
const at = () => deployment.clock.now().toISOString();
const after = (state: AfterRotationRecord['state'], more: object = {}): AfterRotationRecord => ({
  versionId: token,
  state,
  intent: 'planned',
  basedOn: before,
  primary: '1a77c0de55e1b002',
  at: at(),
  ...more,
});
const promote =
  (of = name, versionId = token) =>
  async () => {
    await deployment.controlTable.putAfterRotation(of, after('due', { versionId }));
    deployment.secrets.promote(of, versionId);
  };
const move =
  (state: AfterRotationRecord['state'], more: object = {}, of = name) =>
  () =>
    deployment.controlTable.moveAfterRotation(of, ['due', 'running'], after(state, more));
const record = (versionId: string, intent: Intent, more: object = {}) =>
  deployment.controlTable.fixRotation(name, {
    token: versionId,
    intent,
    basedOn: token,
    provenance: { intent, token: versionId, attributed: true },
    at: at(),
    steps: {},
    evidence: [],
    ...more,
  });
const starts = new Map<string, string>();
const rollOut =
  (
    consumer: string,
    round: RolloutRecord['round'],
    state: RolloutRecord['state'],
    more: Partial<RolloutRecord> = {},
  ) =>
  () => {
    const key = `${more.versionId} ${round} ${consumer}`;
    if (state === 'waiting' || state === 'restarting') starts.set(key, at());
    deployment.rolloutRecords.putRollout(name, {
      versionId: token,
      round,
      consumer,
      state,
      execution: 'arn:rollout',
      startedAt: starts.get(key) ?? at(),
      at: at(),
      ...more,
    });
  };

const json = async (...argv: string[]) => {
  const { exitCode, said } = await runCommand(deployment, ['rotate', ...argv, '--json']);
  return { exitCode, ...rotationReportSchema.parse(JSON.parse(said)) };
};
const several = async (...argv: string[]) => {
  const { exitCode, said } = await runCommand(deployment, ['rotate', ...argv, '--json']);
  return { exitCode, ...rotationsReportSchema.parse(JSON.parse(said)) };
};

describe('after the promotion', () => {
  test('every consumer in its round, the pause before the next, the activation', async () => {
    const published = { execution, publishedKid: kid };
    meanwhile(
      promote(),
      move('running', published),
      rollOut('api', 'publish', 'restarting'),
      ...nothing(9),
      rollOut('api', 'publish', 'healthy', { restartedAt: at(), proof: 'held' }),
      rollOut('worker', 'publish', 'steadying'),
      rollOut('worker', 'publish', 'healthy', { restartedAt: at(), proof: 'answered' }),
      async () => {
        await record(activation, 'activate', { activateKid: kid });
        const stages = deployment.secrets.stages.get(name) ?? {};
        deployment.secrets.stages.set(name, { ...stages, [activation]: ['AWSPENDING'] });
      },
      () => deployment.secrets.promote(name, activation),
      rollOut('api', 'confirm', 'healthy', { proof: 'held' }),
      move('finished', published),
    );
    const { exitCode, said } = await runCommand(deployment, ['rotate', 'jwt']);
    expect(exitCode).toBe(0);
    expect(said.split('\n').slice(2)).toEqual([
      'AWSCURRENT    moved',
      'AfterRotation due',
      `AfterRotation running: key ${kid} is published, and becomes primary when every reader has it`,
      'publish       api: restarting',
      'publish       api: healthy, 10.0 s, restarted, holds it',
      'publish       worker next, at 17:05Z',
      'publish       worker: steadying',
      'publish       worker: healthy, 0 ms, restarted, answers',
      `activation    key ${kid}: rotation ${activation} has begun`,
      `activation    key ${kid} is primary`,
      'confirm       api: healthy, 0 ms, holds it',
      'AfterRotation finished',
      `Rotated: ${token} was promoted, and its AfterRotation is finished.`,
    ]);
  });

  test('a consumer that is not well: it is rolled back, and the rollback is followed to its end', async () => {
    const back = { versionId: rollback, intent: 'rollback', basedOn: token };
    meanwhile(
      promote(),
      move('running', { execution }),
      rollOut('api', 'use', 'healthy', { restartedAt: at() }),
      rollOut('worker', 'use', 'unhealthy', { reason: 'GET /health: 500' }),
      () =>
        deployment.rolloutRecords.putFailed(name, {
          material: '1a77c0de55e1b002',
          versionId: token,
          rollback,
          consumer: 'worker',
          reason: 'worker was not well',
          at: at(),
        }),
      // The way is cleared: this stops the one that is followed, before RotateSecret is called.
      move('stopped', { reason: 'preempted by arn:execution' }),
      ...nothing(20),
      () => {
        const stages = deployment.secrets.stages.get(name) ?? {};
        deployment.secrets.stages.set(name, { ...stages, [rollback]: ['AWSPENDING'] });
      },
      async () => {
        await deployment.controlTable.putAfterRotation(name, after('due', back));
        deployment.secrets.promote(name, rollback);
      },
      move('running', { ...back, execution }),
      rollOut('api', 'use', 'healthy', { versionId: rollback, proof: 'held' }),
      move('finished', back),
    );
    const report = await json('jwt');
    expect(report).toMatchObject({
      exitCode: 1,
      outcome: 'rolledBack',
      promoted: true,
      versionId: token,
      problem: { code: 'ERR_ROTATION_ROLLED_BACK' },
      consumers: [
        { consumer: 'api', round: 'use', state: 'healthy' },
        { consumer: 'worker', round: 'use', state: 'unhealthy', reason: 'GET /health: 500' },
      ],
      rollback: {
        versionId: rollback,
        consumer: 'worker',
        promoted: true,
        consumers: [{ consumer: 'api', state: 'healthy', proof: 'held' }],
      },
      next: 'npx quarterturn release jwt --deployment pharmacy/prod',
    });
    expect(report.problem?.message).toContain('worker was not well with it');
    expect(report.problem?.message).toContain(`in use again, as version ${rollback}`);
  });

  test('a rollback that never begins leaves a rotation that stopped', async () => {
    meanwhile(
      promote(),
      move('running', { execution }),
      rollOut('api', 'use', 'unhealthy', { reason: 'no answer' }),
      () =>
        deployment.rolloutRecords.putFailed(name, {
          material: '1a77c0de55e1b002',
          versionId: token,
          rollback,
          consumer: 'api',
          reason: 'no answer',
          at: at(),
        }),
      move('stopped', { reason: 'the way could not be cleared' }),
    );
    const report = await json('jwt');
    expect(report).toMatchObject({ exitCode: 1, outcome: 'stopped' });
    expect(report.problem?.message).toContain('the way could not be cleared');
    expect(report).not.toHaveProperty('rollback');
  });

  test('material that was rolled back from by an earlier version is no rollback of this one', async () => {
    await deployment.rolloutRecords.putFailed(name, {
      material: '1a77c0de55e1b002',
      versionId: before,
      rollback,
      consumer: 'api',
      reason: 'then',
      at: at(),
    });
    const stages = { [before]: ['AWSCURRENT'], [rollback]: ['rotated-20251118T090000Z'] };
    deployment.secrets.stages.set(name, stages);
    meanwhile(promote(), move('stopped', { reason: 'rolled back from once already' }));
    const report = await json('jwt');
    expect(report).toMatchObject({ outcome: 'stopped' });
    expect(report).not.toHaveProperty('rollback');
  });

  test('a person who rolls it back meanwhile: that is followed', async () => {
    const back = { versionId: rollback, intent: 'rollback', basedOn: token };
    meanwhile(
      promote(),
      move('running', { execution }),
      async () => {
        await deployment.controlTable.putIntent(name, {
          intent: 'rollback',
          token: rollback,
          requestedBy: 'somebody',
          at: at(),
        });
        deployment.secrets.promote(name, rollback);
        await deployment.controlTable.putAfterRotation(name, after('finished', back));
      },
      move('stopped', { reason: 'preempted by rollback by somebody' }),
    );
    const report = await json('jwt');
    expect(report).toMatchObject({
      outcome: 'rolledBack',
      rollback: { versionId: rollback, reason: 'asked for by somebody' },
    });
  });

  test('a deployment without rollouts is not asked for any: nobody has that right there', async () => {
    const { rollout: _none, ...without } = manifest;
    deployment = inMemoryDeployment({ manifest: without });
    deployment.secrets.add(name, { [before]: ['AWSCURRENT'] });
    deployment.rolloutRecords.getRollouts = async () => {
      throw new Error('denied');
    };
    deployment.rolloutRecords.getFailed = deployment.rolloutRecords.getRollouts as never;
    meanwhile(promote(), move('stopped', { reason: 'why' }));
    expect(await json('jwt')).toMatchObject({ outcome: 'stopped', consumers: [] });
  });
});

describe('what is waited for is said after 15 seconds', () => {
  const complained = async (argv: string[] = []) => {
    const { said } = await runCommand(deployment, ['rotate', 'jwt', ...argv]);
    return said.split('\n').filter((line) => line.startsWith('waiting'));
  };

  test('a function that cannot be invoked leaves no line anywhere', async () => {
    let heard = 0;
    const terminal = recordedTerminal();
    deployment.meanwhile = () => {
      if (heard === 0 && terminal.said.some((line) => line.startsWith('waiting'))) {
        heard = deployment.slept.reduce((sum, one) => sum + one);
      }
    };
    await runCommand(deployment, ['rotate', 'jwt'], terminal);
    const lines = terminal.said.filter((line) => line.startsWith('waiting'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('nothing is recorded of createSecret yet');
    expect(lines[0]).toContain('quarterturn-pharmacy-prod-jwt');
    expect(heard).toBeLessThanOrEqual(17_000);
  });

  test('a consumer that takes its time: what it is given time for', async () => {
    meanwhile(
      promote(),
      move('running', { execution }),
      rollOut('api', 'use', 'steadying'),
      ...nothing(20),
      rollOut('api', 'use', 'probing'),
      ...nothing(20),
      rollOut('api', 'use', 'healthy', { proof: 'held' }),
      ...nothing(20),
      rollOut('api', 'confirm', 'healthy', { proof: 'held' }),
      move('finished', {}),
    );
    expect(await complained()).toEqual([
      expect.stringContaining(
        'api was restarted and is not steady yet; it has until `steadyWithin`',
      ),
      expect.stringContaining('api is asked until it is well several times in a row'),
      expect.stringContaining('Who reads again by itself has 300 s for it'),
    ]);
  });

  test('a platform that refused has restarted nobody', async () => {
    meanwhile(
      promote(),
      move('running', { execution }),
      rollOut('api', 'use', 'failed', { restartedAt: at(), reason: '401 Unauthorized' }),
      move('stopped', { reason: 'consumer api: 401 Unauthorized' }),
    );
    const { consumers } = await json('jwt');
    expect(consumers).toMatchObject([{ consumer: 'api', state: 'failed', restarted: false }]);
  });

  test('a step, an AfterRotation nobody took up, the bound of readers', async () => {
    const published = { execution, publishedKid: kid };
    meanwhile(
      () =>
        record(token, 'planned', {
          steps: { createSecret: { at: at(), milliseconds: 1, outcome: 'created' } },
        }),
      ...nothing(20),
      promote(),
      ...nothing(20),
      move('running', published),
      ...nothing(20),
      move('finished', published),
    );
    expect(await complained()).toEqual([
      expect.stringContaining('setSecret has not answered yet'),
      expect.stringContaining('No execution has taken its AfterRotation up yet'),
      expect.stringContaining(`Key ${kid} is published; it is activated when every reader`),
    ]);
  });
});

describe('rows', () => {
  const pii = secret('pii');
  const rows = (state: 'active' | 'verified' | 'unproven', left: number) => () =>
    deployment.controlTable.updateReencryption(pii, () => ({
      state,
      mode: 'online',
      targetKid: kid,
      versionId: token,
      execution,
      rowsLeft: [{ columnId: 'patients.ssn', rows: left }],
      findings: [],
      at: at(),
    }));
  beforeEach(() => {
    const secrets = manifest.secrets.map((one) =>
      one.kind === 'encryption'
        ? {
            ...one,
            reencryption: {
              function: 'rows',
              login: 'db',
              mode: 'online' as const,
              workers: 1,
              stores: [],
            },
          }
        : one,
    );
    deploy({ secrets });
    deployment.secrets.add(pii, { [before]: ['AWSCURRENT'] });
  });
  const rotated = () => [promote(pii), rows('active', 5_000), move('finished', {}, pii)];

  test('are an execution of their own: how far they are, and what follows them', async () => {
    meanwhile(...rotated());
    const { exitCode, said } = await runCommand(deployment, ['rotate', 'pii']);
    expect(exitCode).toBe(0);
    expect(said).toContain(`rows          to key ${kid}: active, 5,000 values left`);
    expect(said).toContain(
      'Next: npx quarterturn reencrypt status pii --deployment pharmacy/prod --follow',
    );
  });

  test('those of an earlier rotation are not told as this one’s', async () => {
    meanwhile(promote(pii), move('finished', {}, pii));
    await rows('verified', 0)();
    await deployment.controlTable.updateReencryption(
      pii,
      (job) => job && { ...job, versionId: before },
    );
    expect(await json('pii')).not.toHaveProperty('rows');
  });

  test('--wait-for-rows stays until they are verified', async () => {
    meanwhile(...rotated(), rows('active', 100), rows('verified', 0));
    const report = await json('pii', '--wait-for-rows');
    expect(report).toMatchObject({ exitCode: 0, outcome: 'finished', rows: { state: 'verified' } });
    expect(report).not.toHaveProperty('next');
  });

  test('rows that somebody has to vouch for are a finding', async () => {
    meanwhile(...rotated(), rows('unproven', 3));
    expect(await json('pii', '--wait-for-rows')).toMatchObject({
      exitCode: 3,
      rows: { state: 'unproven', left: 3 },
    });
  });
});

describe('several secrets', () => {
  const keys = ['jwt', 'pii', 'db'] as const;
  beforeEach(() => {
    for (const key of manifest.secrets.map((one) => one.key)) {
      deployment.secrets.add(secret(key), { [before]: ['AWSCURRENT'] });
    }
  });
  /** Each that is asked for goes well, except those named. */
  const allGoWell = (except: string[] = []) => {
    const { rotate } = deployment.secrets.door;
    deployment.secrets.door.rotate = async (asked) => {
      const outcome = await rotate(asked);
      const key =
        manifest.secrets.find((one) => asked.secretId.includes(`${one.name}-`))?.key ?? '';
      const versionId = asked.clientRequestToken;
      const done = after(except.includes(key) ? 'stopped' : 'finished', { versionId });
      deployment.secrets.promote(secret(key), versionId);
      await deployment.controlTable.putAfterRotation(secret(key), done);
      return outcome;
    };
  };

  test('one after the other, in the order they were named', async () => {
    allGoWell();
    const report = await several(...keys.toReversed());
    expect(report).toMatchObject({ exitCode: 0, outcome: 'finished', notBegun: [] });
    expect(report.rotations.map(({ secret: { key }, outcome }) => [key, outcome])).toEqual([
      ['db', 'finished'],
      ['pii', 'finished'],
      ['jwt', 'finished'],
    ]);
  });

  test('one that fails ends the line, and the rest is named', async () => {
    allGoWell(['pii']);
    const { exitCode, complained } = await runCommand(deployment, ['rotate', ...keys]);
    expect(exitCode).toBe(1);
    expect(complained).toContain('Not begun: db.');
    expect(deployment.secrets.rotations).toHaveLength(2);
  });

  test('--all: in the order of the configuration, without those on hold and those of others', async () => {
    allGoWell();
    await deployment.controlTable.putHold(secret('pii'), {
      reason: 'rolled back',
      at: at(),
      until: '2026-05-20T00:00:00Z',
    });
    const report = await several('--all');
    expect(report.outcome).toBe('finished');
    expect(report.rotations.map((one) => one.secret.key)).toEqual(
      manifest.secrets.flatMap(({ key, kind }) =>
        kind === 'userManaged' || key === 'pii' ? [] : [key],
      ),
    );
    expect(report.skipped.map(({ key }) => key)).toEqual(
      manifest.secrets.flatMap(({ key, kind }) =>
        kind === 'userManaged' || key === 'pii' ? [key] : [],
      ),
    );
  });

  test('Ctrl-C ends the line, too', async () => {
    const terminal = recordedTerminal();
    deployment.meanwhile = () => terminal.interrupt();
    const { exitCode, complained } = await runCommand(deployment, ['rotate', ...keys], terminal);
    expect(exitCode).toBe(130);
    expect(complained).toContain('Not begun: pii, db.');
  });

  test.each([
    [['rotate', 'jwt', '--all'], 'secrets and --all'],
    [['rotate', 'jwt', 'jwt'], 'named twice'],
    [['rotate', 'jwt', '--no-wait', '--wait-for-rows'], '--no-wait waits for nothing'],
  ])('%j is a mistake', async (argv, words) => {
    const { exitCode, complained } = await runCommand(deployment, argv);
    expect([exitCode, complained]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('the window of the schedule', () => {
  const schedule: NonNullable<Manifest['schedule']> = {
    window: { days: ['mon'], from: '02:00', to: '04:00', timeZone: 'Etc/UTC' },
    notice: '2h',
    freezes: [],
  };
  // A Sunday.
  const now = '2026-05-17T17:00:00Z';
  const freeze = {
    from: '2026-05-17T00:00:00Z',
    until: '2026-05-18T03:00:00Z',
    reason: 'year-end closing',
  };

  test('is waited for, with a line that says until when', async () => {
    deploy({ schedule }, now);
    const { said } = await runCommand(deployment, [
      'rotate',
      'jwt',
      '--wait-for-window',
      '--no-wait',
    ]);
    expect(said).toContain(
      'Waiting until 2026-05-18T02:00:00.000Z (the window of the schedule is closed).',
    );
    expect(deployment.clock.now().toISOString()).toBe('2026-05-18T02:00:00.000Z');
    expect(deployment.secrets.rotations).toHaveLength(1);
  });

  test('so is the end of a freeze', async () => {
    deploy({ schedule: { ...schedule, freezes: [freeze] } }, now);
    const { said } = await runCommand(deployment, [
      'rotate',
      'jwt',
      '--wait-for-window',
      '--no-wait',
    ]);
    expect(said).toContain(`(frozen until ${freeze.until}: year-end closing)`);
    expect(deployment.clock.now().toISOString()).toBe('2026-05-18T03:00:00.000Z');
  });

  test('Ctrl-C leaves nothing behind', async () => {
    deploy({ schedule }, now);
    const terminal = recordedTerminal();
    deployment.meanwhile = () => terminal.interrupt();
    const argv = ['rotate', 'jwt', '--wait-for-window'];
    const { exitCode, said } = await runCommand(deployment, argv, terminal);
    expect(exitCode).toBe(130);
    expect(said).toContain('Nothing was begun, nothing was changed.');
    expect(deployment.secrets.calls).not.toContain('rotate');
    expect(await deployment.controlTable.getIntent(name, token)).toBeUndefined();
  });

  test('that never opens is a refusal', async () => {
    const always = { ...freeze, until: '2999-01-01T00:00:00Z' };
    const opens = { ...schedule, freezes: [always, { ...freeze, from: 'unreadable' }] };
    deploy({ schedule: { ...opens, freezes: [{ ...always, until: 'unreadable' }] } }, now);
    expect(await json('jwt', '--wait-for-window')).toMatchObject({
      exitCode: 1,
      outcome: 'refused',
      problem: { code: 'ERR_ROTATION_NO_WINDOW' },
    });
  });

  test('without it, a freeze and a hold are announced, and a person is asked', async () => {
    deploy({ schedule: { ...schedule, freezes: [freeze] } }, now);
    await deployment.controlTable.putHold(name, {
      reason: 'rolled back: api',
      at: now,
      until: '2026-05-20T00:00:00.000Z',
    });
    const no = recordedTerminal({ interactive: true, answer: false });
    const { exitCode, complained } = await runCommand(deployment, ['rotate', 'jwt'], no);
    expect(exitCode).toBe(1);
    expect(complained).toContain('on hold until 2026-05-20T00:00:00.000Z (rolled back: api)');
    expect(complained).toContain('A freeze stands until 2026-05-18T03:00:00Z (year-end closing)');
    expect(deployment.secrets.rotations).toEqual([]);
  });
});
