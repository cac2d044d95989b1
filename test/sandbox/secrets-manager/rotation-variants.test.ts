import { beforeEach, describe, expect, test } from '@jest/globals';
import { Bench, failing, lambdaArn, token, wellBehaved } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

const describeIt = () => bench.call('DescribeSecret', { SecretId: arn });
const epoch = (iso: string) => Date.parse(iso) / 1000;

describe('RotateImmediately=false', () => {
  test('runs testSecret only, on a version that holds a copy of the current value and then goes', async () => {
    let seen: unknown;
    bench.handler = async ({ SecretId, ClientRequestToken }) => {
      seen = [
        await bench.labels(),
        (await bench.call('GetSecretValue', { SecretId, VersionId: ClientRequestToken }))
          .SecretString,
      ];
    };
    await bench.rotate('t1', {
      RotateImmediately: false,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
    await bench.clock.idle();
    expect(bench.steps()).toEqual(['testSecret']);
    expect(seen).toEqual([{ v1: ['AWSCURRENT'], t1: ['AWSPENDING'] }, 'first']);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
    expect(bench.rotationEvents()).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
    expect(await describeIt()).toMatchObject({ RotationEnabled: true });
    expect(await describeIt()).not.toHaveProperty('LastRotatedDate');
  });

  test('can give testSecret no value, and a failure is told by event alone', async () => {
    bench.service.setTestVersion('withoutValue');
    let seen = '';
    bench.handler = async ({ SecretId, ClientRequestToken }) => {
      seen = await bench.refusal('GetSecretValue', { SecretId, VersionId: ClientRequestToken });
      throw new Error('as scripted');
    };
    await bench.rotate('t1', { RotateImmediately: false });
    await bench.clock.settle();
    expect(seen).toMatch(/^ResourceNotFoundException/);
    expect(bench.rotationEvents()).toEqual(['TestRotationStarted', 'TestRotationFailed']);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
  });
});

describe('CancelRotateSecret', () => {
  test('leaves AWSPENDING, which blocks the next rotation until somebody removes it', async () => {
    bench.handler = failing('setSecret');
    await bench.rotate('t1');
    await bench.clock.idle();
    expect(await bench.call('CancelRotateSecret', { SecretId: arn })).toEqual({
      ARN: arn,
      Name: 'app/key',
      VersionId: token('t1'),
    });
    await bench.clock.advanceTo(bench.later(24 * 60));
    expect(bench.steps()).toEqual(['createSecret', 'setSecret']);
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], t1: ['AWSPENDING'] });
    const described = await describeIt();
    expect(described).toMatchObject({ RotationEnabled: false, RotationLambdaARN: lambdaArn });
    expect(described).not.toHaveProperty('NextRotationDate');
    for (const name of ['t1', 't2']) {
      expect(
        await bench.refusal('RotateSecret', { SecretId: arn, ClientRequestToken: token(name) }),
      ).toBe(
        "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.",
      );
    }
    await bench.call('UpdateSecretVersionStage', {
      SecretId: arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token('t1'),
    });
    bench.handler = async () => undefined;
    await bench.call('RotateSecret', { SecretId: arn, ClientRequestToken: token('t2') });
    expect(await describeIt()).toMatchObject({ RotationEnabled: true });
  });

  test('while a step runs lets that step end and begins no other', async () => {
    bench.handler = async ({ Step }) => {
      if (Step === 'createSecret') {
        await bench.call('CancelRotateSecret', { SecretId: arn });
      }
    };
    await bench.rotate('t1');
    await bench.clock.settle();
    expect(bench.steps()).toEqual(['createSecret']);
    expect(bench.rotationEvents()).toEqual(['RotationStarted']);
  });
});

describe('clearing the way while a step still runs', () => {
  test('lets another token rotate; the old function cannot write with its rotation token any more', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let runs = (): void => undefined;
    const running = new Promise<void>((resolve) => {
      runs = resolve;
    });
    let late = '';
    bench.handler = async (payload, of) => {
      if (payload.ClientRequestToken !== token('t1')) {
        return wellBehaved(payload, of);
      }
      runs();
      await held;
      const { SecretId, ClientRequestToken, RotationToken } = payload;
      late = await of.refusal('PutSecretValue', {
        ...{ SecretId, ClientRequestToken, RotationToken },
        SecretString: 'late',
        VersionStages: ['AWSPENDING'],
      });
    };
    await bench.rotate('t1');
    await running;
    await bench.call('CancelRotateSecret', { SecretId: arn });
    await bench.call('UpdateSecretVersionStage', {
      SecretId: arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token('t1'),
    });
    await bench.rotate('t2');
    release();
    await bench.clock.settle();
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], t2: ['AWSCURRENT'] });
    expect(bench.steps().filter((step) => step === 'createSecret')).toHaveLength(2);
    expect(late).toMatch(/^InvalidParameterException: The RotationToken is not valid/);
  });
});

