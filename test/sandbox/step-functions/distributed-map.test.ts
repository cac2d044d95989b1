import { beforeEach, describe, expect, test } from '@jest/globals';
import { after, Bench, role } from './machine.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  const props = { versioned: false, blockPublicPolicy: true };
  bench.s3.createBucket({ name: 'b', ...props });
});

const caller = { kind: 'role', arn: role } as const;
const config = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
const task = (arn: string, more: object = {}) => ({
  Type: 'Task',
  Resource: arn,
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
const map = (inside: Record<string, object>, more: object = {}) => ({
  All: {
    Type: 'Map',
    Label: 'ranges',
    End: true,
    ItemProcessor: {
      ProcessorConfig: config,
      StartAt: Object.keys(inside)[0] ?? '',
      States: inside,
    },
    ...more,
  },
});
const reader = (InputType: string, more: object = {}) => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType, ...more },
    Parameters: { Bucket: 'b', 'Key.$': '$.key' },
  },
});
const writer = (more: object = {}) => ({
  ResultWriter: {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: 'b', 'Prefix.$': "States.Format('run/{}', $.key)" },
    ...more,
  },
});
const hour = { Type: 'Wait', Seconds: 3600, End: true };

async function put(key: string, body: string) {
  const input = { Bucket: 'b', Key: key, Body: Buffer.from(body), headers: {} };
  await bench.s3.operations.PutObject?.run(input, caller);
}
async function read(key: string): Promise<string> {
  const got = await bench.s3.operations.GetObject?.run(
    { Bucket: 'b', Key: key, headers: {} },
    caller,
  );
  return String((got as { body: Buffer }).body);
}
async function start(
  states: Record<string, object>,
  input: unknown,
  more: object = {},
  name = 'p',
) {
  const stateMachineArn = bench.load(states, more);
  const given = { stateMachineArn, name, input: JSON.stringify(input) };
  const { executionArn = '' } = await bench.run('StartExecution', given);
  await bench.clock.idle();
  return executionArn as string;
}
async function mapRunOf(executionArn: string) {
  const { mapRuns } = await bench.run('ListMapRuns', { executionArn });
  const { mapRunArn } = (mapRuns as unknown as { mapRunArn: string }[])[0] ?? {};
  return bench.run('DescribeMapRun', { mapRunArn }) as unknown as Promise<
    Record<string, unknown> & { executionCounts: Record<string, number> }
  >;
}
async function childrenOf(executionArn: string, more: object = {}) {
  const { mapRunArn } = await mapRunOf(executionArn);
  const { executions } = await bench.run('ListExecutions', { mapRunArn, ...more });
  return executions as unknown as { executionArn: string; status: string; itemCount: number }[];
}
/** What has a number above 0. */
async function counts(executionArn: string) {
  const { executionCounts } = await mapRunOf(executionArn);
  return Object.fromEntries(Object.entries(executionCounts).filter(([, count]) => count > 0));
}
const failing = (unless: (n: number, call: number) => boolean) =>
  bench.lambda.on('work', (n, call) => {
    if (!unless(n as number, call)) {
      throw Object.assign(new Error('broken'), { name: 'Broken' });
    }
    return (n as number) * 10;
  });

