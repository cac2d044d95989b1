import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { Bench } from './machine.ts';

const resource = 'arn:aws:states:::lambda:invoke';
const task = (more: object) => ({
  Type: 'Task',
  Resource: resource,
  Parameters: { FunctionName: 'f' },
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
const pass = { Type: 'Pass', End: true };
const inner = { StartAt: 'S', States: { S: pass } };

const distributed = (more: object, config: object = { ExecutionType: 'STANDARD' }) => ({
  A: {
    Type: 'Map',
    End: true,
    ItemProcessor: { ...inner, ProcessorConfig: { Mode: 'DISTRIBUTED', ...config } },
    ...more,
  },
});
const bucket = { Bucket: 'b' };
const reader = (ReaderConfig: object, more: object = {}) => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig,
    Parameters: { ...bucket, Key: 'k' },
    ...more,
  },
});
const writer = (more: object) => ({
  ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: bucket, ...more },
});

describe('a state machine is refused by name when it has', () => {
  test.each<[string, Record<string, object>, string]>([
    [
      'JSONata in a state',
      { A: { ...pass, QueryLanguage: 'JSONata' } },
      'A has the QueryLanguage JSONata',
    ],
    [
      'a Task without TimeoutSeconds',
      { A: task({ TimeoutSeconds: undefined }) },
      'A is a Task without TimeoutSeconds',
    ],
    ['HeartbeatSeconds', { A: task({ HeartbeatSeconds: 5 }) }, 'A has HeartbeatSeconds'],
    ['Credentials', { A: task({ Credentials: {} }) }, 'A has Credentials'],
    ['Assign', { A: { ...pass, Assign: {} } }, 'A has Assign'],
    [
      'an unknown integration',
      { A: task({ Resource: 'arn:aws:states:::sqs:sendMessage' }) },
      'A has the Resource arn:aws:states:::sqs:sendMessage',
    ],
    ['a task token', { A: task({ Resource: `${resource}.waitForTaskToken` }) }, 'waitForTaskToken'],
    [
      'an aws-sdk service nobody handed in',
      { A: task({ Resource: 'arn:aws:states:::aws-sdk:s3:getObject' }) },
      'aws-sdk:s3:getObject',
    ],
    [
      'an asynchronous invocation',
      { A: task({ Parameters: { FunctionName: 'f', InvocationType: 'Event' } }) },
      'A has the Parameters InvocationType',
    ],
    [
      'ItemReader',
      { A: { Type: 'Map', End: true, ItemReader: {}, ItemProcessor: inner } },
      'A has ItemReader',
    ],
    [
      'ItemBatcher',
      { A: { Type: 'Map', End: true, ItemBatcher: {}, ItemProcessor: inner } },
      'A has ItemBatcher',
    ],
    [
      'ToleratedFailurePercentage',
      { A: { Type: 'Map', End: true, ToleratedFailurePercentage: 5, ItemProcessor: inner } },
      'A has ToleratedFailurePercentage',
    ],
    [
      'a field inside a branch',
      {
        A: {
          Type: 'Parallel',
          End: true,
          Branches: [{ StartAt: 'S', States: { S: { ...pass, Assign: {} } } }],
        },
      },
      'A/0/S has Assign',
    ],
    [
      'a field of a retrier',
      { A: task({ Retry: [{ ErrorEquals: ['States.ALL'], Surprise: 1 }] }) },
      'Retry of A has Surprise',
    ],
    [
      'a field of a catcher',
      { A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'A', Output: {} }] }) },
      'Catch of A has Output',
    ],
    [
      'an unknown intrinsic function',
      {
        A: { ...pass, Parameters: { deep: { 'a.$': 'States.Array(States.ArrayRange(1, 2, 1))' } } },
      },
      'A calls States.ArrayRange',
    ],
    ['an unknown type', { A: { Type: 'Loop' } }, 'A has the Type Loop'],
    [
      'two ways to wait',
      { A: { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true } },
      'A is a Wait without exactly one of',
    ],
    ['a transition to nowhere', { A: { Type: 'Pass', Next: 'B' } }, 'B'],
  ])('%s', (_title, states, named) => {
    const definition = JSON.parse(JSON.stringify(states)) as Record<string, object>;
    expect(() => new Bench().load(definition)).toThrow(named);
  });

  test('JSONata as a whole', () => {
    expect(() => new Bench().load({ A: pass }, { QueryLanguage: 'JSONata' })).toThrow(
      'the machine has the QueryLanguage JSONata',
    );
  });
});

test('all findings are told at once', () => {
  const load = () =>
    new Bench().load({ A: { ...pass, Assign: {} }, B: task({ HeartbeatSeconds: 1 }) });
  expect(load).toThrow(/A has Assign; B has HeartbeatSeconds/);
});

test('a function named inside a text is no call', () => {
  const Parameters = { 'a.$': "States.Format('States.Nothing(1) {}', $.x)" };
  expect(new Bench().load({ A: { ...pass, Parameters } })).toContain(':stateMachine:m');
});