test.each([true, false])(
  'regression: a rotation cancelled before its function was called does not call it (immediately: %s)',
  async (immediately) => {
    await bench.rotate('t1', { RotateImmediately: immediately });
    await bench.call('CancelRotateSecret', { SecretId: arn });
    await bench.clock.settle();
    expect(bench.steps()).toEqual([]);
  },
);

describe('the native rule', () => {
  test('counts days from the last rotation or manual change to the end of that day in UTC', async () => {
    await bench.rotate('t1', { RotationRules: { AutomaticallyAfterDays: 30 } });
    await bench.clock.idle();
    expect(await describeIt()).toMatchObject({
      RotationRules: { AutomaticallyAfterDays: 30 },
      LastRotatedDate: epoch('2027-01-10T12:00:00Z'),
      NextRotationDate: epoch('2027-02-09T23:59:59Z'),
    });
    await bench.clock.advanceTo(new Date('2027-01-11T08:00:00Z'));
    await bench.call('PutSecretValue', {
      SecretId: arn,
      ClientRequestToken: token('v2'),
      SecretString: 'by hand',
    });
    expect(await describeIt()).toMatchObject({
      LastRotatedDate: epoch('2027-01-10T12:00:00Z'),
      LastChangedDate: epoch('2027-01-11T08:00:00Z'),
      NextRotationDate: epoch('2027-02-10T23:59:59Z'),
    });
  });

  test('rotates when its window opens, again and again', async () => {
    await bench.rotate('t1', {
      RotationRules: { ScheduleExpression: 'rate(10 days)', Duration: '4h' },
    });
    await bench.clock.advanceTo(new Date('2027-02-10T00:00:00Z'));
    const started = bench.events
      .filter((event) => event.detail.eventName === 'RotationStarted')
      .map((event) => event.detail.eventTime);
    expect(started).toEqual([
      '2027-01-10T12:00:00Z',
      '2027-01-20T00:00:00Z',
      '2027-01-30T00:00:00Z',
      '2027-02-09T00:00:00Z',
    ]);
    expect(await describeIt()).toMatchObject({
      RotationRules: {
        AutomaticallyAfterDays: 10,
        ScheduleExpression: 'rate(10 days)',
        Duration: '4h',
      },
      NextRotationDate: epoch('2027-02-19T03:59:59Z'),
    });
  });

  test('takes an unfinished rotation up again the next day, with its token, and is late until then', async () => {
    await bench.rotate('t1', { RotationRules: { ScheduleExpression: 'rate(10 days)' } });
    await bench.clock.idle();
    bench.handler = failing('setSecret');
    await bench.clock.advanceTo(new Date('2027-01-20T12:00:00Z'));
    const pending = Object.entries(await bench.labels()).find(([, labels]) =>
      labels.includes('AWSPENDING'),
    )?.[0];
    await bench.clock.advanceTo(new Date('2027-01-21T12:00:00Z'));
    expect(bench.invocations.at(-1)?.payload.ClientRequestToken).toBe(pending);
    expect((await describeIt()).NextRotationDate).toBe(epoch('2027-01-20T23:59:59Z'));
    expect((await describeIt()).LastRotatedDate).toBe(epoch('2027-01-10T12:00:00Z'));
  });

  test('stops with CancelRotateSecret', async () => {
    await bench.rotate('t1', { RotationRules: { AutomaticallyAfterDays: 1 } });
    await bench.clock.idle();
    await bench.call('CancelRotateSecret', { SecretId: arn });
    await bench.clock.advanceTo(new Date('2027-02-10T00:00:00Z'));
    expect(bench.steps()).toHaveLength(4);
    expect(await describeIt()).not.toHaveProperty('LastRotatedDate');
  });

  test('keeps its rule and function when RotateSecret gives none', async () => {
    await bench.rotate('t1', { RotationRules: { AutomaticallyAfterDays: 7 } });
    await bench.clock.idle();
    await bench.call('RotateSecret', { SecretId: arn, ClientRequestToken: token('t2') });
    await bench.clock.idle();
    expect(await describeIt()).toMatchObject({
      RotationRules: { AutomaticallyAfterDays: 7 },
      RotationLambdaARN: lambdaArn,
    });
  });
});
