import { expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { SnsService } from '../../../sandbox/sns/service.ts';

const CALLER: Caller = { arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' };
const NOW = new Date('2026-05-17T17:00:00Z');
const clock = new SandboxClock(NOW, 'manual');
const sns = new SnsService({ account: '000000000000', region: 'eu-west-1', clock });
const { arn } = sns.createTopic('news');
const publish = (input: Record<string, unknown>) => sns.operations.Publish?.run(input, CALLER);

test('a message is captured with its time', async () => {
  await publish({ TopicArn: arn, Subject: 's', Message: 'm' });
  expect(sns.published()).toEqual([{ time: NOW, topicArn: arn, subject: 's', message: 'm' }]);
});

test('an empty message and one over 256 KiB are refused', async () => {
  await expect(publish({ TopicArn: arn })).rejects.toMatchObject({ name: 'InvalidParameter' });
  await expect(publish({ TopicArn: arn, Message: 'é'.repeat(131_073) })).rejects.toThrow(
    'Message too long',
  );
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