describe('a distributed Map is refused by name when it has', () => {
  test.each<[string, Record<string, object>, string]>([
    [
      'EXPRESS children',
      distributed({}, { ExecutionType: 'EXPRESS' }),
      'A has the ProcessorConfig.ExecutionType EXPRESS',
    ],
    [
      'no type of children',
      distributed({}, {}),
      'A has the ProcessorConfig.ExecutionType undefined',
    ],
    [
      'another mode',
      distributed({}, { Mode: 'REMOTE' }),
      'A is a Map with ProcessorConfig.Mode REMOTE',
    ],
    [
      'another inside it',
      distributed({
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'A',
          States: distributed({}),
        },
      }),
      'A/A is a distributed Map inside a distributed Map',
    ],
    [
      'a CSV file',
      distributed(reader({ InputType: 'CSV' })),
      'A has the ItemReader.ReaderConfig.InputType CSV',
    ],
    [
      'a listing of objects',
      distributed(reader({ InputType: 'JSON' }, { Resource: 'arn:aws:states:::s3:listObjectsV2' })),
      'A has the ItemReader.Resource arn:aws:states:::s3:listObjectsV2',
    ],
    [
      'ItemsPointer',
      distributed(reader({ InputType: 'JSON', ItemsPointer: '/a' })),
      'A has ItemReader.ReaderConfig.ItemsPointer',
    ],
    [
      'a reader without a key',
      distributed(reader({ InputType: 'JSON' }, { Parameters: bucket })),
      'A has no ItemReader.Parameters.Key',
    ],
    [
      'a batch without a limit',
      distributed({ ItemBatcher: { BatchInput: {} } }),
      'A has an ItemBatcher without MaxItemsPerBatch or MaxInputBytesPerBatch',
    ],
    [
      'a field of ItemBatcher',
      distributed({ ItemBatcher: { MaxItemsPerBatch: 1, Size: 2 } }),
      'A has ItemBatcher.Size',
    ],
    [
      'a writer that writes nowhere',
      distributed({ ResultWriter: { WriterConfig: {} } }),
      'A has the ResultWriter.Resource undefined; A has no ResultWriter.Parameters.Bucket',
    ],
    [
      'an unknown transformation',
      distributed(writer({ WriterConfig: { Transformation: 'ZIP' } })),
      'A has the ResultWriter.WriterConfig.Transformation ZIP',
    ],
    [
      'an unknown function in a template',
      distributed(
        reader({ InputType: 'JSON' }, { Parameters: { ...bucket, 'Key.$': 'States.Nothing(1)' } }),
      ),
      'A calls States.Nothing',
    ],
    [
      'a tolerance said twice',
      distributed({ ToleratedFailureCount: 1, ToleratedFailureCountPath: '$.n' }),
      'A has both ToleratedFailureCount and ToleratedFailureCountPath',
    ],
    ['a Label that is too long', distributed({ Label: 'x'.repeat(41) }), 'A has a Label'],
    [
      'the Label of another Map',
      {
        ...distributed({ Label: 'twin', End: undefined, Next: 'B' }),
        B: distributed({ Label: 'twin' }).A,
      },
      'B has the Label twin of another Map',
    ],
  ])('%s', (_title, states, named) => {
    const definition = JSON.parse(JSON.stringify(states)) as Record<string, object>;
    expect(() => new Bench().load(definition)).toThrow(named);
  });

  test('a reader or a writer, and no S3 was handed in', () => {
    const load = () => new Bench({}, 'no S3').load(distributed(writer({})));
    expect(load).toThrow('A has ItemReader or ResultWriter, and no S3 was handed in');
  });

  test('nothing of that kind', () => {
    const states = distributed({
      Label: 'ranges',
      MaxConcurrencyPath: '$.width',
      ToleratedFailurePercentage: 100,
      ItemBatcher: { MaxItemsPerBatch: 2 },
      ...reader({ InputType: 'JSONL', MaxItems: 5 }),
      ...writer({ WriterConfig: { OutputType: 'JSONL', Transformation: 'COMPACT' } }),
    });
    expect(new Bench().load(states)).toContain(':stateMachine:m');
  });
});

test('what a definition lacks is found whatever was checked before, and found again', () => {
  const good = { A: pass };
  const lost = { A: { Type: 'Pass', Next: 'Nowhere' } };
  const typed = { A: { ...pass, OutputPath: 7 } };
  for (const _ of [1, 2]) {
    expect(new Bench().load(good)).toContain(':stateMachine:m');
    expect(() => new Bench().load(lost)).toThrow('Nowhere');
    expect(() => new Bench().load(typed, { Comment: `time ${_}` })).toThrow('/States/A');
  }
});

test('an Ajv of somebody else has its own keywords, also after one was lent to the validator', () => {
  new Bench().load({ B: pass });
  const library = createRequire(createRequire(import.meta.url).resolve('aws-local-stepfunctions'));
  const { default: Ajv } = createRequire(library.resolve('asl-validator'))('ajv');
  expect(new Ajv()).not.toBe(new Ajv());
  expect(new Ajv().getKeyword('formatMaximum')).toBe(false);
});
