import { beforeEach, describe, expect, test } from '@jest/globals';
import { deploymentSchema } from '../../../domain/events/triggers.ts';
import type { GateReport } from '../../../domain/reports/gate-report.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const jwt = 'pharmacy/prod/jwt';
const before = 'a'.repeat(32);
const version = 'b'.repeat(32);
const id = '1'.padStart(32, '0');

let deployment: InMemoryDeployment;
beforeEach(() => {
  deployment = inMemoryDeployment();
  deployment.secrets.add(jwt, { [before]: ['AWSCURRENT', 'rotated-20251118T090000Z'] });
});
const gate = (...argv: string[]) => runCommand(deployment, ['gate', ...argv]);
const json = async (...argv: string[]) => {
  const { exitCode, said } = await gate(...argv, '--json');
  return { exitCode, ...(JSON.parse(said) as GateReport) };
};

/** What the deployment answers at the first look, and what becomes of the rotation at the next ones. */
function answers(
  secrets: { key: string; state: string; [more: string]: unknown }[],
  ...then: (() => unknown)[]
) {
  const steps = [
    () =>
      deployment.triggerRecords.putTrigger(id, {
        trigger: 'deployment',
        eventId: 'event',
        at: deployment.clock.now().toISOString(),
        done: true,
        secrets: secrets.map((secret) => ({ name: `pharmacy/prod/${secret.key}`, ...secret })),
      }),
    ...then,
  ];
  deployment.meanwhile = async () => {
    await steps.shift()?.();
  };
}
const rotates = () => {
  (deployment.secrets.stages.get(jwt) ?? {})[version] = ['AWSPENDING'];
};
const promoted = async () => {
  deployment.secrets.promote(jwt, version);
  await deployment.controlTable.putAfterRotation(jwt, {
    versionId: version,
    state: 'due',
    intent: 'planned',
    basedOn: before,
    at: deployment.clock.now().toISOString(),
  });
};
const ends = (state: 'finished' | 'stopped') => () =>
  deployment.controlTable.moveAfterRotation(jwt, ['due'], {
    versionId: version,
    state,
    intent: 'planned',
    basedOn: before,
    ...(state === 'stopped' && { reason: 'the proxy did not answer' }),
    at: deployment.clock.now().toISOString(),
  });
const rotating = { key: 'jwt', state: 'rotating', versionId: version };

describe('quarterturn gate', () => {
  test('puts one event on the bus and waits until the rotation is done', async () => {
    answers([rotating], rotates, promoted, ends('finished'));
    const { exitCode, said } = await gate('jwt', '--reason', 'v2');
    expect(deployment.triggerBus.events).toEqual([
      {
        source: 'quarterturn.trigger',
        detailType: 'credential-deployment',
        detail: { version: 1, id, secrets: ['jwt'], reason: 'v2' },
        resources: [],
      },
    ]);
    expect(deploymentSchema.safeParse(deployment.triggerBus.events[0]?.detail).success).toBe(true);
    expect(said).toMatch(/jwt +finished\nGate open: everything that was asked for is done\.$/);
    expect(exitCode).toBe(0);
    // The pipeline itself rotates nothing.
    expect(deployment.secrets.rotations).toEqual([]);
  });

  test('is open where nothing is due', async () => {
    answers([{ key: 'jwt', state: 'notDue' }]);
    expect(await json('--within', '14')).toMatchObject({
      exitCode: 0,
      gate: 'open',
      requestId: id,
      secrets: [{ key: 'jwt', state: 'notDue' }],
    });
    expect(deployment.triggerBus.events[0]?.detail).toEqual({ version: 1, id, withinDays: 14 });
  });

  test('is closed where what follows a rotation stopped', async () => {
    answers([rotating], rotates, promoted, ends('stopped'));
    const { exitCode, complained } = await gate('jwt');
    expect(exitCode).toBe(1);
    expect(complained.replaceAll(/\s+/g, ' ')).toMatch(/the proxy did not answer/);
    expect(complained).toMatch(/Gate closed: do not deploy yet\.$/);
  });

  test('is closed where a secret was refused, with the reason', async () => {
    const refused = { code: 'ERR_ROTATION_LEASED', message: 'on-call holds this secret' };
    answers([{ key: 'jwt', state: 'refused', ...refused }]);
    expect(await json('jwt')).toMatchObject({
      exitCode: 1,
      gate: 'closed',
      secrets: [{ key: 'jwt', state: 'refused', problem: { code: 'ERR_ROTATION_LEASED' } }],
    });
  });

  test('is closed when nobody answers', async () => {
    expect(await json('jwt')).toMatchObject({
      exitCode: 1,
      gate: 'closed',
      problem: { code: 'ERR_ROTATION_GATE_UNANSWERED' },
    });
    expect(deployment.slept.length).toBe(300);
  });

  test('does not wait with --no-wait', async () => {
    answers([rotating]);
    expect(await json('jwt', '--no-wait')).toMatchObject({
      exitCode: 0,
      gate: 'asked',
      secrets: [{ key: 'jwt', state: 'asked', versionId: version }],
    });
  });

  test('ends with Ctrl-C, and the rotation goes on', async () => {
    answers([rotating], rotates);
    const terminal = recordedTerminal({ interruptAfter: 3 } as never);
    const controller = new AbortController();
    terminal.untilInterrupted = (work) => work(controller.signal);
    const [answer] = [deployment.meanwhile];
    let looks = 0;
    deployment.meanwhile = async () => {
      await answer();
      if (++looks === 3) controller.abort();
    };
    const { exitCode } = await runCommand(deployment, ['gate', 'jwt'], terminal);
    expect(exitCode).toBe(130);
  });

  test.each([
    ['ResourceNotFoundException', /has no bus for triggers; expected triggers\.deployment/],
    ['AccessDeniedException', /expected its role in triggers\.deployment\.from/],
  ])('says what is missing when the bus answers %s', async (awsCode, text) => {
    deployment.triggerBus.put = () => Promise.reject(new AwsCallError('PutEvents', awsCode, 'no'));
    const { exitCode, complained } = await gate('jwt');
    expect(exitCode).toBe(1);
    expect(complained.replaceAll(/\s+/g, ' ')).toMatch(text);
  });

  test.each([
    [[], 2, /Neither secrets nor --within/],
    [['--within', 'soon'], 2, /--within is "soon"/],
    [['--within', '366'], 2, /0 to 365/],
    [['jwtt'], 1, /jwtt/],
    [['dbAdmin'], 1, /user-managed/],
  ])('refuses %j', async (argv, code, text) => {
    const { exitCode, complained } = await gate(...argv);
    expect(complained.replaceAll(/\s+/g, ' ')).toMatch(text);
    expect(exitCode).toBe(code);
    expect(deployment.triggerBus.events).toEqual([]);
  });
});
