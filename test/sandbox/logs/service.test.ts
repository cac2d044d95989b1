import { beforeEach, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import { LogsService } from '../../../sandbox/logs/service.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { ScriptedKeys } from '../scripted-ports.ts';

const CALLER: Caller = { arn: 'arn:aws:iam::000000000000:user/u', kind: 'user' };
let logs: LogsService;
let iam: Iam;
let keys: ScriptedKeys;
let seen: string[];
beforeEach(() => {
  const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  iam = new Iam({ account: '000000000000', region: 'eu-west-1', clock });
  keys = new ScriptedKeys();
  seen = [];
  logs = new LogsService({
    account: '000000000000',
    region: 'eu-west-1',
    clock,
    iam,
    keys,
    onLine: (line) => void seen.push(line),
  });
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

test('events come in pages, by count and by size, until none is left', async () => {
  logs.createGroup('g');
  await call('CreateLogStream', {});
  await put('1', '2', '3');
  const pages = async (limit?: number) => {
    const found: string[][] = [];
    let nextToken: string | undefined;
    do {
      const page = (await call('FilterLogEvents', { limit, nextToken })) as {
        events: { message: string }[];
        nextToken?: string;
      };
      found.push(page.events.map(({ message }) => message.slice(0, 1)));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return found;
  };
  expect(await pages(2)).toEqual([['1', '2'], ['3']]);
  await put('4'.repeat(700_000), '5'.repeat(700_000));
  expect(await pages()).toEqual([['1', '2', '3', '4'], ['5']]);
  await expect(call('FilterLogEvents', { nextToken: 'made up' })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
});

const events: Caller = {
  kind: 'service',
  arn: 'events.amazonaws.com',
  service: 'events.amazonaws.com',
  sourceArn: 'arn:aws:events:eu-west-1:000000000000:rule/audit',
};

test('a service writes where a resource policy of the account lets this rule', () => {
  const { arn } = logs.createGroup('/audit');
  const resource = 'arn:aws:logs:eu-west-1:000000000000:log-group:/audit:*';
  const principal = { Service: 'events.amazonaws.com' };
  const write = () => logs.writeAs(events, arn, '{"a":1}');
  expect(write).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));

  const allowing = (sourceArn: string) =>
    logs.putResourcePolicy('audit', {
      Statement: [
        {
          Effect: 'Allow',
          Principal: principal,
          Action: 'logs:CreateLogStream',
          Resource: resource,
        },
        {
          Effect: 'Allow',
          Principal: principal,
          Action: 'logs:PutLogEvents',
          Resource: resource,
          Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
        },
      ],
    });
  allowing('arn:aws:events:eu-west-1:000000000000:rule/other');
  expect(write).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  allowing(events.sourceArn ?? '');
  write();
  expect(logs.lines('/audit')).toEqual(['{"a":1}']);
  expect(() => logs.writeAs(events, arn.replace('/audit', '/other'), 'x')).toThrow(
    'The specified log group does not exist.',
  );
});

test('a group is not made with a key that CloudWatch Logs may not use, for exactly this group', () => {
  logs.createGroup('g', 'open');
  expect(keys.asked[0]).toMatchObject({
    caller: { service: 'logs.eu-west-1.amazonaws.com' },
    context: { 'aws:logs:arn': 'arn:aws:logs:eu-west-1:000000000000:log-group:g' },
  });
  keys.closed.add('closed');
  expect(() => logs.createGroup('h', 'closed')).toThrow(
    expect.objectContaining({ code: 'InvalidParameterException' }),
  );
});

test('a line is lost while the key of its group cannot be used, and nobody sees it', () => {
  logs.createGroup('g', 'key');
  logs.append('g', 's', 'before');
  keys.closed.add('key');
  logs.append('g', 's', 'lost');
  keys.closed.clear();
  logs.append('g', 's', 'after');
  expect(logs.lines('g')).toEqual(['before', 'after']);
  expect(seen).toEqual(['before', 'after']);
});
