/**
 * What a Map Run leaves: the outputs of its children as the state's result, or files and a manifest in S3.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 */
import type { Caller } from '../service.ts';
import { type Context, fillTemplate } from './data-flow.ts';
import type { ResultWriter } from './definition.ts';
import { toldToStates } from './execution-description.ts';
import { isRecord, type Json } from './json.ts';
import type { Child, MapRun } from './map-run.ts';
import type { ObjectStore } from './object-store.ts';
import { StateError } from './state-error.ts';

type Kind = 'FAILED' | 'PENDING' | 'SUCCEEDED';
type Transformation = 'NONE' | 'COMPACT' | 'FLATTEN';

export interface Destination {
  bucket: string;
  /** Ends with `/` or is empty. */
  prefix: string;
}

export async function destinationOf(
  { Parameters }: ResultWriter,
  input: Json,
  context: Context,
): Promise<Destination> {
  const filled = await fillTemplate(Parameters, input, context);
  const { Bucket, Prefix = '' } = isRecord(filled) ? filled : {};
  const prefix = String(Prefix);
  return { bucket: String(Bucket), prefix: prefix.replace(/(?<=[^/])$/, '/') };
}

/** In the order of the items; a child that failed is told whole, whatever the transformation. */
export function outputsOf(mapRun: MapRun): Json[] {
  return mapRun.children.flatMap((child) => result(child, 'COMPACT', mapRun.origin.now()));
}

/**
 * Writes one file a kind that has any, then the manifest.
 * @returns the result of the state
 * @throws StateError States.ResultWriterFailed
 */
export async function writeResults(
  objects: ObjectStore,
  caller: Caller,
  writer: ResultWriter,
  destination: Destination,
  mapRun: MapRun,
): Promise<Json> {
  const { Transformation = 'NONE', OutputType = 'JSON' } = writer.WriterConfig ?? {};
  const { arn, now } = mapRun.origin;
  const { bucket } = destination;
  const folder = `${destination.prefix}${arn.slice(arn.lastIndexOf(':') + 1)}`;
  const put = async (name: string, text: string, contentType: string) => {
    const body = Buffer.from(text);
    const key = `${folder}/${name}`;
    try {
      await objects.put(caller, { bucket, key }, body, contentType);
    } catch (error) {
      const cause = `Writing s3://${bucket}/${key} failed: ${(error as Error).message}`;
      throw new StateError('States.ResultWriterFailed', cause);
    }
    return { Key: key, Size: body.length };
  };
  const files: Record<Kind, Json[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
  for (const kind of ['FAILED', 'PENDING', 'SUCCEEDED'] as const) {
    const children = mapRun.children.filter((child) => kindOf(child) === kind);
    if (children.length > 0) {
      const results = children.flatMap((child) => result(child, Transformation, now()));
      const [text, extension, contentType] =
        OutputType === 'JSON'
          ? [JSON.stringify(results), 'json', 'application/json']
          : [results.map((one) => `${JSON.stringify(one)}\n`).join(''), 'jsonl', 'text/plain'];
      files[kind].push(await put(`${kind}_0.${extension}`, text, contentType));
    }
  }
  const manifest = { DestinationBucket: bucket, MapRunArn: arn, ResultFiles: files };
  const { Key } = await put('manifest.json', JSON.stringify(manifest), 'application/json');
  return { MapRunArn: arn, ResultWriterDetails: { Bucket: bucket, Key } };
}

/** Stopped children are among the failed ones; pending are those that were never started. */
function kindOf({ execution }: Child): Kind {
  if (execution === undefined) {
    return 'PENDING';
  }
  return execution.status === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED';
}

function result(child: Child, transformation: Transformation, now: Date): Json[] {
  const { execution, input } = child;
  if (execution === undefined) {
    return [{ Input: input, InputDetails: { Included: true }, Status: 'PENDING' }];
  }
  if (transformation === 'NONE' || execution.output === undefined) {
    return [toldToStates(execution, now, (date) => date.toISOString())];
  }
  const output = JSON.parse(execution.output) as Json;
  return transformation === 'FLATTEN' && Array.isArray(output) ? output : [output];
}
