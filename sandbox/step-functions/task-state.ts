import { readPath } from './data-flow.ts';
import type { TaskState } from './definition.ts';
import { stepIn, stepOut } from './fallible-state.ts';
import type { Frame } from './frame.ts';
import type { Json } from './json.ts';
import { isNestedExecution, nestedExecution } from './nested-execution.ts';
import { withinLimit } from './payload-limit.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError, StateError } from './state-error.ts';

export async function taskState(
  run: Run,
  state: TaskState,
  frame: Frame,
  place: Place,
): Promise<Step> {
  const payload = withinLimit(
    await stepIn(state, frame.input, place.context),
    `The state/task '${frame.state}' was given an input`,
  );
  const what = told(state.Resource);
  run.history.add('TaskScheduled', {
    taskScheduledEventDetails: { ...what, parameters: JSON.stringify(payload) },
  });
  try {
    const result = withinLimit(
      await call(run, state, payload, frame, place),
      `The state/task '${frame.state}' returned a result`,
    );
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
  if (isNestedExecution(state.Resource)) {
    const task = { resource: state.Resource, payload, deadline, label, timedOut, lost };
    return nestedExecution(run, task, place.signal);
  }
  const work = run.resources.call({
    resource: state.Resource,
    payload,
    roleArn: run.machine.roleArn,
    origin: [run.executionArn, run.machine.arn],
  });
  const result = await run.strands.within(work, deadline, label, timedOut, place.signal);
  if (lost) {
    await run.strands.sleep(deadline, label, place.signal);
    throw timedOut();
  }
  return result;
}

/** "lambda" and "invoke" of arn:aws:states:::lambda:invoke; of a function's ARN "lambda" and the ARN. */
function told(arn: string): { resourceType: string; resource: string } {
  const [, resourceType = 'lambda', resource = arn] =
    /^arn:aws:states:::((?:aws-sdk:)?\w+):(.+)$/.exec(arn) ?? [];
  return { resourceType, resource };
}
