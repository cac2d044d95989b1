/** A re-encryption as a person reads it. */
import type {
  ReencryptionReport,
  ReencryptionState,
} from '../../domain/reports/reencryption-report.ts';
import { type Column, table, wrap } from '../table.ts';
import type { RewrittenSecret } from './context.ts';
import { fractionDone, rowsSeen } from './rate.ts';

type Job = NonNullable<ReencryptionReport['job']>;
type Counts = Job['columns'][number];

const words: Record<ReencryptionState, string> = {
  none: 'No re-encryption was asked for yet: it follows the next key that is activated.',
  due: 'Due: readers may still hold the keyset of before, or its execution has not begun.',
  active: 'Under way.',
  paused: 'PAUSED: workers wait.',
  verified: 'Verified: every row is under the target key.',
  unproven: 'NOT PROVEN: rewritten, but not everything is vouched for.',
  stopped: 'STOPPED: rows may be left under another key.',
  closed: 'Closed: a rollback, an emergency or another key took its place.',
};

export function renderStatus(
  report: ReencryptionReport,
  secret: RewrittenSecret,
  width: number,
): string[] {
  const { state = 'none', record, job, live, problem } = report;
  const dead = (state === 'due' || state === 'active') && live === false;
  const isBetween = state === 'active' && live === true && job !== undefined && isDone(job);
  return [
    '',
    `${secret.name}: ${wordsOf(report)}${dead ? ' No execution is alive.' : ''}`,
    ...(record === undefined
      ? []
      : [`  key ${record.targetKid}, ${record.mode}, last news ${minute(record.at)}`]),
    ...(job === undefined ? [] : renderJob(report, job, secret, width)),
    ...(isBetween
      ? wrap(
          'This pass is done. The next one, or the verdict, waits until no reader holds the keyset of before and every transaction of then has ended.',
          width,
        )
      : []),
    ...(job === undefined ? renderRemembered(record) : []),
    ...(record?.findings ?? []).flatMap((finding) => wrap(`Found: ${finding}`, width)),
    ...(problem === undefined
      ? []
      : wrap(
          `The function did not answer, so this is what the control table knows: ${problem.message} (${problem.code})`,
          width,
        )),
  ];
}

/** What people signed for is under the key it was under. */
function wordsOf({ state = 'none', job }: ReencryptionReport): string {
  return state === 'verified' && job !== undefined && job.quarantined.accepted > 0
    ? 'Verified: every row is under the target key, but for the values that were signed off.'
    : words[state];
}

const isDone = ({ ranges }: Job): boolean => ranges.total > 0 && ranges.done === ranges.total;

function renderJob(
  { rate, replicationLagSeconds, record }: ReencryptionReport,
  job: Job,
  secret: RewrittenSecret,
  width: number,
): string[] {
  const { ranges, pass, passKind, quarantined, storesOpen } = job;
  const seen = rowsSeen(job, secret.columns);
  const facts = [
    `pass ${pass} (${passKind})`,
    `${ranges.done} of ${ranges.total} ranges`,
    `${Math.floor(fractionDone(job, seen) * 100)} %`,
    ...(rate === undefined ? [] : [`${count(rate.rowsPerSecond)} rows/s`]),
    ...(rate?.secondsLeft === undefined ? [] : [`${span(rate.secondsLeft)} left of this pass`]),
    ...(replicationLagSeconds === undefined
      ? []
      : [`replication lag ${replicationLagSeconds.toFixed(1)} s`]),
  ];
  return [
    `  job ${job.id}: ${facts.join(', ')}`,
    '',
    ...table(columnsOf(job, record), job.columns, width),
    ...(pass > 0 && passKind !== 'count'
      ? [`Counts of pass ${pass} alone; the first was pass 0.`]
      : []),
    ...(quarantined.rows === 0 ? [] : ['', quarantineOf(quarantined, record)]),
    ...(storesOpen.length === 0 ? [] : [`Nobody vouched yet for: ${storesOpen.join(', ')}.`]),
  ];
}

function quarantineOf(
  { rows, accepted }: Job['quarantined'],
  record: ReencryptionReport['record'],
): string {
  const words = `${rows} ${rows === 1 ? 'value is' : 'values are'} quarantined, ${accepted} signed off`;
  return record?.state === 'verified' && rows > accepted
    ? `${words}; the others opened when it was verified.`
    : `${words}.`;
}

function columnsOf({ passKind }: Job, record: ReencryptionReport['record']): Column<Counts>[] {
  const looksOnly = passKind === 'verify' || passKind === 'count';
  const counted = new Map(record?.rowsLeft?.map(({ columnId, rows }) => [columnId, rows]));
  const left = ({ columnId, remaining }: Counts): string => {
    const rows = looksOnly ? remaining : counted.get(columnId);
    return rows === undefined ? '' : count(rows);
  };
  if (passKind === 'count') {
    // It opens nothing: PostgreSQL counts by the key a value names.
    return [
      { title: 'COLUMN', cell: ({ columnId }) => columnId },
      { title: 'UNDER THE KEY', cell: ({ skipped }) => count(skipped), align: 'right' },
      { title: 'EMPTY', cell: ({ nulls }) => count(nulls), align: 'right', optional: true },
      { title: 'LEFT', cell: left, align: 'right' },
    ];
  }
  return [
    { title: 'COLUMN', cell: ({ columnId }) => columnId },
    {
      title: looksOnly ? 'OPENED' : 'REWRITTEN',
      cell: ({ opened, rewritten }) => count(looksOnly ? opened : rewritten),
      align: 'right',
    },
    {
      title: 'NOTHING TO DO',
      cell: ({ nulls, skipped }) => count(nulls + skipped),
      align: 'right',
      optional: true,
    },
    { title: 'LEFT', cell: left, align: 'right' },
    { title: 'QUARANTINED', cell: ({ quarantined }) => count(quarantined), align: 'right' },
  ];
}

function renderRemembered(record: ReencryptionReport['record']): string[] {
  if (record?.rowsLeft === undefined) return [];
  return record.rowsLeft.map(
    ({ columnId, rows }) => `  ${columnId}: ${count(rows)} values left when last counted`,
  );
}

export const count = (number: number): string => number.toLocaleString('en-US');
export const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')}Z`;

/** 42 s, 3 min, 2 h 10 min. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
