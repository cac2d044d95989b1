/**
 * ItemReader: the items of a distributed Map from an object in S3, a JSON array or JSON lines.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
import type { Caller } from '../service.ts';
import { type Context, fillTemplate, readPath } from './data-flow.ts';
import type { ItemReader } from './definition.ts';
import { isRecord, type Json } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import { runtimeError, StateError } from './state-error.ts';

/** @throws StateError States.ItemReaderFailed; nothing of the object is shown */
export async function readItems(
  objects: ObjectStore,
  caller: Caller,
  reader: ItemReader,
  input: Json,
  context: Context,
): Promise<Json[]> {
  const { Bucket, Key, VersionId } = record(await fillTemplate(reader.Parameters, input, context));
  const place = {
    bucket: String(Bucket),
    key: String(Key),
    versionId: VersionId === undefined ? undefined : String(VersionId),
  };
  let body: Buffer;
  try {
    body = await objects.get(caller, place);
  } catch (error) {
    const { message } = error as Error;
    throw failed(`Reading s3://${place.bucket}/${place.key} failed: ${message}`);
  }
  const { InputType, MaxItems, MaxItemsPath } = reader.ReaderConfig;
  const items = InputType === 'JSON' ? array(body) : lines(body);
  const most = MaxItemsPath === undefined ? MaxItems : await readPath(MaxItemsPath, input, context);
  if (most === undefined) {
    return items;
  }
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 0) {
    throw runtimeError(`MaxItemsPath does not reference a whole number: ${JSON.stringify(most)}`);
  }
  return items.slice(0, most);
}

function array(body: Buffer): Json[] {
  const value = parsed(body.toString('utf8'), 'the object');
  if (!Array.isArray(value)) {
    throw failed('Attempting to map over non-iterable node: the object is not a JSON array');
  }
  return value;
}

function lines(body: Buffer): Json[] {
  return body
    .toString('utf8')
    .split(/\r?\n/)
    .flatMap((line, index) => (line === '' ? [] : [parsed(line, `line ${index + 1}`)]));
}

function parsed(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Without JSON.parse's message, which quotes the text.
    throw failed(`${what} is not JSON`);
  }
}

function failed(cause: string): StateError {
  return new StateError('States.ItemReaderFailed', cause);
}

function record(value: Json): Record<string, Json> {
  return isRecord(value) ? value : {};
}