describe('a distributed Map', () => {
  test('gives its outputs in the order of the items, and its own events, not its children’s', async () => {
    const work = failing(() => true);
    const executionArn = await start(map({ Work: task(work) }), [3, 1, 2]);
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
    const [child] = await childrenOf(executionArn);
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
    const executionArn = await start(
      map({ Wait: hour }, { MaxConcurrencyPath: '$.w', ItemsPath: '$.i' }),
      {
        w: 2,
        i: [1, 2, 3, 4, 5],
      },
    );
    expect(await counts(executionArn)).toEqual({ running: 2, pending: 3, total: 5 });
    const { mapRunArn } = await mapRunOf(executionArn);
    await bench.run('UpdateMapRun', { mapRunArn, maxConcurrency: 4 });
    expect(await counts(executionArn)).toEqual({ running: 4, pending: 1, total: 5 });
    await bench.run('UpdateMapRun', { mapRunArn, maxConcurrency: 1 });
    await bench.clock.advanceTo(after(3600));
    expect(await counts(executionArn)).toEqual({ succeeded: 4, running: 1, total: 5 });
    await bench.clock.settle(4_000_000);
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await mapRunOf(executionArn)).toMatchObject({ status: 'SUCCEEDED', maxConcurrency: 1 });
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
    const work = failing((n) => n > failures);
    const states = map({ Work: task(work) }, { ...tolerance, ItemsPath: '$.i', MaxConcurrency: 1 });
    const executionArn = await start(states, { i: [1, 2, 3, 4], tolerated: 1 });
    expect(await mapRunOf(executionArn)).toMatchObject({ status });
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
    const work = failing((n) => n !== 2);
    const executionArn = await start(
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
    const work = failing((n) => n !== 2 || isMended);
    const to = (NumericEquals: number, Next: string) => ({ Variable: '$', NumericEquals, Next });
    const inside = {
      Which: { Type: 'Choice', Choices: [to(1, 'Work'), to(2, 'Soon')], Default: 'Later' },
      Soon: { Type: 'Wait', Seconds: 10, Next: 'Work' },
      Later: { Type: 'Wait', Seconds: 3600, Next: 'Work' },
      Work: task(work),
    };
    const executionArn = await start(map(inside, { MaxConcurrency: 3 }), [1, 3, 2, 4, 5]);
    await bench.clock.settle();
    const calls = bench.lambda.calls.length;
    expect(await bench.described(executionArn)).toMatchObject({ status: 'FAILED' });
    // The fourth was started in the place of the first.
    expect(await counts(executionArn)).toMatchObject({
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
    expect(await mapRunOf(executionArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(await childrenOf(executionArn, { redriveFilter: 'REDRIVEN' })).toHaveLength(3);
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
      const work = failing(() => true);
      const inside = { Wait: { Type: 'Wait', Seconds: 900, Next: 'Work' }, Work: task(work) };
      const executionArn = await start(map(inside, { MaxConcurrency: 2 }), [1, 2, 3], more);
      if (status === 'ABORTED') {
        await bench.run('StopExecution', { executionArn });
      }
      await bench.clock.settle(1_800_000);
      expect(await bench.described(executionArn)).toMatchObject({ status });
      expect(await mapRunOf(executionArn)).toMatchObject({ status: 'ABORTED' });
      expect(await counts(executionArn)).toMatchObject({ aborted: 2, pending: 1, total: 3 });
      expect(bench.lambda.calls).toHaveLength(0);

      await bench.run('RedriveExecution', { executionArn });
      await bench.clock.idle();
      expect(await counts(executionArn)).toMatchObject({ running: 2, pending: 1 });
      await bench.clock.settle(4_000_000);
      expect(await bench.described(executionArn)).toMatchObject(
        status === 'ABORTED' ? { status: 'SUCCEEDED', output: [10, 20, 30] } : { status },
      );
    },
  );

  test('a child whose answer is lost times out by its TimeoutSeconds and is tried again by its Retry', async () => {
    const work = failing(() => true);
    bench.service.faults.loseNextAnswer('Work');
    bench.service.faults.failNext('Work', 'Lambda.TooManyRequestsException', 'Rate Exceeded.');
    const Retry = [
      { ErrorEquals: ['States.Timeout', 'Lambda.TooManyRequestsException'], IntervalSeconds: 30 },
    ];
    const executionArn = await start(
      map({ Work: task(work, { Retry }) }, { MaxConcurrency: 1 }),
      [1, 2],
    );
    await bench.clock.settle();
    const children = await childrenOf(executionArn);
    expect(children.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    // The lost answer: 60 s until the timeout, 30 s until the retry; then throttled: 60 s more.
    expect(await bench.described(executionArn)).toMatchObject({
      output: [10, 20],
      stopDate: after(60 + 30 + 60).getTime() / 1000,
    });
    expect(bench.lambda.calls).toHaveLength(3);
  });

  test('a Retry of the Map itself is a new Map Run', async () => {
    const work = failing((_n, call) => call > 1);
    const Retry = [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], IntervalSeconds: 5 }];
    const executionArn = await start(map({ Work: task(work) }, { Retry }), [1]);
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    const { mapRuns } = await bench.run('ListMapRuns', { executionArn });
    expect(mapRuns).toHaveLength(2);
  });

  test('a child cannot be redriven by itself, and is not among the executions of the machine', async () => {
    const executionArn = await start(map({ No: { Type: 'Fail', Error: 'E' } }), [1]);
    const [child] = await childrenOf(executionArn);
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
    const work = failing((_n, call) => call > 1);
    bench.iam.denied.add(action);
    const executionArn = await start(map({ Work: task(work) }), [1]);
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
});

describe('ItemReader, ItemSelector and ItemBatcher', () => {
  const echo = () => bench.lambda.on('echo', (payload) => payload);
  const inputs = () => bench.lambda.calls.map(({ payload }) => payload);

  test('reads JSON lines, selects of each and batches by number', async () => {
    await put('ranges', '{"id":1}\n{"id":2}\r\n{"id":3}\n');
    const executionArn = await start(
      map(
        { Work: task(echo()) },
        {
          ...reader('JSONL'),
          ItemSelector: {
            'range.$': '$$.Map.Item.Value.id',
            'at.$': '$$.Map.Item.Index',
            'job.$': '$.job',
          },
          ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'job.$': '$.job' } },
        },
      ),
      { key: 'ranges', job: 'j' },
    );
    expect(inputs()).toEqual([
      {
        BatchInput: { job: 'j' },
        Items: [
          { range: 1, at: 0, job: 'j' },
          { range: 2, at: 1, job: 'j' },
        ],
      },
      { BatchInput: { job: 'j' }, Items: [{ range: 3, at: 2, job: 'j' }] },
    ]);
    const { itemCounts, executionCounts } = await mapRunOf(executionArn);
    expect({ itemCounts, executionCounts }).toMatchObject({
      itemCounts: { succeeded: 3, total: 3 },
      executionCounts: { succeeded: 2, total: 2, resultsWritten: 2 },
    });
    expect((await childrenOf(executionArn)).map(({ itemCount }) => itemCount)).toEqual([2, 1]);
  });

  test('counts failed items, not failed batches', async () => {
    const work = bench.lambda.on('work', (payload) => {
      if ((payload as { Items: number[] }).Items.includes(1)) {
        throw new Error('broken');
      }
      return payload;
    });
    const batcher = { ItemBatcher: { MaxItemsPerBatch: 2 }, ToleratedFailureCount: 1 };
    const executionArn = await start(map({ Work: task(work) }, batcher), [1, 2, 3]);
    expect(await bench.described(executionArn)).toMatchObject({
      error: 'States.ExceedToleratedFailureThreshold',
    });
  });

  test('batches by bytes, the whole input counted, and never over 256 KiB', async () => {
    const executionArn = await start(
      map({ Work: task(echo()) }, { ItemBatcher: { MaxInputBytesPerBatchPath: '$[0]' } }),
      [22, 'abc', 'de', 'f'],
    );
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(inputs()).toEqual([{ Items: [22, 'abc'] }, { Items: ['de', 'f'] }]);
  });

  test('reads a JSON array as far as MaxItems', async () => {
    await put('list', '[1, 2, 3]');
    const states = map({ Work: task(echo()) }, reader('JSON', { MaxItemsPath: '$.most' }));
    await start(states, { key: 'list', most: 2 });
    expect(inputs()).toEqual([1, 2]);
  });

  test.each([
    ['an object that is not there', 'JSON', 'other', '[]', 'The specified key does not exist'],
    ['no array', 'JSON', 'key', '{"secret":1}', 'not a JSON array'],
    ['no JSON', 'JSON', 'key', '[secret', 'the object is not JSON'],
    ['a broken line', 'JSONL', 'key', '{}\nsecret\n', 'line 2 is not JSON'],
  ])(
    '%s fails the state, which shows nothing of the object and starts no Map Run',
    async (_title, type, key, body, cause) => {
      await put(key, body);
      const states = map({ Work: task(echo()) }, reader(type));
      const executionArn = await start(states, { key: 'key' });
      const described = await bench.described(executionArn);
      expect(described).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
      expect(described.cause).toContain(cause);
      expect(described.cause).not.toContain('secret');
      expect(await bench.run('ListMapRuns', { executionArn })).toEqual({ mapRuns: [] });
    },
  );

  test('a read that S3 throttles fails the state, and its Retry reads again', async () => {
    await put('list', '[1]');
    const error = { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 };
    const subject = { service: 's3', operation: 'GetObject', match: { Key: 'list' } };
    bench.faults.inject({ ...subject, when: 'before', error, times: 1 });
    const Retry = [{ ErrorEquals: ['States.ItemReaderFailed'], IntervalSeconds: 7 }];
    const states = map({ Work: task(echo()) }, { ...reader('JSON'), Retry });
    const executionArn = await start(states, { key: 'list' });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      stopDate: after(7).getTime() / 1000,
    });
  });

  test('an item over 256 KiB is refused, which nothing catches; a redrive reads again', async () => {
    await put('big', JSON.stringify(['x'.repeat(256 * 1024)]));
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'No' }];
    const states = {
      ...map({ Work: task(echo()) }, { ...reader('JSON'), Catch }),
      No: { Type: 'Succeed' },
    };
    const executionArn = await start(states, { key: 'big' });
    expect(await bench.described(executionArn)).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    await put('big', '[1]');
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: [1] });
  });
});

