import { readPath } from './data-flow.ts';
import type { TaskState } from './definition.ts';
import { stepIn, stepOut } from './fallible-state.ts';
import type { Frame } from './frame.ts';
import type { Json } from './json.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError, StateError } from './state-error.ts';

export async function taskState(
  run: Run,
  state: TaskState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  const payload = await stepIn(state, frame.input, place.context);
  const what = { resource: state.Resource, resourceType: resourceType(state.Resource) };
  run.history.add('TaskScheduled', {
    taskScheduledEventDetails: { ...what, parameters: JSON.stringify(payload) },
  });
  try {
    const result = await call(run, state, payload, frame, place);
    const output = JSON.stringify(result);
    run.history.add('TaskSucceeded', { taskSucceededEventDetails: { ...what, output } });
    return await stepOut(state, frame.input, result, place.context);
  } catch (failure) {
    if (failure instanceof StateError) {
      const details = { ...what, error: failure.error, cause: failure.message };
      if (failure.error === 'States.Timeout') {
        run.history.add('TaskTimedOut', { taskTimedOutEventDetails: details });
      } else {
        run.history.add('TaskFailed', { taskFailedEventDetails: details });
      }
    }
    throw failure;
  }
}

async function call(
  run: Run,
  state: TaskState,
  payload: Json,
  frame: Frame,
  place: Place,
): Promise<Json> {
  const seconds =
    state.TimeoutSecondsPath === undefined
      ? state.TimeoutSeconds
      : await readPath(state.TimeoutSecondsPath, frame.input, place.context);
  if (typeof seconds !== 'number' || seconds <= 0) {
    throw runtimeError(`TimeoutSeconds of ${frame.state} is ${seconds}, not a positive number`);
  }
  const lost = run.faults.take(frame.state);
  const deadline = new Date(run.clock.now().getTime() + seconds * 1000);
  const label = `TimeoutSeconds of ${place.path.join('/')}`;
  const timedOut = () => new StateError('States.Timeout', '');
  const work = run.resources.call({
    resource: state.Resource,
    payload,
    roleArn: run.roleArn,
    origin: [run.executionArn, run.stateMachineArn],
  });
  const result = await run.strands.within(work, deadline, label, timedOut, place.signal);
  if (lost) {
    await run.strands.sleep(deadline, label, place.signal);
    throw timedOut();
  }
  return result;
}

/** "lambda" of arn:aws:states:::lambda:invoke and of a function's ARN. */
function resourceType(resource: string): string {
  return /^arn:aws:states:::(.+):\w+$/.exec(resource)?.[1] ?? 'lambda';
}
