import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { Faults } from '../../../sandbox/faults.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { LambdaService } from '../../../sandbox/lambda/service.ts';
import { LogsService } from '../../../sandbox/logs/service.ts';
import { RequestLog } from '../../../sandbox/request-log.ts';
import type { Caller } from '../../../sandbox/service.ts';
import { RecordedMetrics, RecordedQueues, ScriptedKeys } from '../scripted-ports.ts';

/** Two invocations that run at once meet in the folder they share: the asset's. */
const CODE = `
const { existsSync, writeFileSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const file = (name) => join(process.env.LAMBDA_TASK_ROOT, name);
exports.handler = async (event) => {
  if (event.meet) {
    writeFileSync(file(event.meet), '');
    while (!existsSync(file(event.with))) await new Promise((r) => setTimeout(r, 5));
    return 'met';
  }
  if (event.failFirst) {
    const tried = existsSync(file('tried')) ? Number(readFileSync(file('tried'), 'utf8')) : 0;
    writeFileSync(file('tried'), String(tried + 1));
    console.log('attempt ' + (tried + 1));
    if (tried < event.failFirst) throw new Error('not yet');
  }
  if (event.pid) return process.pid;
  return [process.env.LAMBDA_TASK_ROOT, process.cwd()];
};`;

const place = { account: '000000000000', region: 'eu-west-1' };
const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
const iam = new Iam({ ...place, clock });
const faults = new Faults();
const requests = new RequestLog();
const logs = new LogsService({ ...place, clock, iam, keys: new ScriptedKeys() });
const lambda = new LambdaService({
  ...{ ...place, clock, iam, faults, requests, logs },
  credentials: new CredentialStore(),
  endpoint: () => 'http://127.0.0.1:9',
});
const trust = (service: string) => ({
  Statement: [
    { Effect: 'Allow' as const, Principal: { Service: service }, Action: 'sts:AssumeRole' },
  ],
});
const create = (name: string, changes: object = {}) =>
  lambda.createFunction({
    name,
    roleArn: 'arn:aws:iam::000000000000:role/fn',
    handler: 'index.handler',
    code: { inline: CODE },
    timeoutSeconds: 10,
    memorySize: 128,
    environment: {},
    ...changes,
  });
