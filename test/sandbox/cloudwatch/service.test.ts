import { beforeEach, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import type { AlarmDefinition } from '../../../sandbox/cloudwatch/alarm.ts';
import { CloudWatchService } from '../../../sandbox/cloudwatch/service.ts';
import type { TopicPort } from '../../../sandbox/ports.ts';
import { type Caller, ServiceException } from '../../../sandbox/service.ts';

const start = new Date('2026-05-17T17:00:20Z');
const minute = 60_000;
const onCall = 'arn:aws:sns:eu-west-1:000000000000:on-call';
const user: Caller = { kind: 'user', arn: 'arn:aws:iam::000000000000:user/u' };
const errors = { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: 'f' } };

let clock: SandboxClock;
let sent: { at: string; caller: Caller; subject: string | undefined }[];
let refuse: ServiceException | undefined;
let cloudwatch: CloudWatchService;
beforeEach(() => {
  clock = new SandboxClock(start, 'manual');
  sent = [];
  refuse = undefined;
  const topics: TopicPort = {
    publishAs(caller, topicArn, { subject }) {
      if (refuse !== undefined) throw refuse;
      expect(topicArn).toBe(onCall);
      sent.push({ at: clock.now().toISOString().slice(11, 16), caller, subject });
    },
  };
  const place = { account: '000000000000', region: 'eu-west-1', clock };
  cloudwatch = new CloudWatchService({ ...place, topics });
});
const alarm = (more: Partial<AlarmDefinition> = {}) =>
  cloudwatch.putAlarm({
    name: 'failed',
    metric: errors,
    statistic: 'Sum',
    period: 60,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    threshold: 1,
    comparison: 'GreaterThanOrEqualToThreshold',
    treatMissingData: 'notBreaching',
    actionsEnabled: true,
    actions: { ALARM: [onCall], OK: [onCall], INSUFFICIENT_DATA: [] },
    ...more,
  });
const passing = (minutes: number) =>
  clock.advanceTo(new Date(clock.now().getTime() + minutes * minute));
const told = () => sent.map(({ at, subject }) => `${at} ${subject?.split(':')[0]}`);
const run = (operation: string, input: object = {}) =>
  cloudwatch.operations[operation]?.run(input as Record<string, unknown>, user) as Promise<
    Record<string, never>
  >;

