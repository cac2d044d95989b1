/** Parallel and Map (inline): machines inside a state, each on a strand of its own. */
import { applyPath, fillTemplate, readPath } from './data-flow.ts';
import type { Machine, MapState, ParallelState } from './definition.ts';
import { distributedMapState } from './distributed-map.ts';
import { stepIn, stepOut } from './fallible-state.ts';
import type { Frame } from './frame.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError } from './state-error.ts';

export async function parallelState(
  run: Run,
  state: ParallelState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  const input = await stepIn(state, frame.input, place.context);
  frame.children ??= state.Branches.map((branch) => ({ state: branch.StartAt, input }));
  const children = frame.children;
  const branch = (index: number, signal: AbortSignal) => {
    const path = [...place.path, String(index)];
    return run.runMachine(run, state.Branches[index] as Machine, children[index] as Frame, {
      ...place,
      path,
      signal,
    });
  };
  const count = children.length;
  const results = await run.strands.all(count, count, branch, place.signal);
  return stepOut(state, frame.input, results, place.context);
}

export async function mapState(
  run: Run,
  state: MapState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  if (state.ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED') {
    return distributedMapState(run, state, frame, place);
  }
  const input = await applyPath(state.InputPath, frame.input, place.context);
  const items = await applyPath(state.ItemsPath, input, place.context);
  if (!Array.isArray(items)) {
    throw runtimeError(`Reference path "${state.ItemsPath ?? '$'}" must point to array.`);
  }
  const machine = (state.ItemProcessor ?? state.Iterator) as Machine;
  const contextOf = (Index: number) => ({
    ...place.context,
    Map: { Item: { Index, Value: items[Index] ?? null } },
  });
  const selector = state.ItemSelector ?? state.Parameters;
  frame.children ??= await Promise.all(
    items.map(async (item, index) => ({
      state: machine.StartAt,
      input: selector === undefined ? item : await fillTemplate(selector, input, contextOf(index)),
    })),
  );
  const children = frame.children;
  const iteration = (index: number, signal: AbortSignal) => {
    const path = [...place.path, String(index)];
    const context = contextOf(index);
    return run.runMachine(run, machine, children[index] as Frame, { path, context, signal });
  };
  // 0, the default, is "as many as there are".
  const most =
    state.MaxConcurrencyPath === undefined
      ? state.MaxConcurrency
      : await readPath(state.MaxConcurrencyPath, input, place.context);
  if (most !== undefined && (typeof most !== 'number' || most < 0)) {
    throw runtimeError(`MaxConcurrencyPath does not reference a number: ${JSON.stringify(most)}`);
  }
  const limit = most || items.length;
  const results = await run.strands.all(items.length, limit, iteration, place.signal);
  return stepOut(state, frame.input, results, place.context);
}
