import { describe, expect, test } from '@jest/globals';
import { restartReencryption } from '../../../lambdas/cadence/restart-reencryption.ts';
import { recordedExecutions, settableClock } from '../../doors/recorded.ts';

const stateMachineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:rows';
const executionOf = (name: string) =>
  `arn:aws:states:eu-west-1:000000000000:execution:rows:${name}`;
const versionId = '11111111-1111-4111-8111-111111111111';
const secret = { name: 'pharmacy/prod/pii', arn: 'arn:of-the-secret' };

function world(record: { state?: 'due' | 'active' | 'stopped'; execution?: string; at?: string }) {
  const stepFunctions = recordedExecutions();
  const clock = settableClock('2026-05-17T18:00:00.000Z');
  const restart = () =>
    restartReencryption(
      { stepFunctions, clock },
      {
        stateMachineArn,
        function: 'rows-pii',
        secret,
        record: { state: 'active', versionId, at: '2026-05-17T17:00:00.000Z', ...record },
      },
    );
  return { stepFunctions, restart };
}

describe('a re-encryption', () => {
  test('that nobody started is started, once', async () => {
    const { stepFunctions, restart } = world({ state: 'due' });
    expect(await restart()).toBe(versionId);
    expect(stepFunctions.started).toEqual([
      {
        name: versionId,
        input: { secretName: secret.name, secretArn: secret.arn, function: 'rows-pii', versionId },
      },
    ]);
    // The next tick, before its first task: it is alive.
    stepFunctions.running.add(executionOf(versionId));
    expect(await restart()).toBeUndefined();
  });

  test('whose execution died is started under the next name', async () => {
    const { stepFunctions, restart } = world({ execution: executionOf(versionId) });
    await stepFunctions.startExecution({ stateMachineArn, name: versionId, input: {} });
    expect(await restart()).toBe(`${versionId}-2`);
  });

  test('that is alive, however it is called, that moved lately, or that a person has to look at, is left alone', async () => {
    const continued = world({ execution: executionOf('continued') });
    continued.stepFunctions.running.add(executionOf('continued'));
    expect(await continued.restart()).toBeUndefined();
    expect(await world({ at: '2026-05-17T17:55:00.000Z' }).restart()).toBeUndefined();
    expect(await world({ state: 'stopped' }).restart()).toBeUndefined();
  });

  test('that dies every time becomes a finding', async () => {
    const { restart } = world({});
    for (let attempt = 0; attempt < 20; attempt++) await restart();
    await expect(restart()).rejects.toMatchObject({ code: 'ERR_ROTATION_TOO_MANY_RESTARTS' });
  });
});
