/**
 * Map in DISTRIBUTED mode: every iteration is an execution of its own.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Caller } from '../service.ts';
import { applyPath, fillTemplate, readPath } from './data-flow.ts';
import type { Machine, MapState } from './definition.ts';
import { stepOut } from './fallible-state.ts';
import type { Frame } from './frame.ts';
import { batches, type ChildInput } from './item-batcher.ts';
import { readItems } from './item-reader.ts';
import type { Json } from './json.ts';
import { MapRun, type Tolerance } from './map-run.ts';
import { withinLimit } from './payload-limit.ts';
import { type Destination, destinationOf, outputsOf, writeResults } from './result-writer.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError, type StateError } from './state-error.ts';

export async function distributedMapState(
  run: Run,
  state: MapState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  const input = await applyPath(state.InputPath, frame.input, place.context);
  const destination =
    state.ResultWriter && (await destinationOf(state.ResultWriter, input, place.context));
  const mapRun = await beginOrRedrive(run, state, frame, input, place);
  const stopChildren = () => mapRun.abort();
  place.signal.addEventListener('abort', stopChildren, { once: true });
  try {
    await run.strands.rest((rested) => mapRun.go(rested));
  } finally {
    place.signal.removeEventListener('abort', stopChildren);
  }
  const ending = end(run, state, destination, mapRun, place.signal);
  mapRun.settled = ending.then(
    () => undefined,
    () => undefined,
  );
  return stepOut(state, frame.input, await ending, place.context);
}

/** A Map Run that failed for what cannot be mended by trying again is begun anew (redrive-map-run). */
async function beginOrRedrive(
  run: Run,
  state: MapState,
  frame: Frame,
  input: Json,
  place: Place,
): Promise<MapRun> {
  const earlier = frame.mapRun;
  await earlier?.settled;
  place.signal.throwIfAborted();
  if (earlier === undefined || earlier.status === 'SUCCEEDED' || earlier.failure?.terminal) {
    frame.mapRun = await begin(run, state, frame.state, input, place);
    return frame.mapRun;
  }
  earlier.redrive();
  const details = { mapRunArn: earlier.origin.arn, redriveCount: earlier.redrives.count };
  run.history.add('MapRunRedriven', { mapRunRedrivenEventDetails: details });
  return earlier;
}

async function begin(run: Run, state: MapState, name: string, input: Json, place: Place) {
  const tolerance = await toleranceOf(state, input, place);
  const children = await childInputs(run, state, input, place);
  place.signal.throwIfAborted();
  const label = state.Label ?? labelOf(name);
  const { machine } = run;
  const arn = machine.arn.replace(':stateMachine:', ':mapRun:');
  const child = {
    ...machine,
    arn: `${machine.arn}/${label}`,
    name: `${machine.name}/${label}`,
    definition: state.ItemProcessor as Machine,
  };
  const mapRun: MapRun = new MapRun({
    arn: `${arn}/${label}:${randomUUID()}`,
    executionArn: run.executionArn,
    stateMachineArn: child.arn,
    children: children.map((one) => ({ ...one, input: JSON.stringify(one.input) })),
    tolerance,
    now: () => run.clock.now(),
    start: ({ execution, items, input: text }) =>
      execution === undefined
        ? run.executions.startChild(machine, child, text, {
            arn: mapRun.origin.arn,
            itemCount: items,
          })
        : run.executions.redriveChild(execution),
  });
  run.executions.keep(mapRun);
  // What a reader reads is not counted before it is read.
  const count = children.reduce((sum, { items }) => sum + items, 0);
  const length = state.ItemReader === undefined ? count : 0;
  run.history.add('MapStateStarted', { mapStateStartedEventDetails: { length } });
  run.history.add('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.origin.arn } });
  return mapRun;
}

/** Results are written whatever the end; a Map Run whose parent was stopped tells nobody. */
async function end(
  run: Run,
  state: MapState,
  destination: Destination | undefined,
  mapRun: MapRun,
  signal: AbortSignal,
): Promise<Json> {
  let failure = mapRun.failure;
  let result: Json = null;
  try {
    result =
      state.ResultWriter === undefined || destination === undefined
        ? outputsOf(mapRun)
        : await writeResults(run.objects, callerOf(run), state.ResultWriter, destination, mapRun);
    mapRun.areResultsWritten = true;
    if (failure === undefined) {
      withinLimit(result, `The state '${run.machine.name}' returned a result`);
    }
  } catch (error) {
    failure ??= error as StateError;
  }
  if (signal.aborted) {
    mapRun.end('ABORTED');
    throw signal.reason;
  }
  if (failure !== undefined) {
    mapRun.failure = failure;
    mapRun.end('FAILED');
    const details = { error: failure.error, cause: failure.message };
    run.history.add('MapRunFailed', { mapRunFailedEventDetails: details });
    run.history.add('MapStateFailed');
    throw failure;
  }
  mapRun.end('SUCCEEDED');
  run.history.add('MapRunSucceeded');
  run.history.add('MapStateSucceeded');
  return result;
}

async function childInputs(
  run: Run,
  state: MapState,
  input: Json,
  { context }: Place,
): Promise<ChildInput[]> {
  const items =
    state.ItemReader === undefined
      ? await applyPath(state.ItemsPath, input, context)
      : await readItems(run.objects, callerOf(run), state.ItemReader, input, context);
  if (!Array.isArray(items)) {
    throw runtimeError(`Reference path "${state.ItemsPath ?? '$'}" must point to array.`);
  }
  const selector = state.ItemSelector ?? state.Parameters;
  const selected =
    selector === undefined
      ? items
      : await Promise.all(
          items.map((Value, Index) =>
            fillTemplate(selector, input, { ...context, Map: { Item: { Index, Value } } }),
          ),
        );
  if (state.ItemBatcher !== undefined) {
    return batches(selected, state.ItemBatcher, input, context);
  }
  return selected.map((item) => ({
    input: withinLimit(item, 'A child workflow execution was to be started'),
    items: 1,
  }));
}

async function toleranceOf(state: MapState, input: Json, { context }: Place): Promise<Tolerance> {
  const given = async (path: string | undefined, constant: number | undefined, most: number) => {
    const value = path === undefined ? constant : await readPath(path, input, context);
    if (value !== undefined && (typeof value !== 'number' || value < 0 || value > most)) {
      throw runtimeError(`${path} does not reference a number from 0 to ${most}`);
    }
    return value;
  };
  const { MaxConcurrencyPath, ToleratedFailureCountPath, ToleratedFailurePercentagePath } = state;
  const whole = Number.MAX_SAFE_INTEGER;
  return {
    maxConcurrency: (await given(MaxConcurrencyPath, state.MaxConcurrency, whole)) ?? 0,
    toleratedFailureCount: await given(
      ToleratedFailureCountPath,
      state.ToleratedFailureCount,
      whole,
    ),
    toleratedFailurePercentage: await given(
      ToleratedFailurePercentagePath,
      state.ToleratedFailurePercentage,
      100,
    ),
  };
}

const callerOf = (run: Run): Caller => ({ kind: 'role', arn: run.machine.roleArn });

/** AWS makes one up; here it is the same for every run of the same state. */
function labelOf(stateName: string): string {
  const digest = createHash('sha256').update(stateName).digest('hex');
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
