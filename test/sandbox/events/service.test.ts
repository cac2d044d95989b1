import { beforeEach, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { EventsService } from '../../../sandbox/events/service.ts';
import type { TopicPort } from '../../../sandbox/ports.ts';
import { type Caller, ServiceException } from '../../../sandbox/service.ts';
import {
  RecordedMetrics,
  RecordedQueues,
  ScriptedIam,
  ScriptedLambda,
  ScriptedStates,
} from '../scripted-ports.ts';

const start = new Date('2026-05-17T17:00:00Z');
const later = (minutes: number) => new Date(start.getTime() + minutes * 60_000);
const caller: Caller = { arn: 'arn:aws:iam::000000000000:role/detector', kind: 'role' };
const labelUpdated = {
  source: 'aws.secretsmanager',
  'detail-type': 'Secret Label Updated',
  resources: ['arn:secret'],
  detail: { name: 'prod/jwt', labelUpdated: 'AWSCURRENT', versionId: 'v1' },
};
const pattern = { source: ['aws.secretsmanager'], detail: { labelUpdated: ['AWSCURRENT'] } };

let clock: SandboxClock;
let lambda: ScriptedLambda;
let states: ScriptedStates;
let events: EventsService;
let queues: RecordedQueues;
let metrics: RecordedMetrics;
let published: unknown[];
let starter: string;

beforeEach(() => {
  clock = new SandboxClock(start, 'manual');
  lambda = new ScriptedLambda();
  states = new ScriptedStates();
  const iam = new ScriptedIam();
  const names = { account: '000000000000', region: 'eu-west-1' };
  queues = new RecordedQueues();
  metrics = new RecordedMetrics();
  published = [];
  const topics: TopicPort = {
    publishAs: (by, topicArn, { message }) => void published.push([by.service, topicArn, message]),
  };
  const targets = { lambda, states, queues, topics, metrics };
  events = new EventsService({ ...names, clock, iam, ...targets });
  starter = lambda.on('starter', () => 'ok');
});

const rule = (more: object = {}) =>
  events.createRule({
    name: 'promoted',
    eventPattern: pattern,
    state: 'ENABLED',
    targets: [{ id: 't', arn: starter }],
    ...more,
  });
const run = (operation: string, input: Record<string, unknown>) =>
  events.operations[operation]?.run(input, caller) as Promise<Record<string, unknown>>;
const put = (entry: Record<string, unknown>) => run('PutEvents', { Entries: [entry] });

describe('delivery', () => {
  test('a published event reaches the function asynchronously, from EventBridge for this rule', async () => {
    const { arn } = rule();
    events.publish(labelUpdated);
    expect(lambda.calls).toHaveLength(0);
    await clock.idle();
    expect(lambda.calls).toHaveLength(1);
    expect(lambda.calls[0]).toMatchObject({
      arn: starter,
      caller: {
        kind: 'service',
        service: 'events.amazonaws.com',
        sourceArn: arn,
        sourceAccount: '000000000000',
      },
      payload: {
        ...labelUpdated,
        version: '0',
        account: '000000000000',
        region: 'eu-west-1',
        time: '2026-05-17T17:00:00Z',
      },
    });
  });

  test('an event that matches no rule is recorded and delivered to nobody', async () => {
    rule();
    events.publish({ ...labelUpdated, detail: { labelUpdated: 'rotated-20260517T170000Z' } });
    await clock.idle();
    expect(lambda.calls).toHaveLength(0);
    expect(events.recorded()).toMatchObject([{ bus: 'default', time: start }]);
  });

  test('a state machine is started with the target’s role', async () => {
    const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:emergency';
    rule({ targets: [{ id: 'm', arn: machine, roleArn: 'arn:role', inputPath: '$.detail' }] });
    events.publish(labelUpdated);
    await clock.idle();
    expect(states.started).toEqual([
      {
        caller: { kind: 'role', arn: 'arn:role' },
        arn: machine,
        name: undefined,
        input: labelUpdated.detail,
      },
    ]);
  });

  test('a target gets a constant, a part of the event or a text made of it', async () => {
    rule({
      targets: [
        { id: 'a', arn: starter, input: '{"fixed":1}' },
        { id: 'b', arn: starter, inputPath: '$.resources[0]' },
        {
          id: 'c',
          arn: starter,
          inputTransformer: {
            inputPathsMap: { name: '$.detail.name', all: '$.resources' },
            inputTemplate: '{"text":"rotated <name>","list":<all>,"rule":"<aws.events.rule-name>"}',
          },
        },
      ],
    });
    events.publish(labelUpdated);
    await clock.idle();
    expect(lambda.calls.map((call) => call.payload)).toEqual([
      { fixed: 1 },
      'arn:secret',
      { text: 'rotated prod/jwt', list: ['arn:secret'], rule: 'promoted' },
    ]);
  });

  test('a function that throws runs again after 1 and 2 minutes, then no more', async () => {
    lambda.on('starter', () => {
      throw new Error('broken');
    });
    rule();
    events.publish(labelUpdated);
    await clock.settle();
    expect(events.deliveries().map((d) => [d.time, d.attempt, d.retried])).toEqual([
      [start, 1, true],
      [later(1), 2, true],
      [later(3), 3, false],
    ]);
  });

  test('a target that is throttled is tried again until it answers', async () => {
    lambda.on('starter', (_payload, call) => {
      if (call < 3) {
        throw new ServiceException('TooManyRequestsException', 'Rate Exceeded.', 429);
      }
    });
    rule();
    events.publish(labelUpdated);
    await clock.settle();
    expect(events.deliveries().map((d) => d.outcome)).toEqual(['failed', 'failed', 'delivered']);
    expect(lambda.calls).toHaveLength(3);
  });

  test('a target that keeps refusing is given up after 24 hours', async () => {
    lambda.on('starter', () => {
      throw new ServiceException('ServiceException', 'Internal', 500);
    });
    rule();
    events.publish(labelUpdated);
    await clock.settle(48 * 60 * 60_000);
    const last = events.deliveries().at(-1);
    expect(last).toMatchObject({ retried: false });
    expect(last?.time.getTime()).toBeLessThanOrEqual(later(24 * 60).getTime());
  });

  test('a refusal for good is not tried again', async () => {
    lambda.on('starter', () => {
      throw new ServiceException('AccessDeniedException', 'no permission', 403);
    });
    rule();
    events.publish(labelUpdated);
    await clock.settle();
    expect(events.deliveries()).toMatchObject([
      { outcome: 'failed', error: 'AccessDeniedException', retried: false },
    ]);
  });

  test('the next event of a type can be lost, or delivered twice', async () => {
    rule();
    events.dropNext('Secret Label Updated', { labelUpdated: 'of no event' });
    events.dropNext('Secret Label Updated', { labelUpdated: labelUpdated.detail.labelUpdated });
    events.publish(labelUpdated);
    await clock.idle();
    expect(lambda.calls).toHaveLength(0);
    events.duplicateNext('Secret Label Updated');
    events.publish(labelUpdated);
    await clock.idle();
    const [first, second] = lambda.calls.map((call) => (call.payload as { id: string }).id);
    expect(lambda.calls).toHaveLength(2);
    expect(first).toBe(second);
    events.publish(labelUpdated);
    await clock.idle();
    expect(lambda.calls).toHaveLength(3);
  });
});

describe('schedules', () => {
  test('run at every instant on the way of the clock', async () => {
    rule({ name: 'watch', eventPattern: undefined, scheduleExpression: 'rate(5 minutes)' });
    await clock.settle();
    expect(lambda.calls).toHaveLength(0);
    await clock.advanceTo(later(16));
    expect(lambda.calls.map((call) => (call.payload as { time: string }).time)).toEqual([
      '2026-05-17T17:05:00Z',
      '2026-05-17T17:10:00Z',
      '2026-05-17T17:15:00Z',
    ]);
    expect(lambda.calls[0]?.payload).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      detail: {},
    });
  });

  test('run once when the clock jumps over many instants', async () => {
    rule({ name: 'watch', eventPattern: undefined, scheduleExpression: 'rate(5 minutes)' });
    await clock.advanceTo(later(60 * 24), 'last');
    expect(lambda.calls).toHaveLength(1);
    await clock.advanceTo(later(60 * 24 + 5));
    expect(lambda.calls).toHaveLength(2);
  });

  test('stand still while the rule is disabled', async () => {
    rule({ name: 'watch', eventPattern: undefined, scheduleExpression: 'cron(0 * * * ? *)' });
    await run('DisableRule', { Name: 'watch' });
    await clock.advanceTo(later(180));
    expect(lambda.calls).toHaveLength(0);
    await run('EnableRule', { Name: 'watch' });
    await clock.advanceTo(later(240));
    expect(lambda.calls).toHaveLength(1);
  });
});

