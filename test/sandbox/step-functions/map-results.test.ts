import { beforeEach, describe, expect, test } from '@jest/globals';
import { MapBench, map, reader, task, writer } from './map-bench.ts';

let bench: MapBench;
beforeEach(() => {
  bench = new MapBench();
});

describe('what a Map Run leaves', () => {
  test('outputs over 256 KiB together are refused without a ResultWriter, and written with one', async () => {
    const work = bench.lambda.on('work', () => 'x'.repeat(100 * 1024));
    const without = await bench.begin(map({ Work: task(work) }, { ItemsPath: '$.i' }), {
      i: [1, 2, 3],
    });
    expect(await bench.described(without)).toMatchObject({ error: 'States.DataLimitExceeded' });
    expect(await bench.mapRunOf(without)).toMatchObject({ status: 'FAILED' });
    const states = map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i' });
    const executionArn = await bench.begin(states, { key: 'k', i: [1, 2, 3] }, {}, 'q');
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('files of the succeeded, the failed and the pending, and a manifest of them', async () => {
    const work = bench.failing((n) => n !== 2);
    const states = map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i', MaxConcurrency: 1 });
    const executionArn = await bench.begin(states, { key: 'k', i: [1, 2, 3] });
    expect(await bench.described(executionArn)).toMatchObject({ status: 'FAILED' });
    const { mapRunArn } = await bench.mapRunOf(executionArn);
    const folder = `run/k/${String(mapRunArn).split(':').at(-1)}`;
    const manifest = JSON.parse(await bench.read(`${folder}/manifest.json`));
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
    const [succeeded] = JSON.parse(await bench.read(`${folder}/SUCCEEDED_0.json`));
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
    expect(JSON.parse(await bench.read(`${folder}/FAILED_0.json`))).toMatchObject([
      { Input: '2', Status: 'FAILED', Error: 'Broken' },
    ]);
    expect(JSON.parse(await bench.read(`${folder}/PENDING_0.json`))).toMatchObject([
      { Input: '3' },
    ]);
  });

  test('JSON lines of the outputs alone; the state’s result is where they are', async () => {
    const work = bench.lambda.on('work', (n) => [n, n]);
    const WriterConfig = { OutputType: 'JSONL', Transformation: 'FLATTEN' };
    const states = map({ Work: task(work) }, { ...writer({ WriterConfig }), ItemsPath: '$.i' });
    const executionArn = await bench.begin(states, { key: 'k', i: [1, 2] });
    const { output } = await bench.described(executionArn);
    const { MapRunArn, ResultWriterDetails } = output as unknown as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    expect(MapRunArn).toBe((await bench.mapRunOf(executionArn)).mapRunArn);
    const { ResultFiles } = JSON.parse(await bench.read(ResultWriterDetails.Key));
    expect(ResultFiles).toMatchObject({ FAILED: [], PENDING: [] });
    expect(await bench.read(ResultFiles.SUCCEEDED[0].Key)).toBe('1\n1\n2\n2\n');
  });

  test('a write that is refused fails the Map Run; a redrive writes and runs no child again', async () => {
    const work = bench.failing(() => true);
    const error = { code: 'AccessDenied', message: 'Access Denied', status: 403 };
    bench.faults.inject({ service: 's3', operation: 'PutObject', when: 'before', error, times: 1 });
    const executionArn = await bench.begin(
      map({ Work: task(work) }, { ...writer(), ItemsPath: '$.i' }),
      {
        key: 'k',
        i: [1],
      },
    );
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
      await bench.put('list', '[1]');
      bench.iam.denied.add(action);
      const work = bench.failing(() => true);
      const states = map({ Work: task(work) }, { ...reader('JSON'), ...writer() });
      const executionArn = await bench.begin(states, { key: 'list' });
      expect((await bench.described(executionArn)).cause).toContain(
        `not authorized to perform: ${action}`,
      );
    },
  );
});
