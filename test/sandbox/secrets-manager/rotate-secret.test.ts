import { beforeEach, describe, expect, test } from '@jest/globals';
import { Bench, failing, lambdaArn, operator, token } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

describe('a rotation that goes well', () => {
  test('answers at once with exactly ARN, Name and VersionId, before any step has run', async () => {
    const answer = await bench.rotate('t1');
    expect(answer).toEqual({ ARN: arn, Name: 'app/key', VersionId: token('t1') });
    expect(bench.steps()).toEqual([]);
  });

  test('registers AWSPENDING without a value before createSecret', async () => {
    const seen: unknown[] = [];
    bench.handler = async ({ Step, SecretId, ClientRequestToken }) => {
      if (Step === 'createSecret') {
        seen.push(await bench.labels());
        seen.push(
          await bench.refusal('GetSecretValue', {
            SecretId,
            VersionId: ClientRequestToken,
            VersionStage: 'AWSPENDING',
          }),
          await bench.refusal('GetSecretValue', { SecretId, VersionId: ClientRequestToken }),
        );
      }
      throw new Error('enough');
    };
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(seen).toEqual([
      { v1: ['AWSCURRENT'], t1: ['AWSPENDING'] },
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
      `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${token('t1')}`,
    ]);
  });

  test('runs the four steps in order as the service, with exactly four members in the payload', async () => {
    await bench.rotate('t1', { SecretId: 'app/key' });
    await bench.clock.idle();
    expect(bench.steps()).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
    for (const { caller, payload } of bench.invocations) {
      expect(Object.keys(payload)).toEqual([
        'Step',
        'SecretId',
        'ClientRequestToken',
        'RotationToken',
      ]);
      expect(payload.SecretId).toBe(arn);
      expect(payload.RotationToken).toMatch(/^[a-zA-Z0-9-]{36,256}$/);
      expect(caller).toEqual({
        arn: 'secretsmanager.amazonaws.com',
        kind: 'service',
        service: 'secretsmanager.amazonaws.com',
        sourceAccount: '000000000000',
        sourceArn: arn,
      });
    }
  });

  test('ends with AWSPENDING stripped and AWSPREVIOUS on the version that was current', async () => {
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], t1: ['AWSCURRENT'] });
    await bench.rotate('t2');
    await bench.clock.idle();
    expect(await bench.labels()).toEqual({ t1: ['AWSPREVIOUS'], t2: ['AWSCURRENT'] });
    expect(bench.rotationEvents()).toEqual([
      'RotationStarted',
      'RotationSucceeded',
      'RotationStarted',
      'RotationSucceeded',
    ]);
  });

  test('can leave AWSPENDING on the current version, which does not block the next', async () => {
    bench.service.setPendingEndState('leftForClient');
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(await bench.labels()).toEqual({
      v1: ['AWSPREVIOUS'],
      t1: ['AWSCURRENT', 'AWSPENDING'],
    });
    await bench.rotate('t2');
    await bench.clock.idle();
    expect(await bench.labels()).toEqual({
      t1: ['AWSPREVIOUS'],
      t2: ['AWSCURRENT', 'AWSPENDING'],
    });
  });

  test('can strip AWSPENDING in the very call that moves AWSCURRENT', async () => {
    bench.service.setPendingEndState('withTheMove');
    bench.handler = failing('finishSecret', 'after');
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], t1: ['AWSCURRENT'] });
  });
});

