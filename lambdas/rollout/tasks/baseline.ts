/**
 * Was it well before anything was done to it? Only then may its failure afterwards lead to a rollback. A consumer
 * that says that everything works but what this secret is for was made so by this very rotation, and counts as well.
 */
import type { RolloutDoors } from '../doors.ts';
import { move } from '../move.ts';
import { baselineSchema, type Progress } from '../progress.ts';

export async function baseline(
  doors: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const { before, ...progress } = baselineSchema.parse(given);
  const { answer } = before;
  const wasHealthy = answer && (answer.healthy || answer.onlyThisSecret);
  await move(doors, execution, progress, () => (wasHealthy === undefined ? {} : { wasHealthy }));
  return progress;
}
