import { beforeEach, describe, expect, test } from '@jest/globals';
import { after } from './machine.ts';
import { MapBench, map, reader, task } from './map-bench.ts';

let bench: MapBench;
beforeEach(() => {
  bench = new MapBench();
});

describe('ItemReader, ItemSelector and ItemBatcher', () => {
  const echo = () => bench.lambda.on('echo', (payload) => payload);
  const inputs = () => bench.lambda.calls.map(({ payload }) => payload);

  test('reads JSON lines, selects of each and batches by number', async () => {
    await bench.put('ranges', '{"id":1}\n{"id":2}\r\n{"id":3}\n');
    const executionArn = await bench.begin(
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
    const { itemCounts, executionCounts } = await bench.mapRunOf(executionArn);
    expect({ itemCounts, executionCounts }).toMatchObject({
      itemCounts: { succeeded: 3, total: 3 },
      executionCounts: { succeeded: 2, total: 2, resultsWritten: 2 },
    });
    expect((await bench.childrenOf(executionArn)).map(({ itemCount }) => itemCount)).toEqual([
      2, 1,
    ]);
  });

  test('counts failed items, not failed batches', async () => {
    const work = bench.lambda.on('work', (payload) => {
      if ((payload as { Items: number[] }).Items.includes(1)) {
        throw new Error('broken');
      }
      return payload;
    });
    const batcher = { ItemBatcher: { MaxItemsPerBatch: 2 }, ToleratedFailureCount: 1 };
    const executionArn = await bench.begin(map({ Work: task(work) }, batcher), [1, 2, 3]);
    expect(await bench.described(executionArn)).toMatchObject({
      error: 'States.ExceedToleratedFailureThreshold',
    });
  });

  test('batches by bytes, the whole input counted, and never over 256 KiB', async () => {
    const executionArn = await bench.begin(
      map({ Work: task(echo()) }, { ItemBatcher: { MaxInputBytesPerBatchPath: '$[0]' } }),
      [22, 'abc', 'de', 'f'],
    );
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(inputs()).toEqual([{ Items: [22, 'abc'] }, { Items: ['de', 'f'] }]);
  });

  test('reads a JSON array as far as MaxItems', async () => {
    await bench.put('list', '[1, 2, 3]');
    const states = map({ Work: task(echo()) }, reader('JSON', { MaxItemsPath: '$.most' }));
    await bench.begin(states, { key: 'list', most: 2 });
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
      await bench.put(key, body);
      const states = map({ Work: task(echo()) }, reader(type));
      const executionArn = await bench.begin(states, { key: 'key' });
      const described = await bench.described(executionArn);
      expect(described).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
      expect(described.cause).toContain(cause);
      expect(described.cause).not.toContain('secret');
      expect(await bench.run('ListMapRuns', { executionArn })).toEqual({ mapRuns: [] });
    },
  );

  test('a read that S3 throttles fails the state, and its Retry reads again', async () => {
    await bench.put('list', '[1]');
    const error = { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 };
    const subject = { service: 's3', operation: 'GetObject', match: { Key: 'list' } };
    bench.faults.inject({ ...subject, when: 'before', error, times: 1 });
    const Retry = [{ ErrorEquals: ['States.ItemReaderFailed'], IntervalSeconds: 7 }];
    const states = map({ Work: task(echo()) }, { ...reader('JSON'), Retry });
    const executionArn = await bench.begin(states, { key: 'list' });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      stopDate: after(7).getTime() / 1000,
    });
  });

  test('an item over 256 KiB is refused, which nothing catches; a redrive reads again', async () => {
    await bench.put('big', JSON.stringify(['x'.repeat(256 * 1024)]));
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'No' }];
    const states = {
      ...map({ Work: task(echo()) }, { ...reader('JSON'), Catch }),
      No: { Type: 'Succeed' },
    };
    const executionArn = await bench.begin(states, { key: 'big' });
    expect(await bench.described(executionArn)).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    await bench.put('big', '[1]');
    await bench.run('RedriveExecution', { executionArn });
    await bench.clock.settle();
    expect(await bench.described(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: [1] });
  });
});