const secretsManager: Caller = {
  arn: 'secretsmanager.amazonaws.com',
  kind: 'service',
  service: 'secretsmanager.amazonaws.com',
  sourceAccount: '000000000000',
};
const permission: Statement = {
  Effect: 'Allow',
  Principal: { Service: 'secretsmanager.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } },
};

let arn: string;
beforeAll(() => {
  iam.createRole('fn', trust('lambda.amazonaws.com'));
  iam.createRole('other', trust('states.amazonaws.com'));
  arn = create('f').arn;
  lambda.addPermission('f', permission);
});
afterAll(() => lambda.stop());

describe('creation', () => {
  test('is refused with a role that does not trust Lambda', () => {
    expect(() => create('g', { roleArn: 'arn:aws:iam::000000000000:role/other' })).toThrow(
      'The role defined for the function cannot be assumed by Lambda.',
    );
  });

  test('is refused with variables that Lambda sets itself', () => {
    expect(() => create('g', { environment: { AWS_SESSION_TOKEN: 'x' } })).toThrow(
      /Reserved keys used in this request: AWS_SESSION_TOKEN$/,
    );
  });
});

describe('an invocation by a service', () => {
  test('needs the permission of the function, with its conditions', async () => {
    expect(lambda.mayInvoke(secretsManager, arn)).toBe(true);
    expect(lambda.mayInvoke({ ...secretsManager, sourceAccount: '111111111111' }, arn)).toBe(false);
    const events = { ...secretsManager, service: 'events.amazonaws.com' };
    await expect(lambda.invoke(events, arn, {})).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('of an unknown function is ResourceNotFoundException', async () => {
    await expect(lambda.invoke(secretsManager, `${arn}x`, {})).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn}x`,
    });
    expect(lambda.exists(arn)).toBe(true);
    expect(lambda.exists(`${arn}x`)).toBe(false);
  });

  test('is recorded without its tokens', async () => {
    await lambda.invoke(secretsManager, arn, { Step: 'createSecret', RotationToken: 'r' });
    expect(requests.all().at(-1)).toMatchObject({
      principal: 'secretsmanager.amazonaws.com',
      operation: 'Invoke',
      input: { FunctionName: 'f', Payload: { Step: 'createSecret', RotationToken: '[redacted]' } },
    });
  });

  test('meets faults by its payload: before, the function does not run; after, it did', async () => {
    const fault = { service: 'lambda', operation: 'Invoke', times: 1 };
    const match = { functionName: 'f', failFirst: 7 };
    faults.inject({ ...fault, match, when: 'before', error: 'timeout' });
    const before = await lambda.invoke(secretsManager, arn, { failFirst: 7 });
    expect(before.functionError).toBe('Unhandled');
    expect(logs.lines('/aws/lambda/f')).not.toContain('attempt 1');
    faults.inject({ ...fault, match: { failFirst: 0 }, when: 'after' });
    const after = await lambda.invoke(secretsManager, arn, { failFirst: 0, pid: true });
    expect(after.functionError).toBe('Unhandled');
    faults.inject({ ...fault, match: { pid: 'other' }, when: 'before' });
    expect(await lambda.invoke(secretsManager, arn, { pid: true })).not.toHaveProperty(
      'functionError',
    );
  });
});

describe('processes', () => {
  test('run two invocations of one function at once', async () => {
    const met = await Promise.all([
      lambda.invoke(secretsManager, arn, { meet: 'a', with: 'b' }),
      lambda.invoke(secretsManager, arn, { meet: 'b', with: 'a' }),
    ]);
    expect(met).toEqual([{ payload: '"met"' }, { payload: '"met"' }]);
  });

  test('are used again, and no more of them run than the reserved concurrency', async () => {
    create('single', { reservedConcurrency: 1 });
    lambda.addPermission('single', permission);
    const single = arn.replace(/f$/, 'single');
    const ask = () => lambda.invoke(secretsManager, single, { pid: true });
    const payloads = (await Promise.all([ask(), ask(), ask()])).map(({ payload }) => payload);
    expect(new Set(payloads).size).toBe(1);
  });

  test('with no reserved concurrency are not started at all', async () => {
    create('closed', { reservedConcurrency: 0 });
    lambda.addPermission('closed', permission);
    const outcome = await lambda.invoke(secretsManager, arn.replace(/f$/, 'closed'), {});
    expect(JSON.parse(outcome.payload)).toMatchObject({ errorType: 'TooManyRequestsException' });
  });
});

test('an asynchronous invocation that fails is tried twice more, on the clock', async () => {
  create('later');
  lambda.asynchronous.invoke(lambda.find('later'), JSON.stringify({ failFirst: 9 }));
  await clock.idle();
  const lines = () => logs.lines('/aws/lambda/later').filter((line) => /^attempt/.test(line));
  expect(lines()).toEqual(['attempt 1']);
  await clock.settle();
  expect(lines()).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
  expect(clock.now().toISOString()).toBe('2026-05-17T17:03:00.000Z');
});

test('stopping ends every process and removes its folders', async () => {
  const { payload } = await lambda.invoke(secretsManager, arn, {});
  const pid = Number((await lambda.invoke(secretsManager, arn, { pid: true })).payload);
  const folders = JSON.parse(payload) as string[];
  expect(folders.every((folder) => existsSync(folder))).toBe(true);
  await lambda.stop();
  expect(folders.some((folder) => existsSync(folder))).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  const late = await lambda.invoke(secretsManager, arn, {});
  expect(late).toMatchObject({
    functionError: 'Unhandled',
    payload: expect.stringContaining('the sandbox has stopped'),
  });
});

test('what an asynchronous function failed on three times goes to its dead-letter queue, as its role', async () => {
  const queues = new RecordedQueues();
  const metrics = new RecordedMetrics();
  const deadLetterArn = 'arn:aws:sqs:eu-west-1:000000000000:dead-letters';
  const more = new LambdaService({
    ...{ ...place, clock, iam, faults, requests, logs, queues, metrics },
    credentials: new CredentialStore(),
    endpoint: () => 'http://127.0.0.1:9',
  });
  more.createFunction({
    name: 'broken',
    roleArn: 'arn:aws:iam::000000000000:role/fn',
    handler: 'index.handler',
    code: { inline: "exports.handler = async () => { throw new Error('never'); };" },
    timeoutSeconds: 10,
    memorySize: 128,
    environment: {},
    deadLetterArn,
  });
  try {
    const give = async () => {
      more.asynchronous.invoke(more.find('broken'), '{"a":1}');
      await clock.settle();
    };
    await give();
    expect(queues.sent).toMatchObject([
      {
        queueArn: deadLetterArn,
        caller: { kind: 'role' },
        body: { a: 1 },
        attributes: { ErrorMessage: 'never' },
      },
    ]);
    expect(metrics.counted.filter((it) => it === 'AWS/Lambda Errors')).toHaveLength(3);
    more.asynchronous.configure('broken', { maximumRetryAttempts: 0, onFailure: 'arn:other' });
    queues.closed.add(deadLetterArn);
    await give();
    expect(metrics.counted).toContain('AWS/Lambda DeadLetterErrors');
    expect(queues.sent[1]?.body).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
      requestPayload: { a: 1 },
      responsePayload: { errorMessage: 'never' },
    });
  } finally {
    await more.stop();
  }
});
