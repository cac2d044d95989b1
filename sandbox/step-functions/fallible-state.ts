/** Data flow that Task, Parallel and Map share: InputPath, Parameters before; ResultSelector, ResultPath, OutputPath after. */
import { applyPath, type Context, fillTemplate, placeResult } from './data-flow.ts';
import type { MapState, ParallelState, TaskState } from './definition.ts';
import type { Json } from './json.ts';
import type { Step } from './run.ts';

type FallibleState = TaskState | ParallelState | MapState;

export async function stepOut(
  state: FallibleState,
  input: Json,
  result: Json,
  context: Context,
): Promise<Step> {
  const selected =
    state.ResultSelector === undefined
      ? result
      : await fillTemplate(state.ResultSelector, result, context);
  const placed = placeResult(state.ResultPath, input, selected);
  return { output: await applyPath(state.OutputPath, placed, context), next: state.Next };
}

export async function stepIn(
  state: TaskState | ParallelState,
  input: Json,
  context: Context,
): Promise<Json> {
  const chosen = await applyPath(state.InputPath, input, context);
  return state.Parameters === undefined ? chosen : fillTemplate(state.Parameters, chosen, context);
}