describe('PutEvents', () => {
  const entry = {
    Source: 'acme.scanner',
    DetailType: 'Secret Exposed',
    Detail: '{"secret":"jwt"}',
    EventBusName: 'triggers',
  };

  test('reaches the rules of its own bus only', async () => {
    events.createBus('triggers');
    rule({ name: 'a', busName: 'triggers', eventPattern: { source: ['acme.scanner'] } });
    rule({ name: 'b', eventPattern: { source: ['acme.scanner'] } });
    const answer = await put(entry);
    await clock.idle();
    expect(answer).toMatchObject({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) }],
    });
    expect(lambda.calls).toHaveLength(1);
    expect(lambda.calls[0]?.caller.sourceArn).toBe(
      'arn:aws:events:eu-west-1:000000000000:rule/triggers/a',
    );
  });

  test('is asked of IAM on the bus, with its policy, source and detail type', () => {
    events.createBus('triggers');
    const policy = { Statement: [] };
    events.putBusPolicy('triggers', policy);
    expect(events.operations.PutEvents?.authorize({ Entries: [entry] }, caller)).toEqual([
      {
        action: 'events:PutEvents',
        resource: 'arn:aws:events:eu-west-1:000000000000:event-bus/triggers',
        context: { 'events:source': 'acme.scanner', 'events:detail-type': 'Secret Exposed' },
        resourcePolicy: policy,
      },
    ]);
  });

  test.each([
    ['a source of AWS', { Source: 'aws.secretsmanager' }, 'NotAuthorizedForSource'],
    ['a detail that is not JSON', { Detail: '{' }, 'MalformedDetail'],
    ['a detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
    ['no detail type', { DetailType: '' }, 'InvalidArgument'],
  ])('refuses the entry with %s', async (_title, change, ErrorCode) => {
    const answer = await put({ ...entry, EventBusName: 'default', ...change });
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode }] });
    expect(events.recorded()).toHaveLength(0);
  });

  test('refuses an unknown bus, and more than ten entries', async () => {
    await expect(put(entry)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    const Entries = Array.from({ length: 11 }, () => entry);
    await expect(run('PutEvents', { Entries })).rejects.toThrow('between 1 and 10');
  });
});

