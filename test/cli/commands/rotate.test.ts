import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { rotationReportSchema } from '../../../domain/reports/rotation-report.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const name = 'pharmacy/prod/jwt';
const before = 'a'.repeat(32);
const token = '1'.padStart(32, '0');

let deployment: InMemoryDeployment;
beforeEach(() => {
  deployment = inMemoryDeployment();
  deployment.secrets.add(name, { [before]: ['AWSCURRENT', 'rotated-20251118T090000Z'] });
});

const rotate = (...argv: string[]) => runCommand(deployment, ['rotate', 'jwt', ...argv]);
const json = async (...argv: string[]) => {
  const { exitCode, said } = await rotate(...argv, '--json');
  return { exitCode, ...rotationReportSchema.parse(JSON.parse(said)) };
};

/** What Secrets Manager and the functions do, one thing at each look of the command. */
function meanwhile(...events: (() => unknown)[]): void {
  deployment.meanwhile = async () => {
    await events.shift()?.();
  };
}
const record = (versionId = token) =>
  deployment.controlTable.fixRotation(name, {
    token: versionId,
    intent: 'planned',
    basedOn: before,
    provenance: { intent: 'planned', token: versionId, attributed: true, requestedBy: 'someone' },
    at: deployment.clock.now().toISOString(),
    steps: {},
    evidence: [],
  });
const step = (which: string, outcome: string, milliseconds: number) => () =>
  deployment.controlTable.updateRotation(name, token, (found) => ({
    ...found,
    steps: {
      ...found.steps,
      [which]: { at: deployment.clock.now().toISOString(), milliseconds, outcome },
    },
  }));
const fail = (which: string, message: string) => () =>
  deployment.controlTable.updateRotation(name, token, (found) => ({
    ...found,
    failure: {
      step: which,
      code: 'ERR_ROTATION_PROBE',
      message,
      at: deployment.clock.now().toISOString(),
    },
  }));
const after = (state: AfterRotationRecord['state'], more: object = {}) => ({
  versionId: token,
  state,
  intent: 'planned' as const,
  basedOn: before,
  at: deployment.clock.now().toISOString(),
  ...more,
});
const promote = () => deployment.secrets.promote(name, token, ['rotated-20260517T170005Z']);
const move =
  (state: AfterRotationRecord['state'], more: object = {}) =>
  () =>
    deployment.controlTable.moveAfterRotation(name, ['due', 'running'], after(state, more));
const finishing = [
  () => deployment.controlTable.putAfterRotation(name, after('due')),
  async () => {
    promote();
    await step('finishSecret', 'finished', 40)();
  },
];
const allSteps = [
  async () => {
    await record();
    await step('createSecret', 'created', 120)();
  },
  step('setSecret', 'set', 15),
  step('testSecret', 'tested', 1_250),
  ...finishing,
];