describe('an alarm', () => {
  test('is told within the minute, and its end when the point is out of sight', async () => {
    const { arn } = alarm();
    await passing(5);
    cloudwatch.count(errors);
    await passing(10);
    // The period is one minute; two more are looked at before a missing point counts as missing.
    expect(told()).toEqual(['17:01 OK', '17:06 ALARM', '17:09 OK']);
    expect(sent[1]?.caller).toEqual({
      kind: 'service',
      arn: 'cloudwatch.amazonaws.com',
      service: 'cloudwatch.amazonaws.com',
      sourceAccount: '000000000000',
      sourceArn: arn,
    });
  });

  test('on a heartbeat hears its absence, and its return', async () => {
    const beat = { namespace: 'Q', name: 'Heartbeat', dimensions: {} };
    cloudwatch.count(beat);
    alarm({
      metric: beat,
      period: 3600,
      comparison: 'LessThanThreshold',
      treatMissingData: 'breaching',
    });
    for (let hour = 1; hour < 5; hour++) {
      await passing(60);
      cloudwatch.count(beat);
    }
    expect(told()).toEqual(['17:01 OK']);
    await passing(6 * 60);
    expect(told()).toEqual(['17:01 OK', '00:01 ALARM']);
    cloudwatch.count(beat);
    await passing(1);
    expect(told().at(-1)).toBe('03:01 OK');
  });

  test('on a level stays while the level does', async () => {
    const depth = { namespace: 'AWS/SQS', name: 'Depth', dimensions: { QueueName: 'q' } };
    cloudwatch.stand(depth, 0);
    alarm({ metric: depth, statistic: 'Maximum' });
    await passing(10);
    cloudwatch.stand(depth, 1);
    await passing(24 * 60);
    expect(told()).toEqual(['17:01 OK', '17:11 ALARM']);
    cloudwatch.stand(depth, 0);
    await passing(5);
    expect(told().at(-1)).toBe('17:11 OK');
  });

  test('whose action is refused says so in its history, and reaches nobody', async () => {
    alarm();
    await passing(1);
    sent.length = 0;
    refuse = new ServiceException('KMSAccessDenied', 'may not use the key');
    cloudwatch.count(errors);
    await passing(2);
    expect(sent).toEqual([]);
    expect(cloudwatch.undelivered()).toMatchObject([
      { alarmName: 'failed', failed: { topicArn: onCall, error: 'may not use the key' } },
    ]);
    const { AlarmHistoryItems } = await run('DescribeAlarmHistory', {
      AlarmName: 'failed',
      HistoryItemType: 'Action',
    });
    expect(JSON.stringify(AlarmHistoryItems)).toContain(`Failed to execute action ${onCall}`);
    const { MetricAlarms } = await run('DescribeAlarms', { StateValue: 'ALARM' });
    expect(MetricAlarms).toMatchObject([{ AlarmName: 'failed', StateValue: 'ALARM' }]);
  });

  test('is set by hand until it is evaluated again', async () => {
    alarm();
    await passing(1);
    await run('SetAlarmState', { AlarmName: 'failed', StateValue: 'ALARM', StateReason: 'test' });
    expect(told().at(-1)).toBe('17:01 ALARM');
    cloudwatch.count({ ...errors, dimensions: { FunctionName: 'another' } });
    await passing(5);
    expect(told()).toHaveLength(2);
    cloudwatch.count(errors, 0);
    await passing(2);
    expect(told().at(-1)).toBe('17:07 OK');
    await expect(
      run('SetAlarmState', { AlarmName: 'none', StateValue: 'OK' }),
    ).rejects.toMatchObject({ code: 'ResourceNotFound' });
  });
});

describe('a metric', () => {
  test('is found by exactly its dimensions, and summed by period', async () => {
    for (let i = 0; i < 4; i++) {
      cloudwatch.count(errors, i);
      await passing(1);
    }
    const ask = (more: object) =>
      run('GetMetricStatistics', {
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: 'f' }],
        StartTime: new Date('2026-05-17T17:00:00Z'),
        EndTime: new Date('2026-05-17T17:10:00Z'),
        Period: 120,
        Statistics: ['Sum', 'Maximum'],
        ...more,
      });
    expect(await ask({})).toEqual({
      Label: 'Errors',
      Datapoints: [
        { Timestamp: new Date('2026-05-17T17:00:00Z'), Unit: 'Count', Sum: 1, Maximum: 1 },
        { Timestamp: new Date('2026-05-17T17:02:00Z'), Unit: 'Count', Sum: 5, Maximum: 3 },
      ],
    });
    expect((await ask({ Dimensions: [] })).Datapoints).toEqual([]);
    await expect(ask({ Period: 90 })).rejects.toThrow('multiple of 60');
  });

  test('is taken out of a log line of the embedded format, and out of no other', async () => {
    const line = (dimensions: object) =>
      JSON.stringify({
        _aws: {
          Timestamp: start.getTime(),
          CloudWatchMetrics: [{ Namespace: 'Q', Dimensions: [['A']], Metrics: [{ Name: 'm' }] }],
        },
        m: 1,
        ...dimensions,
      });
    cloudwatch.logged('{"m":1}');
    cloudwatch.logged('not JSON "_aws"');
    cloudwatch.logged(line({ A: 7 }));
    cloudwatch.logged(line({ A: 'a' }));
    expect(await run('ListMetrics')).toEqual({
      Metrics: [{ Namespace: 'Q', MetricName: 'm', Dimensions: [{ Name: 'A', Value: 'a' }] }],
    });
  });
});
