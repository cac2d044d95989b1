/** Looks at a re-encryption as on-call does, through its function, and shows how far it is. */
import type { ReencryptionStatus } from '../domain/events/reencryption.ts';
import { systemClock } from '../doors/clock.ts';
import type { Operator } from './operator.ts';
import type { Report } from './terminal/scene.ts';

export interface Watched {
  /** Values looked at by the first pass, and how long it took as seen from here, in seconds. */
  values: number;
  seconds: number;
  /** Passes as they were seen, in order. */
  passes: string[];
}

export interface Watching {
  operator: Operator;
  key: string;
  /** Values in every declared column. */
  total: number;
  /** Called at every look while rows are rewritten; `share` of them are done. */
  onTheWay(share: number): Promise<void>;
}

type Job = NonNullable<ReencryptionStatus['job']>;
type Pass = Job['passKind'];

/** A look is a login and some statements: often enough to be watched, too seldom to be felt. */
const everyMilliseconds = 600;

const words: Readonly<Record<Pass, string>> = {
  rewrite: 'every value is opened, sealed under the new key, opened again and compared',
  sweep: 'a sweep: what was written under the old key meanwhile',
  verify: 'verification: every value is opened with the new key alone',
  count: 'every row is counted once more',
};

/** Until `settled` is: what the deployment does by itself. @throws what `settled` throws */
export async function watchReencryption(
  { operator, key, total, onTheWay }: Watching,
  settled: Promise<void>,
  report: Report,
): Promise<Watched> {
  const watched: Watched = { values: 0, seconds: 0, passes: [] };
  let isOver = false;
  const over = settled.finally(() => {
    isOver = true;
  });
  let since = systemClock.now().getTime();
  let seen: string | undefined;
  while (!isOver) {
    const record = await operator.reencryption(key);
    const job =
      record?.state === 'active' ? (await operator.reencryptionStatus(key)).job : undefined;
    // The job of the key before is the latest one until this one is opened.
    if (job !== undefined && job.targetKid === record?.targetKid && job.state === 'active') {
      const now = systemClock.now().getTime();
      const pass = `${job.pass} ${job.passKind}`;
      if (pass !== seen) {
        seen = pass;
        since = now;
        watched.passes.push(job.passKind);
        report.doing(words[job.passKind]);
      }
      const done = valuesLookedAt(job);
      const seconds = (now - since) / 1000;
      if (job.passKind === 'rewrite') {
        Object.assign(watched, { values: done, seconds });
        await onTheWay(done / total);
      }
      if (job.passKind === 'rewrite' || job.passKind === 'verify') {
        const isTelling = seconds > 1 && done > total / 50;
        const perSecond = isTelling ? done / seconds : undefined;
        report.progress({
          done,
          total,
          unit: 'values',
          ...(perSecond !== undefined && { perSecond }),
        });
      }
    }
    await Promise.race([over, systemClock.sleep(everyMilliseconds)]);
  }
  await over;
  return watched;
}

function valuesLookedAt({ columns, passKind }: Job): number {
  return columns.reduce(
    (sum, { nulls, skipped, rewritten, quarantined, gone, opened }) =>
      sum +
      (passKind === 'verify'
        ? nulls + opened + quarantined
        : nulls + skipped + rewritten + quarantined + gone),
    0,
  );
}
