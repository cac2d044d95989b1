import { beforeEach, describe, expect, test } from '@jest/globals';
import { after } from './machine.ts';
import { caller, MapBench, map, task } from './map-bench.ts';

let bench: MapBench;
beforeEach(() => {
  bench = new MapBench();
});

const hour = { Type: 'Wait', Seconds: 3600, End: true };

describe('a distributed Map', () => {
  test('gives its outputs in the order of the items, and its own events, not its children’s', async () => {
    const work = bench.failing(() => true);
    const executionArn = await bench.begin(map({ Work: task(work) }), [3, 1, 2]);
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: [30, 10, 20],
    });
    expect(await bench.history(executionArn)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    const [child] = await bench.childrenOf(executionArn);
    expect(child?.executionArn).toMatch(/:execution:m\/ranges:[0-9a-f-]{36}$/);
    expect(await bench.history(child?.executionArn ?? '')).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('never runs more children than MaxConcurrency, and UpdateMapRun widens it at once', async () => {
    const executionArn = await bench.begin(
      map({ Wait: hour }, { MaxConcurrencyPath: '$.w', ItemsPath: '$.i' }),
      {
        w: 2,
        i: [1, 2, 3, 4, 5],
      },
    );
    expect(await bench.counts(executionArn)).toEqual({ running: 2, pending: 3, total: 5 });
    const { mapRunArn } = await bench.mapRunOf(executionArn);
    await bench.run('UpdateMapRun', { mapRunArn, maxConcurrency: 4 });
    expect(await bench.counts(executionArn)).toEqual({ running: 4, pending: 1, total: 5 });
    await bench.run('UpdateMapRun', { mapRunArn, maxConcurrency: 1 });
    await bench.clock.advanceTo(after(3600));
    expect(await bench.counts(executionArn)).toEqual({ succeeded: 4, running: 1, total: 5 });
    await bench.clock.settle(4_000_000);
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await bench.mapRunOf(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      maxConcurrency: 1,
    });
    await expect(bench.run('UpdateMapRun', { mapRunArn, maxConcurrency: 2 })).rejects.toMatchObject(
      { code: 'ValidationException' },
    );
  });

  test.each([
    ['nothing', {}, 1, 'FAILED'],
    ['as many items', { ToleratedFailureCount: 2 }, 2, 'SUCCEEDED'],
    ['fewer items', { ToleratedFailureCountPath: '$.tolerated' }, 2, 'FAILED'],
    ['their share', { ToleratedFailurePercentage: 50 }, 2, 'SUCCEEDED'],
    ['less than their share', { ToleratedFailurePercentage: 49 }, 2, 'FAILED'],
    [
      'their share, but fewer items',
      { ToleratedFailurePercentage: 100, ToleratedFailureCount: 1 },
      2,
      'FAILED',
    ],
  ])('that tolerates %s', async (_title, tolerance, failures, status) => {
    const work = bench.failing((n) => n > failures);
    const states = map({ Work: task(work) }, { ...tolerance, ItemsPath: '$.i', MaxConcurrency: 1 });
    const executionArn = await bench.begin(states, { i: [1, 2, 3, 4], tolerated: 1 });
    expect(await bench.mapRunOf(executionArn)).toMatchObject({ status });
    expect(await bench.described(executionArn)).toMatchObject(
      status === 'SUCCEEDED'
        ? { status }
        : {
            status,
            error: 'States.ExceedToleratedFailureThreshold',
            cause: 'The specified tolerated failure threshold was exceeded',
          },
    );
  });

  test('tells a tolerated failure whole, in its place', async () => {
    const work = bench.failing((n) => n !== 2);
    const executionArn = await bench.begin(
      map({ Work: task(work) }, { ToleratedFailureCount: 1 }),
      [1, 2],
    );
    expect((await bench.described(executionArn)).output).toEqual([
      10,
      expect.objectContaining({ Status: 'FAILED', Error: 'Broken', Input: '2' }),
    ]);
  });

  test('stops its children and starts no more once it fails, and a redrive runs only those', async () => {
    let isMended = false;
    const work = bench.failing((n) => n !== 2 || isMended);
    const to = (NumericEquals: number, Next: string) => ({ Variable: '$', NumericEquals, Next });
    const inside = {
      Which: { Type: 'Choice', Choices: [to(1, 'Work'), to(2, 'Soon')], Default: 'Later' },
      Soon: { Type: 'Wait', Seconds: 10, Next: 'Work' },
      Later: { Type: 'Wait', Seconds: 3600, Next: 'Work' },
      Work: task(work),
    };
    const executionArn = await bench.begin(map(inside, { MaxConcurrency: 3 }), [1, 3, 2, 4, 5]);
    await bench.clock.settle();
    const calls = bench.lambda.calls.length;
    expect(await bench.described(executionArn)).toMatchObject({ status: 'FAILED' });
    // The fourth was started in the place of the first.
    expect(await bench.counts(executionArn)).toMatchObject({
      ...{ succeeded: 1, failed: 1, aborted: 2, pending: 1, total: 5 },
    });
    expect(await bench.history(executionArn)).toEqual(
      expect.arrayContaining(['MapRunFailed', 'MapStateFailed', 'ExecutionFailed']),
    );

    isMended = true;
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle(4_000_000);
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: [10, 30, 20, 40, 50],
    });
    expect(bench.lambda.calls).toHaveLength(calls + 4);
    expect(await bench.mapRunOf(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
    });
    expect(await bench.childrenOf(executionArn, { redriveFilter: 'REDRIVEN' })).toHaveLength(3);
    const history = await bench.history(executionArn);
    expect(
      history.filter((type) => type === 'MapRunStarted' || type === 'MapStateEntered'),
    ).toHaveLength(2);
    expect(history).toContain('MapRunRedriven');
  });

  test.each([
    ['stopped', {}, 'ABORTED'],
    ['timed out', { TimeoutSeconds: 600 }, 'TIMED_OUT'],
  ])(
    'whose parent is %s stops its children; a redrive goes on where they stood',
    async (_title, more, status) => {
      const work = bench.failing(() => true);
      const inside = { Wait: { Type: 'Wait', Seconds: 900, Next: 'Work' }, Work: task(work) };
      const executionArn = await bench.begin(map(inside, { MaxConcurrency: 2 }), [1, 2, 3], more);
      if (status === 'ABORTED') {
        await bench.run('StopExecution', { executionArn });
      }
      await bench.clock.settle(1_800_000);
      expect(await bench.described(executionArn)).toMatchObject({ status });
      expect(await bench.mapRunOf(executionArn)).toMatchObject({ status: 'ABORTED' });
      expect(await bench.counts(executionArn)).toMatchObject({ aborted: 2, pending: 1, total: 3 });
      expect(bench.lambda.calls).toHaveLength(0);

      await bench.run('RedriveExecution', { executionArn });
      await bench.clock.idle();
      expect(await bench.counts(executionArn)).toMatchObject({ running: 2, pending: 1 });
      await bench.clock.settle(4_000_000);
      expect(await bench.described(executionArn)).toMatchObject(
        status === 'ABORTED' ? { status: 'SUCCEEDED', output: [10, 20, 30] } : { status },
      );
    },
  );

  test('a child whose answer is lost times out by its TimeoutSeconds and is tried again by its Retry', async () => {
    const work = bench.failing(() => true);
    bench.service.faults.loseNextAnswer('Work');
    bench.service.faults.failNext('Work', 'Lambda.TooManyRequestsException', 'Rate Exceeded.');
    const Retry = [
      { ErrorEquals: ['States.Timeout', 'Lambda.TooManyRequestsException'], IntervalSeconds: 30 },
    ];
    const executionArn = await bench.begin(
      map({ Work: task(work, { Retry }) }, { MaxConcurrency: 1 }),
      [1, 2],
    );
    await bench.clock.settle();
    const children = await bench.childrenOf(executionArn);
    expect(children.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    // The lost answer: 60 s until the timeout, 30 s until the retry; then throttled: 60 s more.
    expect(await bench.described(executionArn)).toMatchObject({
      output: [10, 20],
      stopDate: after(60 + 30 + 60).getTime() / 1000,
    });
    expect(bench.lambda.calls).toHaveLength(3);
  });

  test('a Retry of the Map itself is a new Map Run', async () => {
    const work = bench.failing((_n, call) => call > 1);
    const Retry = [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], IntervalSeconds: 5 }];
    const executionArn = await bench.begin(map({ Work: task(work) }, { Retry }), [1]);
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    const { mapRuns } = await bench.run('ListMapRuns', { executionArn });
    expect(mapRuns).toHaveLength(2);
  });

  test('a child cannot be redriven by itself, and is not among the executions of the machine', async () => {
    const executionArn = await bench.begin(map({ No: { Type: 'Fail', Error: 'E' } }), [1]);
    const [child] = await bench.childrenOf(executionArn);
    const arn = child?.executionArn ?? '';
    await expect(bench.run('RedriveExecution', { executionArn: arn })).rejects.toMatchObject({
      code: 'ExecutionNotRedrivable',
    });
    expect(await bench.described(arn)).toMatchObject({ redriveStatus: 'REDRIVABLE_BY_MAP_RUN' });
    const stateMachineArn = executionArn
      .replace(':execution:', ':stateMachine:')
      .replace(/:p$/, '');
    const { executions } = await bench.run('ListExecutions', { stateMachineArn });
    expect(executions).toMatchObject([{ executionArn }]);
    await expect(bench.run('ListExecutions', {})).rejects.toMatchObject({
      code: 'ValidationException',
    });
  });

  test.each([
    ['states:StartExecution', 'arn:aws:states:eu-west-1:000000000000:stateMachine:m'],
    ['states:RedriveExecution', ':execution:m/ranges:'],
  ])('needs %s, asked of its role', async (action, resource) => {
    const work = bench.failing((_n, call) => call > 1);
    bench.iam.denied.add(action);
    const executionArn = await bench.begin(map({ Work: task(work) }), [1]);
    if (action === 'states:RedriveExecution') {
      await bench.run('RedriveExecution', { executionArn });
      await bench.clock.settle();
    }
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'FAILED',
      error: 'States.Permissions',
      cause: expect.stringContaining(action),
    });
    const asked = bench.iam.asked.filter(({ check }) => check.action === action);
    expect(asked).toEqual([
      { caller, check: { action, resource: expect.stringContaining(resource) } },
    ]);
    bench.iam.denied.clear();
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle();
    expect((await bench.described(executionArn)).status).toBe(
      action === 'states:StartExecution' ? 'FAILED' : 'SUCCEEDED',
    );
  });

  test('a child has its own 25,000 events: it fails alone, and a redrive leaves it as it is', async () => {
    const next = (Next: string) => ({ Type: 'Pass', Next });
    const loops = [{ Variable: '$', NumericEquals: 1, Next: 'Round' }];
    const inside = {
      Which: { Type: 'Choice', Choices: loops, Default: 'Done' },
      Round: next('And'),
      And: next('Round'),
      Done: { Type: 'Wait', Seconds: 5, Next: 'No' },
      No: { Type: 'Fail', Error: 'E' },
    };
    const executionArn = await bench.begin(map(inside, { ToleratedFailureCount: 1 }), [1, 2]);
    expect(await bench.counts(executionArn)).toMatchObject({ failed: 1, failuresNotRedrivable: 1 });
    const [stuck] = await bench.childrenOf(executionArn, { statusFilter: 'FAILED' });
    expect(await bench.described(stuck?.executionArn ?? '')).toMatchObject({
      error: 'States.Runtime',
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution history event limit exceeded',
    });
    await bench.clock.settle();
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.idle();
    expect(await bench.described(stuck?.executionArn ?? '')).toMatchObject({ redriveCount: 0 });
    expect((await bench.history(executionArn)).length).toBeLessThan(20);
  });
});
