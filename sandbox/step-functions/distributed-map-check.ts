/** What a distributed Map may have, for the check at load. Everything else is refused by name. */
import { isRecord } from './json.ts';

type Fields = Record<string, unknown>;

export const distributedFields =
  'Label ItemReader ItemBatcher ResultWriter ToleratedFailureCount ToleratedFailureCountPath ' +
  'ToleratedFailurePercentage ToleratedFailurePercentagePath';

/** The parts whose templates may call intrinsic functions. */
export const templatesOf = ({ ItemReader, ItemBatcher, ResultWriter }: Fields): unknown[] => [
  isRecord(ItemReader) ? ItemReader.Parameters : undefined,
  isRecord(ItemBatcher) ? ItemBatcher.BatchInput : undefined,
  isRecord(ResultWriter) ? ResultWriter.Parameters : undefined,
];

/** Two ways to say one thing. */
const either = [
  ['MaxConcurrency', 'MaxConcurrencyPath'],
  ['ToleratedFailureCount', 'ToleratedFailureCountPath'],
  ['ToleratedFailurePercentage', 'ToleratedFailurePercentagePath'],
  ['MaxItemsPerBatch', 'MaxItemsPerBatchPath'],
  ['MaxInputBytesPerBatch', 'MaxInputBytesPerBatchPath'],
  ['MaxItems', 'MaxItemsPath'],
] as const;

/** "can't exceed 40 characters", no white space, wildcards, brackets, special or control characters. */
const label = /^[^\s?*<>{}[\]:;,\\|^~$#%&`"/\p{Cc}]{1,40}$/u;

/** @returns what is wrong, each to be read after the name of the state */
export function checkDistributedMap(state: Fields, hasObjects: boolean): string[] {
  const found = [...both(state), ...processor(state)];
  if (state.Label !== undefined && !label.test(String(state.Label))) {
    found.push('has a Label that is not 1 to 40 plain characters');
  }
  const percentage = state.ToleratedFailurePercentage;
  if (typeof percentage === 'number' && (percentage < 0 || percentage > 100)) {
    found.push(`has the ToleratedFailurePercentage ${percentage}`);
  }
  if (!hasObjects && (state.ItemReader !== undefined || state.ResultWriter !== undefined)) {
    found.push('has ItemReader or ResultWriter, and no S3 was handed in');
  }
  return [
    ...found,
    ...reader(state.ItemReader),
    ...batcher(state.ItemBatcher),
    ...writer(state.ResultWriter),
  ];
}

function processor({ ItemProcessor }: Fields): string[] {
  const config = isRecord(ItemProcessor) ? ItemProcessor.ProcessorConfig : undefined;
  if (!isRecord(config)) {
    return ['is a distributed Map without ItemProcessor'];
  }
  const type = config.ExecutionType;
  return [
    ...others(config, 'Mode ExecutionType', 'ProcessorConfig'),
    ...(type === 'STANDARD' ? [] : [`has the ProcessorConfig.ExecutionType ${String(type)}`]),
  ];
}

function reader(value: unknown): string[] {
  if (value === undefined) {
    return [];
  }
  const given = isRecord(value) ? value : {};
  const config: Fields = isRecord(given.ReaderConfig) ? given.ReaderConfig : {};
  const { Resource } = given;
  const { InputType } = config;
  return [
    ...others(given, 'Resource ReaderConfig Parameters', 'ItemReader'),
    ...(Resource === 'arn:aws:states:::s3:getObject'
      ? []
      : [`has the ItemReader.Resource ${String(Resource)}`]),
    ...(InputType === 'JSON' || InputType === 'JSONL'
      ? []
      : [`has the ItemReader.ReaderConfig.InputType ${String(InputType)}`]),
    ...others(config, 'InputType MaxItems MaxItemsPath', 'ItemReader.ReaderConfig'),
    ...both(config),
    ...parameters(given.Parameters, ['Bucket', 'Key'], ['VersionId'], 'ItemReader'),
  ];
}

function batcher(value: unknown): string[] {
  if (!isRecord(value)) {
    return [];
  }
  const limits = either.flat().filter((name) => name.includes('PerBatch'));
  return [
    ...others(value, `${limits.join(' ')} BatchInput`, 'ItemBatcher'),
    ...both(value),
    ...(limits.some((name) => value[name] !== undefined)
      ? []
      : ['has an ItemBatcher without MaxItemsPerBatch or MaxInputBytesPerBatch']),
  ];
}

function writer(value: unknown): string[] {
  if (value === undefined) {
    return [];
  }
  const given = isRecord(value) ? value : {};
  const config: Fields = isRecord(given.WriterConfig) ? given.WriterConfig : {};
  const { Transformation = 'NONE', OutputType = 'JSON' } = config;
  const { Resource } = given;
  return [
    ...others(given, 'Resource Parameters WriterConfig', 'ResultWriter'),
    ...(Resource === 'arn:aws:states:::s3:putObject'
      ? []
      : [`has the ResultWriter.Resource ${String(Resource)}`]),
    ...others(config, 'Transformation OutputType', 'ResultWriter.WriterConfig'),
    ...(['NONE', 'COMPACT', 'FLATTEN'].includes(String(Transformation))
      ? []
      : [`has the ResultWriter.WriterConfig.Transformation ${String(Transformation)}`]),
    ...(['JSON', 'JSONL'].includes(String(OutputType))
      ? []
      : [`has the ResultWriter.WriterConfig.OutputType ${String(OutputType)}`]),
    ...parameters(given.Parameters, ['Bucket'], ['Prefix'], 'ResultWriter'),
  ];
}

function parameters(
  value: unknown,
  required: readonly string[],
  optional: readonly string[],
  where: string,
): string[] {
  const given = isRecord(value) ? Object.keys(value).map((key) => key.replace(/\.\$$/, '')) : [];
  return [
    ...required
      .filter((name) => !given.includes(name))
      .map((name) => `has no ${where}.Parameters.${name}`),
    ...given
      .filter((name) => !required.includes(name) && !optional.includes(name))
      .map((name) => `has ${where}.Parameters.${name}`),
  ];
}

function others(value: Fields, allowed: string, where: string): string[] {
  return Object.keys(value)
    .filter((field) => !allowed.split(' ').includes(field))
    .map((field) => `has ${where}.${field}`);
}

function both(value: Fields): string[] {
  return either
    .filter(([constant, path]) => value[constant] !== undefined && value[path] !== undefined)
    .map(([constant, path]) => `has both ${constant} and ${path}`);
}
