/** What is told about an execution: by the API, and to states that waited for it. */
import type { Execution } from './execution.ts';
import type { Json } from './json.ts';
import { notRedrivable } from './redrive.ts';

/** ExecutionListItem; of a child also what only ListExecutions by mapRunArn tells. */
export function summary(execution: Execution): Record<string, unknown> {
  const { mapRun, stoppedAt, redrives } = execution;
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
    ...(mapRun === undefined ? {} : { mapRunArn: mapRun.arn, itemCount: mapRun.itemCount }),
    redriveCount: redrives.count,
    ...(redrives.last === undefined ? {} : { redriveDate: seconds(redrives.last) }),
  };
}

/** DescribeExecution. */
export function description(execution: Execution, now: Date): Record<string, unknown> {
  const { output, failure } = execution;
  const { itemCount: _, ...listed } = summary(execution);
  const { status, reason } = redriveStatus(execution, now);
  return {
    ...listed,
    input: execution.input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
    redriveStatus: status,
    ...(reason === undefined ? {} : { redriveStatusReason: reason }),
  };
}

/**
 * The same with capitals, input and output as JSON text: what a ResultWriter writes of a child and what
 * startExecution.sync answers. How dates are written differs between the two.
 */
export function toldToStates(
  execution: Execution,
  now: Date,
  written: (date: Date) => Json,
): Record<string, Json> {
  const { output, failure, stoppedAt } = execution;
  const { status, reason } = redriveStatus(execution, now);
  return {
    ...(failure.cause === undefined ? {} : { Cause: failure.cause }),
    ...(failure.error === undefined ? {} : { Error: failure.error }),
    ExecutionArn: execution.arn,
    Input: execution.input,
    InputDetails: { Included: true },
    Name: execution.name,
    ...(output === undefined ? {} : { Output: output, OutputDetails: { Included: true } }),
    RedriveCount: execution.redrives.count,
    RedriveStatus: status,
    ...(reason === undefined ? {} : { RedriveStatusReason: reason }),
    StartDate: written(execution.startedAt),
    StateMachineArn: execution.machine.arn,
    Status: execution.status,
    ...(stoppedAt === undefined ? {} : { StopDate: written(stoppedAt) }),
  };
}

function redriveStatus(execution: Execution, now: Date): { status: string; reason?: string } {
  const reason = notRedrivable(execution, now);
  if (reason !== undefined) {
    return { status: 'NOT_REDRIVABLE', reason };
  }
  return { status: execution.mapRun === undefined ? 'REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN' };
}

export function seconds(date: Date): number {
  return date.getTime() / 1000;
}
