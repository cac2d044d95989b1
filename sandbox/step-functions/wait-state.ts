import { applyPath, readPath } from './data-flow.ts';
import type { WaitState } from './definition.ts';
import type { Frame } from './frame.ts';
import type { Json } from './json.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError } from './state-error.ts';

/** RFC 3339 with a capital T and, without an offset, a capital Z (states-language.net, "Timestamps"). */
const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

export async function waitState(
  run: Run,
  state: WaitState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  const input = await applyPath(state.InputPath, frame.input, place.context);
  const until = await end(run.clock.now(), state, (path) => readPath(path, input, place.context));
  if (until > run.clock.now()) {
    await run.strands.sleep(until, `Wait ${place.path.join('/')}`, place.signal);
  }
  return { output: await applyPath(state.OutputPath, input, place.context), next: state.Next };
}

async function end(
  now: Date,
  state: WaitState,
  read: (path: string) => Promise<Json>,
): Promise<Date> {
  const seconds = state.SecondsPath === undefined ? state.Seconds : await read(state.SecondsPath);
  if (seconds !== undefined) {
    if (typeof seconds !== 'number' || seconds < 0) {
      throw runtimeError(`The SecondsPath parameter does not reference a number: ${seconds}`);
    }
    return new Date(now.getTime() + seconds * 1000);
  }
  const at = state.TimestampPath === undefined ? state.Timestamp : await read(state.TimestampPath);
  if (typeof at !== 'string' || !timestamp.test(at)) {
    throw runtimeError(`The TimestampPath parameter does not reference a valid timestamp: ${at}`);
  }
  return new Date(at);
}
