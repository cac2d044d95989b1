/**
 * Counts good looks in a row, for behind a load balancer each meets another instance: one bad look begins the count
 * anew. What flaps never gets there, and is unhealthy when the time is over.
 */
import type { HealthAnswer } from '../../../domain/events/rollout.ts';
import type { RolloutDoors } from '../doors.ts';
import { ConsumerUnhealthyError } from '../errors.ts';
import { move } from '../move.ts';
import { later, type Progress, progressSchema, settingsOf } from '../progress.ts';

const strength = { none: 0, answered: 1, held: 2 } as const;

export async function health(
  doors: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const { asked, ...progress } = progressSchema.parse(given);
  const { consumer } = progress;
  const settings = settingsOf(doors.consumers, consumer).health;
  if (settings === undefined || asked === undefined) return { ...progress, verdict: 'well' };
  const { answer } = asked;
  const now = doors.clock.now();
  const wellBy = progress.wellBy ?? later(now, settings.withinSeconds).toISOString();
  if (progress.wellBy === undefined) {
    await move(doors, execution, progress, () => ({ state: 'probing' }));
  }
  const goodInARow = answer.healthy ? progress.goodInARow + 1 : 0;
  const proof =
    goodInARow > 1 && strength[progress.proof] < strength[answer.proof]
      ? progress.proof
      : answer.proof;
  const counted = { ...progress, wellBy, goodInARow, proof };
  if (goodInARow >= settings.consecutive) return { ...counted, verdict: 'well' };
  if (now >= new Date(wellBy)) {
    throw new ConsumerUnhealthyError(consumer, {
      found: foundIn(answer, goodInARow),
      consecutive: settings.consecutive,
      seconds: settings.withinSeconds,
    });
  }
  return { ...counted, verdict: 'again' };
}

function foundIn({ looks, healthy }: HealthAnswer, goodInARow: number): string {
  if (healthy) return `only ${goodInARow} in a row at the end`;
  const bad = looks.filter(({ ok }) => !ok).map(({ name, found }) => `${name}: ${found}`);
  return bad.join('; ').slice(0, 600) || 'the last look was not good';
}
