/**
 * startExecution as a task: request-response, and `.sync` and `.sync:2`, which wait for the end.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
 */
import { ServiceException } from '../service.ts';
import type { Execution } from './execution.ts';
import { toldToStates } from './execution-description.ts';
import { isRecord, type Json } from './json.ts';
import type { Run } from './run.ts';
import { StateError } from './state-error.ts';

const prefix = 'arn:aws:states:::states:startExecution';
const forms = [prefix, `${prefix}.sync`, `${prefix}.sync:2`];

export const isNestedExecution = (resource: string): boolean => forms.includes(resource);

/** Whose end a machine is told by a rule that Step Functions manages; the role must be allowed to make it. */
export const waitsForNested = (resource: string): boolean => forms.indexOf(resource) > 0;
export const managedRule = 'StepFunctionsGetEventsForStepFunctionsExecutionRule';
export const managedRuleActions = ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'];

export interface NestedTask {
  resource: string;
  payload: Json;
  deadline: Date;
  label: string;
  timedOut: () => StateError;
  /** An injected fault: the execution was started and nobody hears of it. */
  lost: boolean;
}

/** @throws StateError StepFunctions.…Exception when it cannot start, States.TaskFailed when it fails */
export async function nestedExecution(
  run: Run,
  task: NestedTask,
  signal: AbortSignal,
): Promise<Json> {
  const { Input = {}, ...named } = isRecord(task.payload) ? task.payload : {};
  const started = await run.resources.startExecution(run.machine.roleArn, {
    stateMachineArn: named.StateMachineArn,
    ...(named.Name !== undefined && { name: named.Name }),
    input: typeof Input === 'string' ? Input : JSON.stringify(Input),
  });
  if (task.lost) {
    await run.strands.sleep(task.deadline, task.label, signal);
    throw task.timedOut();
  }
  const execution = run.executions.find(started);
  const answer = { ExecutionArn: execution.arn, StartDate: execution.startedAt.getTime() };
  if (task.resource === prefix) {
    return answer;
  }
  const resource = task.resource.slice(task.resource.lastIndexOf('startExecution'));
  const details = { resourceType: 'states', resource, output: JSON.stringify(answer) };
  run.history.add('TaskSubmitted', { taskSubmittedEventDetails: details });
  await ended(run, task, execution, signal);
  return outcome(run, task, execution);
}

/** Until it ends, the deadline comes, or the parent is interrupted: then the nested one is stopped too. */
async function ended(
  run: Run,
  { deadline, label, timedOut }: NestedTask,
  execution: Execution,
  signal: AbortSignal,
): Promise<void> {
  if (execution.status !== 'RUNNING') {
    return;
  }
  signal.throwIfAborted();
  let why: 'ended' | 'late' | 'interrupted' = 'ended';
  await run.strands.rest((resume) => {
    const over = (how: typeof why) => {
      takeBack();
      forget();
      signal.removeEventListener('abort', interrupted);
      why = how;
      resume();
    };
    const interrupted = () => over('interrupted');
    const forget = execution.onClosed(() => over('ended'));
    const takeBack = run.clock.at(deadline, label, async () => over('late'));
    signal.addEventListener('abort', interrupted, { once: true });
  });
  // Assigned in a callback, which the compiler does not follow.
  if ((why as string) !== 'ended') {
    stop(run, execution);
    signal.throwIfAborted();
    throw timedOut();
  }
}

/** Best effort: a role that may not stop it leaves it running. */
function stop(run: Run, execution: Execution): void {
  try {
    run.executions.authorize(run.machine, 'states:StopExecution', execution.arn);
    execution.stop(undefined, undefined);
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
  }
}

function outcome(run: Run, { resource }: NestedTask, execution: Execution): Json {
  try {
    run.executions.authorize(run.machine, 'states:DescribeExecution', execution.arn);
  } catch (error) {
    throw new StateError('StepFunctions.AWSStepFunctionsException', (error as Error).message);
  }
  const described = toldToStates(execution, run.clock.now(), (date) => date.getTime());
  if (execution.output === undefined) {
    throw new StateError('States.TaskFailed', JSON.stringify(described));
  }
  return resource.endsWith('.sync')
    ? described
    : {
        ...described,
        Input: JSON.parse(execution.input) as Json,
        Output: JSON.parse(execution.output) as Json,
      };
}
