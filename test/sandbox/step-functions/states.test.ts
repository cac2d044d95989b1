import { beforeEach, describe, expect, test } from '@jest/globals';
import { ServiceException } from '../../../sandbox/service.ts';
import { after, Bench, role, start } from './machine.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const task = (Resource: string, more: object = {}) => ({
  Type: 'Task',
  Resource,
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
const thrown = (name: string, message = 'broken') => Object.assign(new Error(message), { name });

describe('Task', () => {
  test('a function’s ARN gives the function its input and the state its answer', async () => {
    const double = bench.lambda.on('double', (payload) => ({ twice: (payload as number) * 2 }));
    const result = await bench.result(
      { Double: task(double, { InputPath: '$.n', ResultPath: '$.result' }) },
      { n: 21 },
    );
    expect(result.output).toEqual({ n: 21, result: { twice: 42 } });
  });

  test('ResultSelector, ResultPath and OutputPath shape the answer in this order', async () => {
    const f = bench.lambda.on('f', () => ({ a: { b: [1, 2] }, c: 3 }));
    const result = await bench.result(
      {
        Shape: task(f, {
          ResultSelector: { 'list.$': '$.a.b', 'size.$': 'States.ArrayLength($.a.b)' },
          ResultPath: '$.deep.result',
          OutputPath: '$.deep',
        }),
      },
      { deep: { kept: true } },
    );
    expect(result.output).toEqual({ kept: true, result: { list: [1, 2], size: 2 } });
  });

  test('a function that throws fails the state with its error’s name and whole payload', async () => {
    const f = bench.lambda.on('f', () => {
      throw thrown('BaseMovedError', 'moved');
    });
    const result = await bench.result({ F: task(f) });
    expect(result).toMatchObject({ status: 'FAILED', error: 'BaseMovedError' });
    expect(JSON.parse(result.cause ?? '')).toMatchObject({ errorMessage: 'moved' });
    expect(await bench.history(result.executionArn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskFailed',
      'ExecutionFailed',
    ]);
  });

  test.each([
    ['AccessDeniedException', 'Lambda.AWSLambdaException'],
    ['TooManyRequestsException', 'Lambda.TooManyRequestsException'],
    ['ServiceException', 'Lambda.ServiceException'],
  ])('a refusal with %s surfaces as %s', async (code, error) => {
    const f = bench.lambda.on('f', () => {
      throw new ServiceException(code, 'no');
    });
    expect(await bench.result({ F: task(f) })).toMatchObject({ error, cause: 'no' });
  });

  test.each([
    ['ran too long', { errorMessage: 'x Task timed out after 1.00 seconds' }, 'Sandbox.Timedout'],
    ['ended its process', { errorType: 'Runtime.ExitError' }, 'Runtime.ExitError'],
    ['was not reached', { errorType: 'ServiceException' }, 'Lambda.ServiceException'],
    ['lost its answer', { errorType: 'LostAnswerError' }, 'Lambda.SdkClientException'],
    ['says nothing', {}, 'Lambda.Unknown'],
  ])(
    'a function that %s surfaces under the name Step Functions gives it',
    async (_title, payload, error) => {
      const f = bench.lambda.on('f', () => undefined);
      bench.lambda.invoke = async () => ({
        payload: JSON.stringify(payload),
        functionError: 'Unhandled',
      });
      expect(await bench.result({ F: task(f) })).toMatchObject({ error });
    },
  );

  test('an answer that is lost ends at TimeoutSeconds as States.Timeout', async () => {
    const f = bench.lambda.on('f', () => 'answer');
    bench.service.faults.loseNextAnswer('F');
    const result = await bench.result({ F: task(f) });
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'States.Timeout',
      stopDate: after(60).getTime() / 1000,
    });
    expect(bench.lambda.calls).toHaveLength(1);
    expect(await bench.history(result.executionArn)).toContain('TaskTimedOut');
  });

  test('a call can be failed before it is made', async () => {
    const f = bench.lambda.on('f', () => 'answer');
    bench.service.faults.failNext('F', 'Lambda.Unknown', 'armed');
    expect(await bench.result({ F: task(f) })).toMatchObject({ error: 'Lambda.Unknown' });
    expect(bench.lambda.calls).toHaveLength(0);
  });

  test('events:putEvents sends objects as text, names its origin, and asks IAM as the role', async () => {
    const putEvents = task('arn:aws:states:::events:putEvents', {
      Parameters: {
        Entries: [{ 'Detail.$': '$', DetailType: 'Audit', Source: 'quarter', EventBusName: 'b' }],
      },
    });
    const result = await bench.result({ Audit: putEvents }, { a: 1 });
    expect(bench.putEvents).toEqual([
      {
        Entries: [
          {
            Detail: '{"a":1}',
            DetailType: 'Audit',
            Source: 'quarter',
            EventBusName: 'b',
            Resources: [
              result.executionArn,
              'arn:aws:states:eu-west-1:000000000000:stateMachine:m',
            ],
          },
        ],
      },
    ]);
    expect(bench.iam.asked).toMatchObject([{ caller: { kind: 'role', arn: role } }]);
  });

  test('an aws-sdk task runs the operation of a service that was handed in, through IAM', async () => {
    const GetItem = {
      authorize: () => [{ action: 'dynamodb:GetItem', resource: 'table' }],
      run: async () => ({ Item: { pk: { S: 'a' } } }),
    };
    bench = new Bench({ dynamodb: { operations: { GetItem } } });
    const read = task('arn:aws:states:::aws-sdk:dynamodb:getItem');
    expect(await bench.result({ Read: read })).toMatchObject({
      output: { Item: { pk: { S: 'a' } } },
    });
    bench.iam.denied.add('dynamodb:GetItem');
    expect(await bench.result({ Read: read })).toMatchObject({
      error: 'DynamoDb.AccessDeniedException',
    });
  });

  test('an answer over 256 KiB fails with States.DataLimitExceeded, which nothing catches', async () => {
    const f = bench.lambda.on('f', () => 'x'.repeat(256 * 1024));
    const result = await bench.result({
      F: task(f, { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'No' }] }),
      No: { Type: 'Succeed' },
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('Retry', () => {
  const times = () => {
    const seen: number[] = [];
    const f = bench.lambda.on('f', () => {
      seen.push((bench.clock.now().getTime() - start.getTime()) / 1000);
      throw thrown('Flaky');
    });
    return { seen, f };
  };

  test('waits on the clock: 1, 2, 4 seconds and three attempts more by default', async () => {
    const { seen, f } = times();
    const result = await bench.result({ F: task(f, { Retry: [{ ErrorEquals: ['Flaky'] }] }) });
    expect(seen).toEqual([0, 1, 3, 7]);
    expect(result.error).toBe('Flaky');
  });

  test('interval, rate, ceiling and number are the definition’s; FULL jitter takes the longest pause', async () => {
    const { seen, f } = times();
    const retrier = {
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 10,
      BackoffRate: 3,
      MaxDelaySeconds: 60,
      MaxAttempts: 4,
      JitterStrategy: 'FULL',
    };
    await bench.result({ F: task(f, { Retry: [retrier] }) });
    expect(seen).toEqual([0, 10, 40, 100, 160]);
  });

  test('each retrier counts its own attempts, and the first that covers the error decides', async () => {
    const errors = ['A', 'B', 'A', 'A'];
    const f = bench.lambda.on('f', (_payload, call) => {
      throw thrown(errors[call - 1] ?? 'never');
    });
    await bench.result({
      F: task(f, {
        Retry: [
          { ErrorEquals: ['A'], MaxAttempts: 2 },
          { ErrorEquals: ['States.ALL'], MaxAttempts: 1 },
        ],
      }),
    });
    expect(bench.lambda.calls).toHaveLength(4);
  });

  test('MaxAttempts 0 never retries, and a success ends the retries', async () => {
    const f = bench.lambda.on('f', (_payload, call) => {
      if (call === 1) {
        throw thrown('Fatal');
      }
      return 'ok';
    });
    const Retry = [{ ErrorEquals: ['Fatal'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    expect(await bench.result({ F: task(f, { Retry }) })).toMatchObject({ error: 'Fatal' });
    const again = task(f, { Retry: [{ ErrorEquals: ['States.TaskFailed'] }] });
    expect(await bench.result({ F: again })).toMatchObject({ output: 'ok' });
  });

  test('States.TaskFailed does not cover a timeout, States.Timeout and States.ALL do', async () => {
    const f = bench.lambda.on('f', () => 'ok');
    const retried = async (name: string) => {
      bench.service.faults.loseNextAnswer('F');
      const Retry = [{ ErrorEquals: [name] }];
      return (await bench.result({ F: task(f, { Retry }) })).status;
    };
    expect(await retried('States.TaskFailed')).toBe('FAILED');
    expect(await retried('States.Timeout')).toBe('SUCCEEDED');
    expect(await retried('States.ALL')).toBe('SUCCEEDED');
  });
});

describe('Catch', () => {
  test('goes on elsewhere with Error and Cause in the place it names, after the retries', async () => {
    const f = bench.lambda.on('f', () => {
      throw thrown('Flaky', 'why');
    });
    const result = await bench.result(
      {
        F: task(f, {
          Retry: [{ ErrorEquals: ['Flaky'], MaxAttempts: 1 }],
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Wrong' },
            { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Repair' },
          ],
        }),
        Wrong: { Type: 'Fail' },
        Repair: { Type: 'Pass', End: true },
      },
      { kept: 1 },
    );
    expect(bench.lambda.calls).toHaveLength(2);
    expect(result.output).toMatchObject({ kept: 1, failure: { Error: 'Flaky' } });
    expect(
      JSON.parse((result.output as unknown as { failure: { Cause: string } }).failure.Cause),
    ).toEqual({
      errorType: 'Flaky',
      errorMessage: 'why',
      trace: [],
    });
  });

  test('without ResultPath the failure replaces the input', async () => {
    bench.service.faults.failNext('F', 'E', 'c');
    const f = bench.lambda.on('f', () => null);
    const result = await bench.result(
      {
        F: task(f, { Catch: [{ ErrorEquals: ['E'], Next: 'Done' }] }),
        Done: { Type: 'Succeed' },
      },
      { lost: 1 },
    );
    expect(result.output).toEqual({ Error: 'E', Cause: 'c' });
  });

  test('a path without a value is States.Runtime, which States.ALL does not catch', async () => {
    const f = bench.lambda.on('f', () => null);
    const result = await bench.result({
      F: task(f, {
        Parameters: { 'a.$': '$.missing' },
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'No' }],
      }),
      No: { Type: 'Succeed' },
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(result.cause).toContain("'$.missing' could not be found");
  });
});

describe('Wait', () => {
  test.each([
    ['Seconds', { Seconds: 90 }, 90],
    ['SecondsPath', { SecondsPath: '$.s' }, 120],
    ['Timestamp', { Timestamp: '2026-05-17T17:05:00Z' }, 300],
    ['TimestampPath', { TimestampPath: '$.t' }, 600],
    ['a moment that has passed', { Timestamp: '2020-01-01T00:00:00Z' }, 0],
  ])('%s sleeps until its instant on the clock', async (_title, how, seconds) => {
    const result = await bench.result(
      { Sleep: { Type: 'Wait', ...how, End: true } },
      { s: 120, t: '2026-05-17T17:10:00Z' },
    );
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      stopDate: after(seconds).getTime() / 1000,
    });
  });

  test('does not end before its time, and does not hold up the clock', async () => {
    const arn = bench.load({ Sleep: { Type: 'Wait', Seconds: 3600, End: true } });
    const { executionArn = '' } = await bench.run('StartExecution', { stateMachineArn: arn });
    await bench.clock.advanceTo(after(3599));
    expect((await bench.described(executionArn)).status).toBe('RUNNING');
    await bench.clock.advanceTo(after(3600));
    expect((await bench.described(executionArn)).status).toBe('SUCCEEDED');
  });

  test('a value that is no timestamp fails the execution', async () => {
    const result = await bench.result(
      { Sleep: { Type: 'Wait', TimestampPath: '$.t', End: true } },
      { t: 'tomorrow' },
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});

describe('Parallel and Map', () => {
  // State names are unique in the whole machine.
  const branch = (state: object, name = 'S') => ({
    StartAt: name,
    States: { [name]: { ...state, End: true } },
  });
  const sleep = (Seconds: number) => branch({ Type: 'Wait', Seconds }, `Sleep${Seconds}`);

  test('branches run at the same time and answer in their order', async () => {
    const result = await bench.result(
      {
        Both: {
          Type: 'Parallel',
          Branches: [sleep(300), branch({ Type: 'Pass', Result: 'quick' }), sleep(200)],
          ResultPath: '$.all',
          End: true,
        },
      },
      { a: 1 },
    );
    expect(result).toMatchObject({
      output: { a: 1, all: [{ a: 1 }, 'quick', { a: 1 }] },
      stopDate: after(300).getTime() / 1000,
    });
  });

  test('one branch that fails ends the others at once, and can be caught', async () => {
    const failing = {
      StartAt: 'W',
      States: {
        W: { Type: 'Wait', Seconds: 10, Next: 'F' },
        F: { Type: 'Fail', Error: 'Broken', Cause: 'c' },
      },
    };
    const result = await bench.result({
      Both: {
        Type: 'Parallel',
        Branches: [sleep(300), failing],
        Catch: [{ ErrorEquals: ['Broken'], Next: 'Done' }],
        End: true,
      },
      Done: { Type: 'Succeed' },
    });
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: { Error: 'Broken', Cause: 'c' },
      stopDate: after(10).getTime() / 1000,
    });
  });

  test('a retried Parallel runs all its branches again', async () => {
    const f = bench.lambda.on('f', (_payload, call) => {
      if (call === 1) {
        throw thrown('Once');
      }
      return call;
    });
    const g = bench.lambda.on('g', () => 'g');
    const result = await bench.result({
      Both: {
        Type: 'Parallel',
        Branches: [branch(task(g), 'G'), branch(task(f), 'F')],
        Retry: [{ ErrorEquals: ['Once'] }],
        End: true,
      },
    });
    expect(result.output).toEqual(['g', 2]);
    expect(bench.lambda.calls.filter((call) => call.arn === g)).toHaveLength(2);
  });

  test('a Map runs its items with their index and value, at most so many at a time', async () => {
    const map = (MaxConcurrency: number) => ({
      Each: {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemSelector: {
          'i.$': '$$.Map.Item.Index',
          'v.$': '$$.Map.Item.Value',
          'of.$': '$.name',
        },
        MaxConcurrency,
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...sleep(60) },
        End: true,
      },
    });
    const input = { name: 'n', items: [0, false, 'c'] };
    const all = await bench.result(map(0), input);
    expect(all.output).toEqual([
      { i: 0, v: 0, of: 'n' },
      { i: 1, v: false, of: 'n' },
      { i: 2, v: 'c', of: 'n' },
    ]);
    const took = (result: object) => {
      const { startDate, stopDate } = result as { startDate: number; stopDate: number };
      return stopDate - startDate;
    };
    expect(took(all)).toBe(60);
    expect(took(await bench.result(map(2), input))).toBe(120);
    expect(took(await bench.result(map(1), input))).toBe(180);
  });

  test('a Map over nothing gives an empty list', async () => {
    const each = { Type: 'Map', ItemProcessor: sleep(60), End: true };
    expect((await bench.result({ Each: each }, [])).output).toEqual([]);
  });
});

describe('Choice, Pass, Fail and the context object', () => {
  const choose = {
    Choose: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.n', NumericGreaterThan: 2 },
            { Not: { Variable: '$.stop', IsPresent: true } },
          ],
          Next: 'Big',
        },
        { Variable: '$$.Execution.Input.word', StringEquals: 'yes', Next: 'Yes' },
      ],
      Default: 'Other',
    },
    Big: { Type: 'Pass', Result: 'big', End: true },
    Yes: { Type: 'Pass', Result: 'yes', End: true },
    Other: { Type: 'Fail', Error: 'Nothing', CausePath: '$.why' },
  };

  test.each([
    [{ n: 3, word: 'no' }, 'big'],
    [{ n: 3, stop: null, word: 'yes' }, 'yes'],
  ])('%j goes the way its rule says', async (input, expected) => {
    expect((await bench.result(choose, input)).output).toBe(expected);
  });

  test('Default and Fail end with error and cause', async () => {
    const result = await bench.result(choose, { n: 1, word: 'no', why: 'because' });
    expect(result).toMatchObject({ status: 'FAILED', error: 'Nothing', cause: 'because' });
  });

  test('no rule and no Default is States.NoChoiceMatched', async () => {
    const { Choose, Big, Yes } = choose;
    const { Default: _none, ...bare } = Choose;
    const result = await bench.result({ Choose: bare, Big, Yes }, { n: 1, word: 'no' });
    expect(result.error).toBe('States.NoChoiceMatched');
  });

  test('a path to several values gives a list, also of none', async () => {
    const Parameters = { 'names.$': '$.list[*].name', 'none.$': '$.empty[*]', 'zero.$': '$.zero' };
    const input = { list: [{ name: 'a' }], empty: [], zero: 0 };
    const result = await bench.result({ Look: { Type: 'Pass', Parameters, End: true } }, input);
    expect(result.output).toEqual({ names: ['a'], none: [], zero: 0 });
  });

  test.each([
    ['$', 'new'],
    [null, { a: 1 }],
    ['$.b.c', { a: 1, b: { c: 'new' } }],
    ["$['b c']", { a: 1, 'b c': 'new' }],
  ])('the ResultPath %j gives %j', async (ResultPath, expected) => {
    const state = { Type: 'Pass', Result: 'new', ResultPath, End: true };
    expect((await bench.result({ Put: state }, { a: 1 })).output).toEqual(expected);
  });

  test('the context object names execution, machine and state', async () => {
    const Parameters = {
      'id.$': '$$.Execution.Id',
      'input.$': '$$.Execution.Input',
      'started.$': '$$.Execution.StartTime',
      'name.$': '$$.Execution.Name',
      'machine.$': '$$.StateMachine.Id',
      'state.$': '$$.State.Name',
      'all.$': "States.Format('{} of {}', $$.State.Name, $$.Execution.Name)",
    };
    const result = await bench.result(
      {
        First: { Type: 'Wait', Seconds: 5, Next: 'Look' },
        Look: { Type: 'Pass', Parameters, End: true },
      },
      { a: 1 },
    );
    const name = result.executionArn.split(':').at(-1);
    expect(result.output).toEqual({
      id: result.executionArn,
      input: { a: 1 },
      started: start.toISOString(),
      name,
      machine: 'arn:aws:states:eu-west-1:000000000000:stateMachine:m',
      state: 'Look',
      all: `Look of ${name}`,
    });
  });

  test('a loop without an end stops at 25,000 events', async () => {
    const again = {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'Again' }],
      Default: 'End',
    };
    const result = await bench.result({ Again: again, End: { Type: 'Succeed' } }, { n: 1 });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(result.cause).toContain('25000');
  });
});