describe('rotate', () => {
  test('follows the four steps and AfterRotation to the end', async () => {
    const execution = 'arn:execution';
    deployment.alive.add(execution);
    meanwhile(
      ...allSteps,
      move('running', { execution, publishedKid: '9f2c41aa07be63d1' }),
      move('finished'),
    );
    const { exitCode, said } = await rotate('--reason', 'a laptop was lost');
    expect(exitCode).toBe(0);
    expect(said.split('\n')).toEqual([
      'pharmacy/prod: account 000000000000, eu-west-1 at http://127.0.0.1:4566, as arn:aws:iam::000000000000:user/on-call',
      `${name}: rotation ${token} has begun.`,
      'createSecret  created     120 ms',
      'setSecret     set          15 ms',
      'testSecret    tested       1.3 s',
      'finishSecret  finished     40 ms',
      'AWSCURRENT    moved',
      'AfterRotation due',
      'AfterRotation running: key 9f2c41aa07be63d1 is published, and becomes primary when every reader has it',
      'AfterRotation finished',
      `Rotated: ${token} was promoted, and its AfterRotation is finished.`,
    ]);
  });

  test('says who asked and why before it calls RotateSecret', async () => {
    meanwhile(...allSteps, move('finished'));
    let known: unknown;
    const { rotate: call } = deployment.secrets.door;
    deployment.secrets.door.rotate = async (asked) => {
      known = await deployment.controlTable.getIntent(name, asked.clientRequestToken);
      return call(asked);
    };
    await rotate('--reason', 'a laptop was lost');
    expect(known).toEqual({
      intent: 'planned',
      token,
      requestedBy: 'arn:aws:iam::000000000000:user/on-call',
      reason: 'a laptop was lost',
      at: '2026-05-17T17:00:00.000Z',
    });
    expect(deployment.secrets.rotations).toEqual([
      { secretId: arnOf(name), clientRequestToken: token },
    ]);
  });

  test('--no-wait returns as soon as the rotation is accepted', async () => {
    const report = await json('--no-wait');
    expect(report).toMatchObject({ exitCode: 0, outcome: 'started', versionId: token });
    expect(deployment.slept).toEqual([]);
  });

  test('--json is one document on standard output, progress goes to standard error', async () => {
    meanwhile(...allSteps, move('finished'));
    const terminal = recordedTerminal();
    await runCommand(deployment, ['rotate', 'jwt', '--json'], terminal);
    const report = rotationReportSchema.parse(JSON.parse(terminal.said.join('\n')));
    expect(report).toMatchObject({
      outcome: 'finished',
      promoted: true,
      followed: false,
      steps: [
        { step: 'createSecret', outcome: 'created', milliseconds: 120 },
        { step: 'setSecret', outcome: 'set', milliseconds: 15 },
        { step: 'testSecret', outcome: 'tested', milliseconds: 1_250 },
        { step: 'finishSecret', outcome: 'finished', milliseconds: 40 },
      ],
    });
    expect(terminal.complained).toContain('setSecret     set          15 ms');
  });

  describe('is refused before anything is changed', () => {
    const untouched = async (asked: Awaited<ReturnType<typeof json>>, code: string) => {
      expect(asked).toMatchObject({ exitCode: 1, outcome: 'refused', problem: { code } });
      expect(asked).not.toHaveProperty('versionId');
      expect(deployment.secrets.calls).not.toContain('rotate');
      expect(await deployment.controlTable.getIntent(name, token)).toBeUndefined();
    };

    test('a secret that is not armed, with the fix', async () => {
      const [jwt] = deployment.manifest.secrets;
      deployment = inMemoryDeployment({
        manifest: {
          ...deployment.manifest,
          secrets: [{ ...jwt, armed: false, origin: 'adopted' } as typeof jwt & object],
        },
      });
      deployment.secrets.add(name, { [before]: ['AWSCURRENT'] });
      const asked = await json();
      await untouched(asked, 'ERR_ROTATION_NOT_ARMED');
      expect(asked.next).toBe('npx quarterturn adopt jwt --deployment pharmacy/prod');
    });

    test('while the AfterRotation of AWSCURRENT is at work', async () => {
      await deployment.controlTable.putAfterRotation(name, {
        ...after('running'),
        versionId: before,
      });
      await untouched(await json(), 'ERR_ROTATION_AFTER_ROTATION_PENDING');
    });

    test('while somebody holds the secret', async () => {
      await deployment.controlTable.putLease(name, {
        token: before,
        owner: 'emergency-7',
        at: '2026-05-17T16:00:00Z',
        expiresAt: '2026-05-17T18:00:00Z',
      });
      await untouched(await json(), 'ERR_ROTATION_LEASED');
    });

    test('while rotation is switched off', async () => {
      deployment.secrets.add(name, { [before]: ['AWSCURRENT'] }, false);
      await untouched(await json(), 'ERR_ROTATION_DISABLED');
    });

    test('a user-managed secret, an unknown one, a reason too long for its record', async () => {
      const outcome = async (...argv: string[]) => {
        const { exitCode, complained } = await runCommand(deployment, argv);
        return [exitCode, complained];
      };
      expect(await outcome('rotate', 'dbAdmin')).toEqual([
        1,
        expect.stringContaining('user-managed'),
      ]);
      expect(await outcome('rotate', 'nothing')).toEqual([
        1,
        expect.stringContaining('expected one of: jwt'),
      ]);
      expect(await outcome('rotate', 'jwt', '--reason', 'x'.repeat(1025))).toEqual([
        2,
        expect.stringContaining('expected at most 1024'),
      ]);
      expect(await outcome('rotate')).toEqual([2, expect.stringContaining('no secret')]);
      expect(deployment.secrets.calls).not.toContain('rotate');
    });
  });

  describe('that does not come to its end', () => {
    test('a step that fails: its code, its message, and what happens next', async () => {
      meanwhile(...allSteps.slice(0, 1), fail('setSecret', 'the server refused the login.'));
      const { exitCode, complained } = await rotate();
      expect(exitCode).toBe(1);
      const text = complained.replaceAll('\n', ' ');
      expect(text).toContain('setSecret failed: the server refused the login.');
      expect(text).toContain('AWSCURRENT has not moved');
      expect(text).toContain('(ERR_ROTATION_PROBE)');
      expect(text).toContain('Next: aws logs tail');
    });

    test('given up by its function: AWSPENDING is gone', async () => {
      meanwhile(
        ...allSteps.slice(0, 1),
        fail('createSecret', 'columns are missing.'),
        () => void deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'] }),
      );
      deployment.meanwhile = together(3);
      const report = await json();
      expect(report).toMatchObject({ exitCode: 1, outcome: 'failed', promoted: false });
      expect(report.problem?.message).toContain('was given up');
      expect(report.problem?.message).toContain('columns are missing.');
    });

    test('refused by its function before there was a record', async () => {
      meanwhile(() => void deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'] }));
      const report = await json();
      expect(report).toMatchObject({
        outcome: 'failed',
        problem: { code: 'ERR_ROTATION_GIVEN_UP' },
      });
    });

    test('one look at old labels is no end', async () => {
      const stale = () => {
        const now = structuredClone(deployment.secrets.stages.get(name));
        deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'] });
        return () => void deployment.secrets.stages.set(name, now ?? {});
      };
      let restore = () => {};
      meanwhile(
        ...allSteps.slice(0, 2),
        () => {
          restore = stale();
        },
        () => restore(),
        ...allSteps.slice(2),
        move('finished'),
      );
      expect((await json()).outcome).toBe('finished');
    });

    test('cancelled by somebody', async () => {
      meanwhile(...allSteps.slice(0, 1), () => {
        const stages = deployment.secrets.stages.get(name) ?? {};
        deployment.secrets.add(name, stages, false);
      });
      expect(await json()).toMatchObject({
        exitCode: 1,
        problem: { code: 'ERR_ROTATION_CANCELLED' },
      });
    });

    test('an AfterRotation that stops: why, and how it is resumed', async () => {
      meanwhile(...allSteps, move('stopped', { reason: 'api is unhealthy' }));
      const report = await json();
      expect(report).toMatchObject({ exitCode: 1, outcome: 'stopped', promoted: true });
      expect(report.problem?.message).toContain('api is unhealthy');
      expect(report.next).toContain('"resume":true');
    });

    test('nothing happens for a quarter of an hour', async () => {
      const report = await json();
      expect(report).toMatchObject({ exitCode: 1, outcome: 'stalled', versionId: token });
      const waited = deployment.slept.reduce((sum, one) => sum + one);
      expect(waited).toBeGreaterThanOrEqual(15 * 60_000);
      expect(waited).toBeLessThan(16 * 60_000);
    });

    test('an AfterRotation is waited for as long as its execution lives', async () => {
      const execution = 'arn:execution';
      deployment.alive.add(execution);
      const hours: (() => unknown)[] = Array.from({ length: 2_000 }, () => () => undefined);
      meanwhile(...allSteps, move('running', { execution }), ...hours, move('finished'));
      expect((await json()).outcome).toBe('finished');
      expect(deployment.slept.reduce((sum, one) => sum + one)).toBeGreaterThan(2 * 3_600_000);
    });

    test('Ctrl-C leaves it running and says so', async () => {
      const terminal = recordedTerminal();
      meanwhile(...allSteps.slice(0, 1), () => terminal.interrupt());
      const { exitCode, said } = await runCommand(deployment, ['rotate', 'jwt'], terminal);
      expect(exitCode).toBe(130);
      expect(said).toContain(`No longer followed. Rotation ${token} goes on by itself.`);
      expect(said).toContain('Next: npx quarterturn status jwt --deployment pharmacy/prod');
      expect(deployment.secrets.stages.get(name)?.[token]).toEqual(['AWSPENDING']);
    });
  });

  describe('while another rotation is in progress', () => {
    const other = 'e'.repeat(32);
    const back = 'f'.repeat(32);
    beforeEach(async () => {
      deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'], [other]: ['AWSPENDING'] });
      await record(other);
    });

    test('follows that one and starts none', async () => {
      const putAfter = () =>
        deployment.controlTable.putAfterRotation(name, { ...after('due'), versionId: other });
      meanwhile(putAfter, () => deployment.secrets.promote(name, other), finishOther);
      const report = await json();
      expect(report).toMatchObject({ outcome: 'finished', followed: true, versionId: other });
      expect(deployment.secrets.calls).not.toContain('rotate');
    });

    test.each(['rollback', 'emergency'] as const)(
      'that is none (%s): it is not followed as if it were, and the exit code says so',
      async (intent) => {
        const at = deployment.clock.now().toISOString();
        await deployment.controlTable.putIntent(name, {
          ...{ intent, token: back, requestedBy: 'after-rotation', at },
        });
        deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'], [back]: ['AWSPENDING'] });
        const { exitCode, outcome, problem } = await json();
        expect([exitCode, outcome]).toEqual([1, 'refused']);
        expect(problem).toMatchObject({ code: 'ERR_ROTATION_IN_PROGRESS' });
        expect(problem?.message).toContain(`${back} of ${name} is in progress (${intent}`);
        expect(deployment.secrets.calls).not.toContain('rotate');
      },
    );

    test('a failure it has met already is told, and does not end the following', async () => {
      await deployment.controlTable.updateRotation(name, other, (found) => ({
        ...found,
        failure: {
          step: 'setSecret',
          code: 'ERR_ROTATION_PROBE',
          message: 'no answer.',
          at: '2026-05-17T16:55:00Z',
        },
      }));
      const putAfter = () =>
        deployment.controlTable.putAfterRotation(name, { ...after('due'), versionId: other });
      meanwhile(
        () => undefined,
        putAfter,
        () => deployment.secrets.promote(name, other),
        finishOther,
      );
      const { exitCode, said } = await rotate();
      expect(exitCode).toBe(0);
      expect(said).toContain(`rotation ${other} is in progress already (by someone)`);
      expect(said).toContain('Until now: setSecret failed at 2026-05-17T16:55:00Z: no answer.');
    });

    const finishOther = () =>
      deployment.controlTable.moveAfterRotation(name, ['due'], {
        ...after('finished'),
        versionId: other,
      });
  });

  test('one that began between look and call is followed, too', async () => {
    const other = 'e'.repeat(32);
    deployment.secrets.door.rotate = async () => {
      deployment.secrets.stages.set(name, { [before]: ['AWSCURRENT'], [other]: ['AWSPENDING'] });
      return 'inProgress';
    };
    expect(await json('--no-wait')).toMatchObject({ followed: true, versionId: other });
  });

  test('a rotation that logs everyone out is announced, and a person is asked', async () => {
    const [jwt, ...others] = deployment.manifest.secrets;
    deployment = inMemoryDeployment({
      manifest: {
        ...deployment.manifest,
        secrets: [
          { ...jwt, readers: 'scalar', logsEveryoneOut: true } as typeof jwt & object,
          ...others,
        ],
      },
    });
    deployment.secrets.add(name, { [before]: ['AWSCURRENT'] });
    const no = recordedTerminal({ interactive: true, answer: false });
    expect((await runCommand(deployment, ['rotate', 'jwt'], no)).exitCode).toBe(1);
    expect(no.asked).toEqual(['Rotate it now?']);
    expect(deployment.secrets.rotations).toEqual([]);
    const pipe = recordedTerminal();
    const { exitCode, complained } = await runCommand(
      deployment,
      ['rotate', 'jwt', '--no-wait'],
      pipe,
    );
    expect(exitCode).toBe(0);
    expect(complained).toContain('This logs everyone out');
  });
});

/** All that is planned for the next looks happens within one. */
function together(count: number): () => Promise<void> {
  const { meanwhile: one } = deployment;
  return async () => {
    for (let at = 0; at < count; at += 1) await one();
  };
}
