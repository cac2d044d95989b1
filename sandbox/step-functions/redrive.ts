/** RedriveExecution. https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html */
import { ServiceException } from '../service.ts';
import type { Execution } from './execution.ts';
import { maximumEvents } from './history.ts';

const redrivable = 14 * 24 * 60 * 60_000;

/** Why an execution cannot be redriven, in AWS's words (redriveStatusReason); undefined when it can. */
export function notRedrivable(execution: Execution, now: Date): string | undefined {
  if (execution.status === 'RUNNING' || execution.status === 'SUCCEEDED') {
    return `Execution is ${execution.status} and cannot be redriven`;
  }
  // A child may be redriven as long as its parent, however long ago it ended itself.
  const closed = now.getTime() - (execution.stoppedAt?.getTime() ?? 0);
  if (execution.mapRun === undefined && closed > redrivable) {
    return 'Execution redrivable period exceeded';
  }
  if (execution.history.events.length >= maximumEvents - 1) {
    return 'Execution history event limit exceeded';
  }
  return undefined;
}

/** @throws ExecutionNotRedrivable */
export function redrive(execution: Execution, now: Date): void {
  const reason =
    execution.mapRun === undefined
      ? notRedrivable(execution, now)
      : 'A child workflow execution is redriven by its Map Run, with the parent execution';
  if (reason !== undefined) {
    throw new ServiceException('ExecutionNotRedrivable', reason);
  }
  execution.redrive();
}
