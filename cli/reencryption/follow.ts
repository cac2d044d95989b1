/**
 * Follows a re-encryption from outside until it ends. Nothing depends on it: the machine works whether anybody
 * looks or not. It has ended when the record says so and no execution is at work; it is stalled when nothing is at
 * work and nothing moves.
 */
import type { ReencryptionReport } from '../../domain/reports/reencryption-report.ts';
import type { Asked } from './context.ts';
import { type Look, lookAt } from './gather.ts';
import { type Progress, progressOf } from './progress.ts';
import { rateBetween, rowsSeen, type Sighting } from './rate.ts';

export type Rated = Look & { readonly rate?: ReencryptionReport['rate'] };

const patience = 120_000;
/** "eventually consistent" (API_DescribeExecution): what was started may not be seen yet. */
const unseenFor = 10_000;
const pause = (lookedFor: number): number => (lookedFor < 60_000 ? 1_000 : 5_000);
const betweenTwoLooks = 2_000;

/** One look; two, where something is at work, for how fast it is. */
export async function lookTwice(asked: Asked): Promise<Rated> {
  const first = await lookAt(asked);
  if (first.state !== 'active' || first.job === undefined || !first.live) return first;
  const { clock } = asked.deployment;
  const before = sighting(asked, first, clock.now());
  await clock.sleep(betweenTwoLooks);
  const second = await lookAt(asked);
  return rated(asked, second, before);
}

/** @param execution one that was just started: there is no end before it has ended */
export async function follow(
  asked: Asked,
  execution?: string,
): Promise<{ outcome: 'ended' | 'stalled' | 'interrupted'; look: Rated }> {
  const { terminal, deployment, json, say } = asked;
  const { clock, stepFunctions } = deployment;
  return terminal.untilInterrupted(async (interrupted) => {
    const aborted = new Promise<void>((resolve) => {
      interrupted.addEventListener('abort', () => resolve(), { once: true });
    });
    const progress = progressOf(terminal, json, say);
    const began = clock.now().getTime();
    let movedAt = began;
    let known = '';
    let before: Sighting | undefined;
    try {
      for (;;) {
        const look = rated(asked, await lookAt(asked), before);
        tell(progress, asked, look);
        if (interrupted.aborted) return { outcome: 'interrupted', look };
        const now = clock.now();
        const young = execution !== undefined && now.getTime() - began < unseenFor;
        const started =
          execution !== undefined && (young || (await stepFunctions.isRunning(execution)));
        const atWork = look.live || started;
        if (!atWork && isOver(look)) return { outcome: 'ended', look };
        const seen = sighting(asked, look, now);
        const news = JSON.stringify([look.state, look.record?.at, seen?.pass, seen?.seen]);
        if (news !== known || atWork || look.state === 'paused') movedAt = now.getTime();
        if (now.getTime() - movedAt >= patience) return { outcome: 'stalled', look };
        known = news;
        before = seen;
        await Promise.race([clock.sleep(pause(now.getTime() - began)), aborted]);
      }
    } finally {
      await progress.done();
    }
  });
}

const isOver = ({ state }: Look): boolean =>
  state !== 'due' && state !== 'active' && state !== 'paused';

function tell(progress: Progress, { secret }: Asked, look: Rated): void {
  if (look.job !== undefined) progress.tell(look, rowsSeen(look.job, secret.columns));
}

function sighting({ secret }: Asked, { job }: Look, at: Date): Sighting | undefined {
  return (
    job && {
      jobId: job.id,
      pass: job.pass,
      seen: rowsSeen(job, secret.columns),
      at: at.getTime(),
    }
  );
}

function rated(asked: Asked, look: Look, before: Sighting | undefined): Rated {
  const now = sighting(asked, look, asked.deployment.clock.now());
  const rate = now && look.job && rateBetween(before, now, look.job.rowsEstimated);
  return rate === undefined ? look : { ...look, rate };
}
