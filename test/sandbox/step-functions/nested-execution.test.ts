import { beforeEach, describe, expect, test } from '@jest/globals';
import { after, Bench, role } from './machine.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const inner = 'arn:aws:states:eu-west-1:000000000000:stateMachine:inner';
const caller = { kind: 'role', arn: role } as const;
const managed =
  'arn:aws:events:eu-west-1:000000000000:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';

function loadInner(States: Record<string, object>) {
  const definition = { StartAt: Object.keys(States)[0] ?? '', States };
  const given = { name: 'inner', definition, roleArn: role, type: 'STANDARD' as const };
  bench.service.createStateMachine(given);
}
const nested = (form: '' | '.sync' | '.sync:2', more: object = {}, parameters: object = {}) => ({
  Start: {
    Type: 'Task',
    Resource: `arn:aws:states:::states:startExecution${form}`,
    Parameters: { StateMachineArn: inner, 'Input.$': '$', Name: 'v1', ...parameters },
    TimeoutSeconds: 600,
    End: true,
    ...more,
  },
});
const hour = { Wait: { Type: 'Wait', Seconds: 3600, End: true } };
const innerExecution = () =>
  bench.described('arn:aws:states:eu-west-1:000000000000:execution:inner:v1');
const start = async (states: Record<string, object>) => {
  const stateMachineArn = bench.load(states);
  const { executionArn = '' } = await bench.run('StartExecution', {
    stateMachineArn,
    input: '{"a":1}',
  });
  await bench.clock.idle();
  return executionArn as string;
};

describe('startExecution as a task', () => {
  test('goes on at once, and asks IAM as the role of the machine', async () => {
    loadInner(hour);
    const executionArn = await start(nested(''));
    const { executionArn: of } = await innerExecution();
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: { ExecutionArn: of, StartDate: after(0).getTime() },
    });
    expect(bench.iam.asked).toContainEqual({
      caller,
      check: { action: 'states:StartExecution', resource: inner },
    });
  });

  test.each([
    ['.sync', '{"a":1}', '[2]'],
    ['.sync:2', { a: 1 }, [2]],
  ] as const)('with %s waits for the end and answers its output', async (form, Input, Output) => {
    loadInner({
      Wait: { ...hour.Wait, Seconds: 300, End: undefined, Next: 'Two' },
      Two: { Type: 'Pass', Result: [2], End: true },
    });
    const executionArn = await start(nested(form));
    await bench.clock.settle();
    const { executionArn: of } = await innerExecution();
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      stopDate: after(300).getTime() / 1000,
      output: { ExecutionArn: of, Status: 'SUCCEEDED', Input, Output, Name: 'v1' },
    });
    expect(await bench.history(executionArn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('that fails is States.TaskFailed with the execution as its cause', async () => {
    loadInner({ No: { Type: 'Fail', Error: 'Broken', Cause: 'why' } });
    const { error, cause = '' } = await bench.described(await start(nested('.sync:2')));
    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause)).toMatchObject({
      Status: 'FAILED',
      Error: 'Broken',
      Cause: 'why',
      Input: '{"a":1}',
    });
  });

  test.each(['stopped', 'late'])('is stopped with a parent that is %s', async (how) => {
    loadInner(hour);
    const executionArn = await start(nested('.sync:2'));
    if (how === 'stopped') {
      await bench.run('StopExecution', { executionArn });
    } else {
      await bench.clock.advanceTo(after(601));
    }
    expect(await innerExecution()).toMatchObject({ status: 'ABORTED' });
    expect(await bench.described(executionArn)).toMatchObject(
      how === 'stopped' ? { status: 'ABORTED' } : { error: 'States.Timeout' },
    );
  });

  test('runs on when the role may not stop it', async () => {
    loadInner(hour);
    const executionArn = await start(nested('.sync:2'));
    bench.iam.denied.add('states:StopExecution');
    await bench.run('StopExecution', { executionArn });
    await bench.clock.idle();
    expect(await innerExecution()).toMatchObject({ status: 'RUNNING' });
  });

  test.each([
    [
      'a machine that is not there',
      { StateMachineArn: `${inner}s` },
      'StepFunctions.StateMachineDoesNotExistException',
    ],
    ['a name in use', {}, 'StepFunctions.ExecutionAlreadyExistsException'],
  ])('of %s fails', async (_title, parameters, error) => {
    loadInner({ Done: { Type: 'Succeed' } });
    await bench.run('StartExecution', { stateMachineArn: inner, name: 'v1' });
    await bench.clock.idle();
    const executionArn = await start(nested('.sync:2', {}, parameters));
    expect(await bench.described(executionArn)).toMatchObject({ status: 'FAILED', error });
  });

  test.each(['states:StartExecution', 'states:DescribeExecution'])('needs %s', async (action) => {
    loadInner({ Done: { Type: 'Succeed' } });
    bench.iam.denied.add(action);
    expect(await bench.described(await start(nested('.sync:2')))).toMatchObject({
      error: 'StepFunctions.AWSStepFunctionsException',
      cause: expect.stringContaining(action),
    });
  });

  test.each(['events:PutRule', 'events:PutTargets', 'events:DescribeRule'])(
    'that waits is refused at load without %s on the rule Step Functions manages',
    (action) => {
      bench.iam.denied.add(action);
      expect(() => bench.load(nested('.sync:2'))).toThrow(
        `'${role}' is not authorized to create managed-rule`,
      );
      expect(bench.iam.asked.at(-1)).toEqual({ caller, check: { action, resource: managed } });
    },
  );

  test('whose answer is lost has started it all the same, and times out', async () => {
    loadInner({ Done: { Type: 'Succeed' } });
    bench.service.faults.loseNextAnswer('Start');
    const executionArn = await start(nested('.sync:2'));
    await bench.clock.settle();
    expect(await innerExecution()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await bench.described(executionArn)).toMatchObject({ error: 'States.Timeout' });
  });

  test('takes no other parameters, and no task token', () => {
    const token = nested('', {
      Resource: 'arn:aws:states:::states:startExecution.waitForTaskToken',
    });
    expect(() => bench.load(token)).toThrow('startExecution.waitForTaskToken');
    const traced = nested('', {}, { TraceHeader: 'x' });
    expect(() => bench.load(traced)).toThrow('Start has the Parameters TraceHeader');
  });
});

test('a task that is given more than 256 KiB fails before it is called', async () => {
  const work = bench.lambda.on('work', () => 'done');
  const half = 'x'.repeat(130 * 1024);
  const Parameters = { 'a.$': '$', 'b.$': '$' };
  const Work = { Type: 'Task', Resource: work, Parameters, TimeoutSeconds: 60, End: true };
  expect(await bench.result({ Work }, half)).toMatchObject({ error: 'States.DataLimitExceeded' });
  expect(bench.lambda.calls).toHaveLength(0);
});