describe('rules', () => {
  test('are described and listed as they were made', async () => {
    rule({ description: 'after promotion' });
    const expected = {
      Name: 'promoted',
      Arn: 'arn:aws:events:eu-west-1:000000000000:rule/promoted',
      State: 'ENABLED',
      EventBusName: 'default',
      Description: 'after promotion',
      EventPattern: JSON.stringify(pattern),
    };
    expect(await run('DescribeRule', { Name: 'promoted' })).toEqual(expected);
    expect(await run('ListRules', { NamePrefix: 'prom' })).toEqual({ Rules: [expected] });
    expect(await run('ListRules', { NamePrefix: 'x' })).toEqual({ Rules: [] });
    await expect(run('DescribeRule', { Name: 'x' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('a disabled rule delivers nothing', async () => {
    rule({ state: 'DISABLED' });
    events.publish(labelUpdated);
    await clock.idle();
    expect(lambda.calls).toHaveLength(0);
  });

  test.each([
    [
      'a target it cannot deliver to',
      { targets: [{ id: 'q', arn: 'arn:aws:sqs:::q' }] },
      'arn:aws:sqs:::q',
    ],
    [
      'a state machine without a role',
      { targets: [{ id: 'm', arn: 'arn:aws:states:x:1:stateMachine:m' }] },
      'RoleArn',
    ],
    [
      'a path it does not model',
      { targets: [{ id: 'p', arn: 'arn:aws:lambda:x:1:function:f', inputPath: '$..name' }] },
      '$..name',
    ],
    ['neither pattern nor schedule', { eventPattern: undefined }, 'ScheduleExpression'],
    [
      'a schedule on another bus',
      { busName: 'own', scheduleExpression: 'rate(1 day)' },
      'default event bus',
    ],
  ])('%s stops the load', (_title, change, named) => {
    events.createBus('own');
    expect(() => rule(change)).toThrow(named);
  });
});

describe('what cannot be delivered', () => {
  const deadLetterArn = 'arn:aws:sqs:eu-west-1:000000000000:dead-letters';
  const refusing = (code: string) =>
    lambda.on('refusing', () => {
      throw new ServiceException(code, 'no');
    });
  const to = (arn: string, more: object = {}) =>
    rule({ targets: [{ id: 't', arn, deadLetterArn, ...more }] });
  const counted = (name: string) => metrics.counted.filter((it) => it === `AWS/Events ${name}`);

  test('goes to the dead-letter queue at once when it is refused for good', async () => {
    const { arn } = to(refusing('AccessDeniedException'));
    events.publish(labelUpdated);
    await clock.idle();
    expect(queues.sent).toMatchObject([
      {
        queueArn: deadLetterArn,
        caller: { service: 'events.amazonaws.com', sourceArn: arn },
        body: labelUpdated,
        attributes: { RULE_ARN: arn, ERROR_CODE: 'AccessDeniedException', RETRY_ATTEMPTS: '0' },
      },
    ]);
    expect(counted('InvocationsSentToDlq')).toHaveLength(1);
    expect(counted('FailedInvocations')).toHaveLength(0);
  });

  test('goes there after as many attempts, or as long, as the retry policy says', async () => {
    to(refusing('ThrottlingException'), { retryPolicy: { maximumRetryAttempts: 2 } });
    events.publish(labelUpdated);
    await clock.settle();
    expect(lambda.calls).toHaveLength(3);
    expect(queues.sent[0]?.attributes).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
    });
  });

  test('is lost without a queue, and counted', async () => {
    rule({ targets: [{ id: 't', arn: refusing('AccessDeniedException') }] });
    events.publish(labelUpdated);
    await clock.idle();
    expect(counted('FailedInvocations')).toHaveLength(1);
    expect(queues.sent).toEqual([]);
  });

  test('a queue that refuses it is counted for itself', async () => {
    queues.closed.add(deadLetterArn);
    to(refusing('AccessDeniedException'));
    events.publish(labelUpdated);
    await clock.idle();
    expect(counted('InvocationsFailedToBeSentToDlq')).toHaveLength(1);
    expect(counted('FailedInvocations')).toHaveLength(1);
  });

  test('a topic gets the text that the transformer makes', async () => {
    const topic = 'arn:aws:sns:eu-west-1:000000000000:security';
    const inputTransformer = {
      inputPathsMap: { secret: '$.detail.name' },
      inputTemplate: '"Secret <secret> changed."',
    };
    rule({ targets: [{ id: 't', arn: topic, inputTransformer }] });
    events.publish(labelUpdated);
    await clock.idle();
    expect(published).toEqual([['events.amazonaws.com', topic, 'Secret prod/jwt changed.']]);
  });
});
