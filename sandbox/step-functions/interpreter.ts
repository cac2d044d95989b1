/** Runs the states of one execution; its own loop, on the sandbox's clock. */
import { applyPath, choose, fillTemplate, placeResult } from './data-flow.ts';
import type { Catcher, FailState, Machine, PassState, Retrier, State } from './definition.ts';
import type { Frame } from './frame.ts';
import type { Json } from './json.ts';
import { mapState, parallelState } from './nested-states.ts';
import { withinLimit } from './payload-limit.ts';
import { catcherFor, Retries } from './retry.ts';
import type { Place, Run, Step } from './run.ts';
import { runtimeError, StateError } from './state-error.ts';
import { taskState } from './task-state.ts';
import { waitState } from './wait-state.ts';

type Handler<S> = (run: Run, state: S, frame: Frame, place: Place) => Promise<Step>;
const handlers: { [T in State['Type']]: Handler<Extract<State, { Type: T }>> } = {
  Task: taskState,
  Wait: waitState,
  Parallel: parallelState,
  Map: mapState,
  Pass: passState,
  Choice: async (_run, state, frame, place) => {
    const input = await applyPath(state.InputPath, frame.input, place.context);
    const next = await choose(state, input, place.context);
    return { output: await applyPath(state.OutputPath, input, place.context), next };
  },
  Succeed: async (_run, state, frame, place) => {
    const input = await applyPath(state.InputPath, frame.input, place.context);
    return { output: await applyPath(state.OutputPath, input, place.context) };
  },
  Fail: failState,
};

/** From where the frame stands to the end. @throws StateError, InterruptedError; the frame keeps the place. */
export async function runMachine(
  run: Run,
  machine: Machine,
  frame: Frame,
  place: Place,
): Promise<Json> {
  while (frame.done === undefined) {
    const state = machine.States[frame.state];
    if (state === undefined) {
      throw runtimeError(`There is no state ${frame.state}`);
    }
    const { output, next } = await visit(run, state, frame, place);
    withinLimit(output, `The state/task '${frame.state}' returned a result`);
    run.history.add(`${state.Type}StateExited`, {
      stateExitedEventDetails: { name: frame.state, output: JSON.stringify(output) },
    });
    delete frame.children;
    delete frame.mapRun;
    delete frame.entered;
    if (next === undefined) {
      frame.done = { output };
    } else {
      frame.state = next;
      frame.input = output;
    }
  }
  return frame.done.output;
}

/** One state, with its retries and catchers. */
async function visit(run: Run, state: State, frame: Frame, outer: Place): Promise<Step> {
  const name = frame.state;
  const { Retry, Catch }: { Retry?: Retrier[]; Catch?: Catcher[] } = state as never;
  const retries = new Retries(Retry);
  const entered = frame.entered ?? run.clock.now().toISOString();
  if (frame.entered === undefined) {
    frame.entered = entered;
    run.history.add(`${state.Type}StateEntered`, {
      stateEnteredEventDetails: { name, input: JSON.stringify(frame.input) },
    });
  }
  for (;;) {
    outer.signal.throwIfAborted();
    const State = { Name: name, EnteredTime: entered, RetryCount: retries.total };
    const place = {
      ...outer,
      path: [...outer.path, name],
      context: { ...outer.context, State },
    };
    try {
      const handler = handlers[state.Type] as Handler<State>;
      return await handler(run, state, frame, place);
    } catch (failure) {
      if (!(failure instanceof StateError)) {
        throw failure;
      }
      const seconds = retries.next(failure);
      if (seconds === undefined) {
        return caught(Catch, failure, frame.input);
      }
      delete frame.children;
      delete frame.mapRun;
      const until = new Date(run.clock.now().getTime() + seconds * 1000);
      await run.strands.sleep(until, `Retry of ${place.path.join('/')}`, outer.signal);
    }
  }
}

function caught(catchers: Catcher[] | undefined, failure: StateError, input: Json): Step {
  const catcher = catcherFor(catchers, failure);
  if (catcher === undefined) {
    throw failure;
  }
  const result = { Error: failure.error, Cause: failure.message };
  return { output: placeResult(catcher.ResultPath, input, result), next: catcher.Next };
}

async function passState(_run: Run, state: PassState, frame: Frame, place: Place): Promise<Step> {
  const { context } = place;
  const input = await applyPath(state.InputPath, frame.input, context);
  const filled =
    state.Parameters === undefined ? input : await fillTemplate(state.Parameters, input, context);
  const result = state.Result ?? filled;
  const placed = placeResult(state.ResultPath, frame.input, result);
  return { output: await applyPath(state.OutputPath, placed, context), next: state.Next };
}

async function failState(_run: Run, state: FailState, frame: Frame, place: Place): Promise<never> {
  const read = async (path: string | undefined, otherwise: string | undefined) =>
    path === undefined
      ? (otherwise ?? '')
      : String(await applyPath(path, frame.input, place.context));
  throw new StateError(
    await read(state.ErrorPath, state.Error),
    await read(state.CausePath, state.Cause),
  );
}