describe('a rotation that fails', () => {
  for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
    test(`in ${step} was still answered with success, runs no further step and leaves AWSPENDING`, async () => {
      bench.handler = failing(step);
      expect((await bench.rotate('t1')).VersionId).toBe(token('t1'));
      await bench.clock.idle();
      expect(bench.steps().at(-1)).toBe(step);
      expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], t1: ['AWSPENDING'] });
      const failed = bench.events.find((event) => event.detail.eventName === 'RotationFailed');
      expect(failed?.detail.errorMessage).toBe(
        `Error when executing lambda ${lambdaArn} during ${step} step`,
      );
    });
  }

  test('is run again from createSecret with the same token and then succeeds', async () => {
    bench.handler = failing('setSecret', 'after', 1);
    await bench.rotate('t1');
    await bench.clock.settle();
    expect(bench.steps()).toEqual([
      ...['createSecret', 'setSecret'],
      ...['createSecret', 'setSecret', 'testSecret', 'finishSecret'],
    ]);
    expect(new Set(bench.invocations.map((each) => each.payload.ClientRequestToken)).size).toBe(1);
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], t1: ['AWSCURRENT'] });
  });

  test('is tried five times more, at growing distances, and then given up', async () => {
    bench.handler = failing('createSecret');
    const started = bench.clock.now().getTime();
    const minutes: number[] = [];
    const scripted = bench.handler;
    bench.handler = async (payload, of) => {
      minutes.push((of.clock.now().getTime() - started) / 60_000);
      await scripted(payload, of);
    };
    await bench.rotate('t1');
    await bench.clock.advanceTo(bench.later(48 * 60));
    expect(minutes).toEqual([0, 5, 15, 35, 75, 155]);
  });

  test('is not tried again once its token has lost AWSPENDING', async () => {
    bench.handler = failing('createSecret');
    await bench.rotate('t1');
    await bench.clock.idle();
    await bench.call('UpdateSecretVersionStage', {
      SecretId: arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token('t1'),
    });
    await bench.clock.advanceTo(bench.later(48 * 60));
    expect(bench.steps()).toEqual(['createSecret']);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
  });

  test('four clean returns without a promotion are a failure that blocks the next rotation', async () => {
    bench.handler = async () => undefined;
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(bench.rotationEvents()).toEqual(['RotationStarted', 'RotationFailed']);
    expect(
      await bench.refusal('RotateSecret', { SecretId: arn, ClientRequestToken: token('t2') }),
    ).toBe(
      "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.",
    );
  });
});

describe('RotateSecret refuses', () => {
  const request = { SecretId: 'app/key', ClientRequestToken: token('t1') };

  test('without a token, as raw HTTP may come', async () => {
    expect(await bench.refusal('RotateSecret', { SecretId: 'app/key' })).toBe(
      'InvalidParameterException: You must provide a ClientRequestToken value. We recommend a UUID-type value.',
    );
  });

  test('a secret that never had a function', async () => {
    expect(await bench.refusal('RotateSecret', request)).toBe(
      'InvalidRequestException: No Lambda rotation function ARN is associated with this secret.',
    );
  });

  test.each([['functionExists'], ['serviceMayInvoke']] as const)(
    'a function the service cannot invoke (%s), and stores nothing',
    async (flag) => {
      bench[flag] = false;
      const before = await bench.call('DescribeSecret', { SecretId: arn });
      expect(
        await bench.refusal('RotateSecret', { ...request, RotationLambdaARN: lambdaArn }),
      ).toBe(
        'AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      );
      expect(await bench.call('DescribeSecret', { SecretId: arn })).toEqual(before);
    },
  );

  test('a caller who may not invoke the function himself', async () => {
    bench.callerMayInvoke = false;
    expect(await bench.refusal('RotateSecret', { ...request, RotationLambdaARN: lambdaArn })).toBe(
      `AccessDeniedException: User: ${operator.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${lambdaArn}`,
    );
  });

  test('an unknown secret and one that is marked for deletion', async () => {
    expect(await bench.refusal('RotateSecret', { ...request, SecretId: 'other' })).toBe(
      "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    );
    await bench.call('DeleteSecret', { SecretId: arn });
    expect(await bench.refusal('RotateSecret', { ...request, RotationLambdaARN: lambdaArn })).toBe(
      "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.",
    );
  });

  test('even a change of the rules alone while AWSPENDING is not on AWSCURRENT', async () => {
    bench.handler = failing('setSecret');
    await bench.rotate('t1');
    await bench.clock.idle();
    const rules = { AutomaticallyAfterDays: 30 };
    expect(
      await bench.refusal('RotateSecret', {
        SecretId: arn,
        ClientRequestToken: token('t2'),
        RotationRules: rules,
        RotateImmediately: false,
      }),
    ).toBe(
      "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.",
    );
    expect((await bench.call('DescribeSecret', { SecretId: arn })).RotationRules).toBeUndefined();
  });
});

describe('the same token once more', () => {
  test('while its rotation runs answers the same VersionId and starts nothing', async () => {
    bench.handler = failing('setSecret');
    await bench.rotate('t1');
    expect((await bench.rotate('t1')).VersionId).toBe(token('t1'));
    await bench.clock.idle();
    expect(bench.steps()).toEqual(['createSecret', 'setSecret']);
    expect((await bench.rotate('t1')).VersionId).toBe(token('t1'));
    await bench.clock.idle();
    expect(bench.steps()).toEqual(['createSecret', 'setSecret']);
  });

  test('after it is done answers too, and starts nothing', async () => {
    await bench.rotate('t1');
    await bench.clock.idle();
    expect((await bench.rotate('t1')).VersionId).toBe(token('t1'));
    await bench.clock.idle();
    expect(bench.steps()).toHaveLength(4);
  });
});
