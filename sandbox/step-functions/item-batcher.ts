/**
 * ItemBatcher: several items in the input of one child execution.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
 */
import { type Context, fillTemplate, readPath } from './data-flow.ts';
import type { ItemBatcher } from './definition.ts';
import type { Json } from './json.ts';
import { maximumPayload, withinLimit } from './payload-limit.ts';
import { runtimeError } from './state-error.ts';

export interface ChildInput {
  input: Json;
  /** How many items it holds. */
  items: number;
}

/** As many items a batch as both limits, and the 256 KiB of a payload, allow. */
export async function batches(
  items: readonly Json[],
  batcher: ItemBatcher,
  input: Json,
  context: Context,
): Promise<ChildInput[]> {
  const limit = async (name: 'MaxItemsPerBatch' | 'MaxInputBytesPerBatch', otherwise: number) => {
    const path = batcher[`${name}Path`];
    const value = path === undefined ? batcher[name] : await readPath(path, input, context);
    if (value === undefined) {
      return otherwise;
    }
    if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) {
      throw runtimeError(`${name} is ${JSON.stringify(value)}, not a positive whole number`);
    }
    return Math.min(value, otherwise);
  };
  const most = await limit('MaxItemsPerBatch', Number.POSITIVE_INFINITY);
  const bytes = await limit('MaxInputBytesPerBatch', maximumPayload);
  const head =
    batcher.BatchInput === undefined
      ? {}
      : { BatchInput: await fillTemplate(batcher.BatchInput, input, context) };
  const empty = Buffer.byteLength(JSON.stringify({ ...head, Items: [] }));
  const filled: Json[][] = [];
  let size = 0;
  for (const item of items) {
    const own = Buffer.byteLength(JSON.stringify(item));
    const last = filled.at(-1);
    // The comma before it counts too.
    if (last === undefined || last.length >= most || size + 1 + own > bytes) {
      filled.push([item]);
      size = empty + own;
    } else {
      last.push(item);
      size += 1 + own;
    }
    if (size > bytes) {
      withinLimit(item, 'An item of the batch is');
      throw runtimeError(`An item of ${own} bytes does not fit in a batch of ${bytes} bytes`);
    }
  }
  return filled.map((Items) => ({ input: { ...head, Items }, items: Items.length }));
}