describe('what a Map Run leaves', () => {
  test('outputs over 256 KiB together are refused without a ResultWriter, and written with one', async () => {
    const work = bench.lambda.on('work', () => 'x'.repeat(100 * 1024));
    const without = await start(map({ Work: task(work) }, { ItemsPath: '$.i' }), { i: [1, 2, 3] });
    expect(await bench.described(without)).toMatchObject({ error: 'States.DataLimitExceeded' });
    const states = map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i' });
    const executionArn = await start(states, { key: 'k', i: [1, 2, 3] }, {}, 'q');
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('files of the succeeded, the failed and the pending, and a manifest of them', async () => {
    const work = failing((n) => n !== 2);
    const states = map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i', MaxConcurrency: 1 });
    const executionArn = await start(states, { key: 'k', i: [1, 2, 3] });
    expect(await bench.described(executionArn)).toMatchObject({ status: 'FAILED' });
    const { mapRunArn } = await mapRunOf(executionArn);
    const folder = `run/k/${String(mapRunArn).split(':').at(-1)}`;
    const manifest = JSON.parse(await read(`${folder}/manifest.json`));
    const file = (name: string) => [{ Key: `${folder}/${name}_0.json`, Size: expect.any(Number) }];
    expect(manifest).toEqual({
      DestinationBucket: 'b',
      MapRunArn: mapRunArn,
      ResultFiles: {
        FAILED: file('FAILED'),
        PENDING: file('PENDING'),
        SUCCEEDED: file('SUCCEEDED'),
      },
    });
    const [succeeded] = JSON.parse(await read(`${folder}/SUCCEEDED_0.json`));
    expect(succeeded).toEqual({
      ExecutionArn: expect.stringContaining(':execution:m/ranges:'),
      Input: '1',
      InputDetails: { Included: true },
      Name: expect.any(String),
      Output: '10',
      OutputDetails: { Included: true },
      RedriveCount: 0,
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
      StartDate: '2026-05-17T17:00:00.000Z',
      StateMachineArn: 'arn:aws:states:eu-west-1:000000000000:stateMachine:m/ranges',
      Status: 'SUCCEEDED',
      StopDate: '2026-05-17T17:00:00.000Z',
    });
    expect(JSON.parse(await read(`${folder}/FAILED_0.json`))).toMatchObject([
      { Input: '2', Status: 'FAILED', Error: 'Broken' },
    ]);
    expect(JSON.parse(await read(`${folder}/PENDING_0.json`))).toMatchObject([{ Input: '3' }]);
  });

  test('JSON lines of the outputs alone; the state’s result is where they are', async () => {
    const work = bench.lambda.on('work', (n) => [n, n]);
    const WriterConfig = { OutputType: 'JSONL', Transformation: 'FLATTEN' };
    const states = map({ Work: task(work) }, { ...writer({ WriterConfig }), ItemsPath: '$.i' });
    const executionArn = await start(states, { key: 'k', i: [1, 2] });
    const { output } = await bench.described(executionArn);
    const { MapRunArn, ResultWriterDetails } = output as unknown as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    expect(MapRunArn).toBe((await mapRunOf(executionArn)).mapRunArn);
    const { ResultFiles } = JSON.parse(await read(ResultWriterDetails.Key));
    expect(ResultFiles).toMatchObject({ FAILED: [], PENDING: [] });
    expect(await read(ResultFiles.SUCCEEDED[0].Key)).toBe('1\n1\n2\n2\n');
  });

  test('a write that is refused fails the Map Run; a redrive writes and runs no child again', async () => {
    const work = failing(() => true);
    const error = { code: 'AccessDenied', message: 'Access Denied', status: 403 };
    bench.faults.inject({ service: 's3', operation: 'PutObject', when: 'before', error, times: 1 });
    const executionArn = await start(map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i' }), {
      key: 'k',
      i: [1],
    });
    expect(await bench.described(executionArn)).toMatchObject({
      error: 'States.ResultWriterFailed',
    });
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(bench.lambda.calls).toHaveLength(1);
  });

  test.each(['s3:GetObject', 's3:PutObject'])(
    '%s is asked of the machine’s role',
    async (action) => {
      await put('list', '[1]');
      bench.iam.denied.add(action);
      const work = failing(() => true);
      const states = map({ Work: task(work) }, { ...reader('JSON'), ...writer() });
      const executionArn = await start(states, { key: 'list' });
      expect((await bench.described(executionArn)).cause).toContain(
        `not authorized to perform: ${action}`,
      );
    },
  );
});
