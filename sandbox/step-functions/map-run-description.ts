/** What DescribeMapRun and ListMapRuns tell. Dates are epoch seconds. */
import type { Status } from './execution.ts';
import { seconds } from './execution-description.ts';
import type { Child, MapRun } from './map-run.ts';
import { notRedrivable } from './redrive.ts';

export function mapRunListItem({ origin, startedAt, stoppedAt }: MapRun): Record<string, unknown> {
  return {
    executionArn: origin.executionArn,
    mapRunArn: origin.arn,
    stateMachineArn: origin.stateMachineArn,
    startDate: seconds(startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
  };
}

export function mapRunDescription(mapRun: MapRun, now: Date): Record<string, unknown> {
  const { tolerance, redrives } = mapRun;
  const { stateMachineArn: _, ...listed } = mapRunListItem(mapRun);
  return {
    ...listed,
    status: mapRun.status,
    maxConcurrency: tolerance.maxConcurrency,
    toleratedFailureCount: tolerance.toleratedFailureCount ?? 0,
    toleratedFailurePercentage: tolerance.toleratedFailurePercentage ?? 0,
    itemCounts: counts(mapRun, now, ({ items }) => items),
    executionCounts: counts(mapRun, now, () => 1),
    redriveCount: redrives.count,
    ...(redrives.last === undefined ? {} : { redriveDate: seconds(redrives.last) }),
  };
}

const countOf: Readonly<Record<Status, string>> = {
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
};

function counts(mapRun: MapRun, now: Date, weight: (child: Child) => number) {
  const sums: Record<string, number> = {
    ...{ pending: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0, total: 0 },
    ...{ resultsWritten: 0, failuresNotRedrivable: 0, pendingRedrive: 0 },
  };
  const add = (name: string, by: number) => {
    sums[name] = (sums[name] ?? 0) + by;
  };
  for (const child of mapRun.children) {
    const { execution, isToBeRedriven } = child;
    const by = weight(child);
    add('total', by);
    if (execution === undefined) {
      add('pending', by);
    } else if (isToBeRedriven) {
      add('pendingRedrive', by);
    } else {
      add(countOf[execution.status], by);
      const isOver = execution.status !== 'RUNNING' && execution.status !== 'SUCCEEDED';
      add('failuresNotRedrivable', isOver && notRedrivable(execution, now) ? by : 0);
    }
    add('resultsWritten', execution !== undefined && mapRun.areResultsWritten ? by : 0);
  }
  return sums;
}
