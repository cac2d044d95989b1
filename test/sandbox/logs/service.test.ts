import { beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { LogsService } from '../../../sandbox/logs/service.ts';
import type { Caller } from '../../../sandbox/service.ts';

const CALLER: Caller = { arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' };
let logs: LogsService;
beforeEach(() => {
  const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  logs = new LogsService({ account: '000000000000', region: 'eu-west-1', clock });
});
const call = (operation: string, input: Record<string, unknown>) =>
  logs.operations[operation]?.run({ logGroupName: 'g', logStreamName: 's', ...input }, CALLER);
const put = (...messages: string[]) =>
  call('PutLogEvents', {
    logEvents: messages.map((message, index) => ({ timestamp: 1000 + index, message })),
  });

test('events need a group and a stream', async () => {
  await expect(put('x')).rejects.toThrow('The specified log group does not exist.');
  logs.createGroup('g');
  await expect(put('x')).rejects.toThrow('The specified log stream does not exist.');
  await call('CreateLogStream', {});
  await put('x');
  expect(logs.lines('g')).toEqual(['x']);
  await expect(call('CreateLogStream', {})).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
  });
});

test('events are found by time and by terms; other patterns are refused', async () => {
  logs.createGroup('g');
  await call('CreateLogStream', {});
  await put('one two', 'two three', 'three');
  const found = async (input: Record<string, unknown>) =>
    ((await call('FilterLogEvents', input)) as { events: { message: string }[] }).events.map(
      ({ message }) => message,
    );
  expect(await found({ filterPattern: 'two' })).toEqual(['one two', 'two three']);
  expect(await found({ filterPattern: 'two "three"' })).toEqual(['two three']);
  expect(await found({ startTime: 1001, endTime: 1001 })).toEqual(['two three']);
  await expect(found({ filterPattern: '{ $.a = 1 }' })).rejects.toMatchObject({ status: 501 });
});
