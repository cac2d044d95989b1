/** RedriveExecution. https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html */
import { ServiceException } from '../service.ts';
import type { Execution } from './execution.ts';
import { maximumEvents } from './history.ts';

const redrivable = 14 * 24 * 60 * 60_000;

/** Why an execution cannot be redriven, in AWS's words; undefined when it can. */
export function notRedrivable(execution: Execution, now: Date): string | undefined {
  if (execution.status === 'RUNNING' || execution.status === 'SUCCEEDED') {
    return `Execution is ${execution.status} and cannot be redriven`;
  }
  if (now.getTime() - (execution.stoppedAt?.getTime() ?? 0) > redrivable) {
    return 'Execution has exceeded the redrivable period of 14 days';
  }
  if (execution.history.events.length >= maximumEvents - 1) {
    return 'Execution history has reached the maximum number of events';
  }
  return undefined;
}

/** @throws ExecutionNotRedrivable */
export function redrive(execution: Execution, now: Date): void {
  const reason = notRedrivable(execution, now);
  if (reason !== undefined) {
    throw new ServiceException('ExecutionNotRedrivable', reason);
  }
  execution.redrive();
}
