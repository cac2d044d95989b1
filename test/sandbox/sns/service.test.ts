import { beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { SnsService } from '../../../sandbox/sns/service.ts';
import { ScriptedKeys } from '../scripted-ports.ts';

const CALLER: Caller = { arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' };
const ALARMS: Caller = {
  arn: 'cloudwatch.amazonaws.com',
  kind: 'service',
  service: 'cloudwatch.amazonaws.com',
  sourceAccount: '000000000000',
};
const NOW = new Date('2026-05-17T17:00:00Z');
const place = {
  account: '000000000000',
  region: 'eu-west-1',
  clock: new SandboxClock(NOW, 'manual'),
};
let keys: ScriptedKeys;
let sns: SnsService;
let arn: string;
beforeEach(() => {
  keys = new ScriptedKeys();
  sns = new SnsService({ ...place, iam: new Iam(place), keys });
  arn = sns.createTopic('news', { kmsKeyId: 'key' }).arn;
});
const run = (operation: string, input: Record<string, unknown>) =>
  sns.operations[operation]?.run({ TopicArn: arn, ...input }, CALLER) as Promise<
    Record<string, unknown>
  >;
const publish = (input: Record<string, unknown>) => run('Publish', input);
const allowing = (service: string) =>
  sns.putTopicPolicy(arn, {
    Statement: { Effect: 'Allow', Principal: { Service: service }, Action: 'sns:Publish' },
  });

test('a message is captured with its time', async () => {
  await publish({ Subject: 's', Message: 'm' });
  expect(sns.published()).toEqual([{ time: NOW, topicArn: arn, subject: 's', message: 'm' }]);
});

test('an empty message and one over 256 KiB are refused', async () => {
  await expect(publish({})).rejects.toMatchObject({ name: 'InvalidParameter' });
  await expect(publish({ Message: 'é'.repeat(131_073) })).rejects.toThrow('Message too long');
});

test('permission is asked with the policy of the topic', () => {
  const statement = { Effect: 'Allow' as const, Principal: '*' as const, Action: 'sns:Publish' };
  sns.putTopicPolicy(arn, { Statement: statement });
  expect(sns.operations.Publish?.authorize({ TopicArn: arn }, CALLER)).toEqual([
    { action: 'sns:Publish', resource: arn, resourcePolicy: { Statement: statement } },
  ]);
  expect(() => sns.operations.Publish?.authorize({ TopicArn: `${arn}x` }, CALLER)).toThrow(
    'Topic does not exist',
  );
});

test('a service publishes only where the policy of the topic names it', () => {
  const asAlarm = () => sns.publishAs(ALARMS, arn, { message: 'm' });
  expect(asAlarm).toThrow('no resource-based policy allows the sns:Publish action');
  allowing('events.amazonaws.com');
  expect(asAlarm).toThrow('no resource-based policy allows the sns:Publish action');
  allowing('cloudwatch.amazonaws.com');
  asAlarm();
  expect(sns.published()).toHaveLength(1);
});

test('nothing is published without the key: by a caller through SNS, by a service itself', async () => {
  allowing('cloudwatch.amazonaws.com');
  await publish({ Message: 'm' });
  sns.publishAs(ALARMS, arn, { message: 'm' });
  const actions = ['kms:GenerateDataKey', 'kms:Decrypt'];
  const context = { 'aws:sns:topicArn': arn };
  expect(keys.asked).toEqual([
    { caller: { ...CALLER, via: 'sns.eu-west-1.amazonaws.com' }, keyId: 'key', actions, context },
    { caller: ALARMS, keyId: 'key', actions, context },
  ]);
  keys.closed.add('key');
  await expect(publish({ Message: 'm' })).rejects.toMatchObject({ code: 'KMSAccessDenied' });
  expect(() => sns.publishAs(ALARMS, arn, { message: 'm' })).toThrow('may not use key');
  expect(sns.published()).toHaveLength(2);
});

test('an address hears nothing before it has confirmed', async () => {
  const ada = { Protocol: 'email', Endpoint: 'ada@example.com' };
  expect(await run('Subscribe', ada)).toEqual({ SubscriptionArn: 'pending confirmation' });
  expect((await run('ListSubscriptionsByTopic', {})).Subscriptions).toMatchObject([
    { SubscriptionArn: 'PendingConfirmation', Endpoint: 'ada@example.com' },
  ]);
  await publish({ Message: 'too early' });
  const [confirmation] = sns.mail();
  expect(confirmation).toMatchObject({ to: 'ada@example.com', token: expect.any(String) });
  expect(sns.mail()).toHaveLength(1);

  await expect(run('ConfirmSubscription', { Token: 'guessed' })).rejects.toThrow('Token');
  const { SubscriptionArn } = await run('ConfirmSubscription', { Token: confirmation?.token });
  await publish({ Message: 'now' });
  expect(sns.mail().at(-1)).toMatchObject({ to: 'ada@example.com', body: 'now' });
  expect(await run('Subscribe', ada)).toEqual({ SubscriptionArn });
  const { Attributes } = await run('GetTopicAttributes', {});
  expect(Object.fromEntries(Attributes as Map<string, string>)).toMatchObject({
    KmsMasterKeyId: 'key',
    SubscriptionsConfirmed: '1',
    SubscriptionsPending: '0',
  });
});

test('an HTTPS endpoint gets the message in its envelope, once it has confirmed', async () => {
  await run('Subscribe', { Protocol: 'https', Endpoint: 'https://pager.example.com/' });
  await run('ConfirmSubscription', { Token: sns.mail()[0]?.token });
  await publish({ Subject: 's', Message: 'm' });
  const { to, body } = sns.mail().at(-1) ?? { body: '{}' };
  expect(to).toBe('https://pager.example.com/');
  expect(JSON.parse(body)).toMatchObject({ Type: 'Notification', Subject: 's', Message: 'm' });
});

test('a subject that mail cannot carry is refused', async () => {
  for (const Subject of ['', 'two\nlines', 'x'.repeat(101)]) {
    await expect(publish({ Message: 'm', Subject })).rejects.toThrow('Subject');
  }
  await publish({ Message: 'm', Subject: 'x'.repeat(100) });
  expect(sns.published()).toHaveLength(1);
});

test('a protocol other than e-mail and HTTPS is refused by name', async () => {
  await expect(run('Subscribe', { Protocol: 'sms', Endpoint: '+1' })).rejects.toMatchObject({
    status: 501,
  });
});
