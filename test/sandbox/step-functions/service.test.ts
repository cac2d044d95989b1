import { beforeEach, describe, expect, test } from '@jest/globals';
import { ServiceException } from '../../../sandbox/service.ts';
import { after, Bench, role, start } from './machine.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const task = (arn: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: arn, 'Payload.$': '$' },
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
const wait = { Type: 'Wait', Seconds: 3600, End: true };

describe('StartExecution', () => {
  test('runs the machine and tells its story', async () => {
    const hello = bench.lambda.on('hello', () => ({ greeting: 'hello' }));
    const result = await bench.result({ Greet: task(hello) }, { name: 'x' });
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { Payload: { greeting: 'hello' }, StatusCode: 200 },
      input: '{"name":"x"}',
      startDate: start.getTime() / 1000,
    });
    expect(bench.lambda.calls).toEqual([
      { caller: { kind: 'role', arn: role }, arn: hello, payload: { name: 'x' } },
    ]);
    expect(await bench.history(result.executionArn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('publishes the start and the end as events', async () => {
    const result = await bench.result({ Done: { Type: 'Succeed' } });
    expect(bench.published).toMatchObject(
      ['RUNNING', 'SUCCEEDED'].map((status) => ({
        source: 'aws.states',
        'detail-type': 'Step Functions Execution Status Change',
        resources: [result.executionArn],
        detail: { status, executionArn: result.executionArn },
      })),
    );
  });

  test('answers the same execution for the same name and input while it runs', async () => {
    const stateMachineArn = bench.load({ Wait: wait });
    const begin = (input: string) =>
      bench.run('StartExecution', { stateMachineArn, name: 'v1', input });
    const first = await begin('{"a":1}');
    await bench.clock.settle(1000);
    expect(await begin('{"a":1}')).toEqual(first);
    await expect(begin('{"a":2}')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
  });

  test('refuses the name of a closed execution for 90 days', async () => {
    const stateMachineArn = bench.load({ Done: { Type: 'Succeed' } });
    const begin = () => bench.run('StartExecution', { stateMachineArn, name: 'v1' });
    await begin();
    await bench.clock.settle();
    await expect(begin()).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    await bench.clock.advanceTo(after(90 * 86_400 + 1));
    await expect(begin()).resolves.toHaveProperty('executionArn');
  });

  test.each([
    ['a name with a space', { name: 'a b' }, 'InvalidName'],
    ['input that is no JSON', { input: '{' }, 'InvalidExecutionInput'],
    ['input over 256 KiB', { input: `"${'x'.repeat(256 * 1024)}"` }, 'InvalidExecutionInput'],
    ['an unknown machine', { stateMachineArn: 'arn:x' }, 'StateMachineDoesNotExist'],
  ])('refuses %s', async (_title, change, code) => {
    const stateMachineArn = bench.load({ Done: { Type: 'Succeed' } });
    await expect(bench.run('StartExecution', { stateMachineArn, ...change })).rejects.toMatchObject(
      { code },
    );
  });

  test('by another service is asked of IAM as its role', () => {
    const arn = bench.load({ Done: { Type: 'Succeed' } });
    const caller = { kind: 'role', arn: 'arn:rule-role' } as const;
    bench.service.startExecution(caller, arn, 'v1', { a: 1 });
    expect(bench.iam.asked).toEqual([
      { caller, check: { action: 'states:StartExecution', resource: arn } },
    ]);
    bench.iam.denied.add('states:StartExecution');
    expect(() => bench.service.startExecution(caller, arn, 'v2', {})).toThrow('not authorized');
  });

  test('every operation is asked of IAM on the machine or the execution', () => {
    const asked = Object.entries(bench.service.operations).map(([name, { authorize }]) =>
      authorize(
        { stateMachineArn: 'M', executionArn: 'E', mapRunArn: 'R' },
        { kind: 'role', arn: role },
      ).map((check) => `${name}: ${check.action} ${check.resource}`),
    );
    expect(asked.flat()).toEqual([
      'StartExecution: states:StartExecution M',
      'DescribeStateMachine: states:DescribeStateMachine M',
      'ListExecutions: states:ListExecutions M',
      'DescribeExecution: states:DescribeExecution E',
      'GetExecutionHistory: states:GetExecutionHistory E',
      'StopExecution: states:StopExecution E',
      'RedriveExecution: states:RedriveExecution E',
      'DescribeMapRun: states:DescribeMapRun R',
      'ListMapRuns: states:ListMapRuns E',
      'UpdateMapRun: states:UpdateMapRun R',
    ]);
  });
});

describe('what is told about machines and executions', () => {
  test('DescribeStateMachine returns the definition as it was given', async () => {
    const stateMachineArn = bench.load({ Done: { Type: 'Succeed' } });
    const described = await bench.run('DescribeStateMachine', { stateMachineArn });
    expect(described).toMatchObject({ name: 'm', type: 'STANDARD', roleArn: role });
    expect(JSON.parse(described.definition as never)).toEqual({
      StartAt: 'Done',
      States: { Done: { Type: 'Succeed' } },
    });
  });

  test('ListExecutions has the newest first, by status and in pages', async () => {
    const stateMachineArn = bench.load({ Wait: wait });
    for (const name of ['a', 'b', 'c']) {
      await bench.run('StartExecution', { stateMachineArn, name });
    }
    await bench.run('StopExecution', {
      executionArn: 'arn:aws:states:eu-west-1:000000000000:execution:m:b',
    });
    const list = async (more: object) => {
      const { executions, nextToken } = await bench.run('ListExecutions', {
        stateMachineArn,
        ...more,
      });
      return [(executions as unknown as { name: string }[]).map((one) => one.name), nextToken];
    };
    expect(await list({})).toEqual([['c', 'b', 'a'], undefined]);
    expect(await list({ statusFilter: 'ABORTED' })).toEqual([['b'], undefined]);
    expect(await list({ maxResults: 2 })).toEqual([['c', 'b'], '2']);
    expect(await list({ maxResults: 2, nextToken: '2' })).toEqual([['a'], undefined]);
  });
});

describe('StopExecution', () => {
  test('ends a waiting execution at once and for good', async () => {
    const next = bench.lambda.on('next', () => null);
    const stateMachineArn = bench.load({
      Wait: { ...wait, End: undefined, Next: 'Then' },
      Then: task(next),
    });
    const { executionArn = '' } = await bench.run('StartExecution', { stateMachineArn });
    await bench.clock.idle();
    await bench.run('StopExecution', { executionArn, error: 'Operator', cause: 'why' });
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Operator',
      cause: 'why',
    });
    await bench.clock.settle(2 * 3_600_000);
    expect(bench.lambda.calls).toHaveLength(0);
    expect((await bench.history(executionArn)).at(-1)).toBe('ExecutionAborted');
  });
});

describe('RedriveExecution', () => {
  test('goes on at the failed state with its input, not from the start', async () => {
    const first = bench.lambda.on('first', () => ({ n: 1 }));
    const second = bench.lambda.on('second', (_payload, call) => {
      if (call === 1) {
        throw new Error('not yet');
      }
      return 'done';
    });
    const failed = await bench.result({
      First: task(first, { OutputPath: '$.Payload', End: undefined, Next: 'Second' }),
      Second: task(second, { OutputPath: '$.Payload' }),
    });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Error' });
    const { executionArn } = failed;
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: 'done',
      redriveCount: 1,
    });
    expect(bench.lambda.calls.map((call) => call.payload)).toEqual([{}, { n: 1 }, { n: 1 }]);
    const states = (await bench.history(executionArn)).filter((type) => type.includes('State'));
    expect(states).toEqual([
      ...['TaskStateEntered', 'TaskStateExited'],
      ...['TaskStateEntered', 'TaskStateExited'],
    ]);
  });

  test('keeps the branches and iterations that were done', async () => {
    const work = bench.lambda.on('work', (payload, call) => {
      if (payload === 2 && call <= 3) {
        throw new Error('broken');
      }
      return payload;
    });
    const failed = await bench.result(
      {
        All: {
          Type: 'Map',
          MaxConcurrency: 1,
          ItemProcessor: {
            StartAt: 'One',
            States: { One: task(work, { OutputPath: '$.Payload' }) },
          },
          End: true,
        },
      },
      [1, 2, 3],
    );
    expect(failed.status).toBe('FAILED');
    await bench.run('RedriveExecution', { executionArn: failed.executionArn });
    await bench.clock.settle();
    expect(bench.lambda.calls.map((call) => call.payload)).toEqual([1, 2, 2]);
    await bench.run('RedriveExecution', { executionArn: failed.executionArn });
    await bench.clock.settle();
    expect(await bench.described(failed.executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: [1, 2, 3],
    });
    expect(bench.lambda.calls.map((call) => call.payload)).toEqual([1, 2, 2, 2, 3]);
  });

  test('is refused for what runs, succeeded, or failed more than 14 days ago', async () => {
    const done = await bench.result({ Done: { Type: 'Succeed' } });
    const redrive = (executionArn: string) => bench.run('RedriveExecution', { executionArn });
    await expect(redrive(done.executionArn)).rejects.toMatchObject({
      code: 'ExecutionNotRedrivable',
    });
    const failed = await bench.result({ No: { Type: 'Fail', Error: 'E', Cause: 'c' } });
    await bench.clock.advanceTo(after(14 * 86_400 + 60));
    await expect(redrive(failed.executionArn)).rejects.toMatchObject({
      code: 'ExecutionNotRedrivable',
    });
  });
});

describe('TimeoutSeconds of the machine', () => {
  test('ends the execution as TIMED_OUT at that instant', async () => {
    const result = await bench.result({ Wait: wait }, {}, { TimeoutSeconds: 600 });
    expect(result).toMatchObject({
      status: 'TIMED_OUT',
      error: 'States.Timeout',
      stopDate: after(600).getTime() / 1000,
    });
  });
});

test('an EXPRESS machine is refused by name', () => {
  expect(() =>
    bench.service.createStateMachine({
      name: 'fast',
      definition: '{}',
      roleArn: role,
      type: 'EXPRESS',
    }),
  ).toThrow(ServiceException);
});
