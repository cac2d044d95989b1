/** How far a pass is, and how fast: from the counts of two looks. */
import type { ReencryptionReport } from '../../domain/reports/reencryption-report.ts';
import type { RewrittenSecret } from './context.ts';

type Job = NonNullable<ReencryptionReport['job']>;

/** Rows the pass has looked at. Every row of a table counts once a column, so a table is as far as its furthest one. */
export function rowsSeen({ columns }: Job, declared: RewrittenSecret['columns']): number {
  const tableOf = new Map(declared.map(({ id, table }) => [id, table]));
  const byTable = new Map<string, number>();
  for (const { columnId, ...counts } of columns) {
    const table = tableOf.get(columnId) ?? columnId;
    const seen = Object.values(counts).reduce((sum, one) => sum + one, 0);
    byTable.set(table, Math.max(byTable.get(table) ?? 0, seen));
  }
  return [...byTable.values()].reduce((sum, one) => sum + one, 0);
}

/** 0 to 1. The number of rows is an estimate, that of the ranges is not. */
export function fractionDone(job: Job, seen: number): number {
  const { done, total } = job.ranges;
  if (total === 0) return 0;
  if (done === total) return 1;
  const rows = job.rowsEstimated > 0 ? seen / job.rowsEstimated : 0;
  return Math.min(Math.max(rows, done / total), 0.999);
}

export interface Sighting {
  readonly jobId: string;
  readonly pass: number;
  readonly seen: number;
  readonly at: number;
}

/** @returns undefined across passes, and while nothing moves */
export function rateBetween(
  before: Sighting | undefined,
  now: Sighting,
  rowsEstimated: number,
): ReencryptionReport['rate'] {
  if (before === undefined || before.jobId !== now.jobId || before.pass !== now.pass) {
    return undefined;
  }
  const seconds = (now.at - before.at) / 1_000;
  const rowsPerSecond = seconds > 0 ? Math.round((now.seen - before.seen) / seconds) : 0;
  if (rowsPerSecond <= 0) return undefined;
  const left = Math.max(0, rowsEstimated - now.seen);
  return { rowsPerSecond, secondsLeft: Math.ceil(left / rowsPerSecond) };
}
