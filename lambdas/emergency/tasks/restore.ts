/**
 * An execution died, or could not start them: consumers that it had stopped run again, with what they ran with. Only
 * those: what else was left undone is done by an execution under the same id.
 */
import { moveConsumers, toStart, waitsFacts } from '../consumers.ts';
import type { EmergencyDoors } from '../doors.ts';
import { StageIncompleteError } from '../errors.ts';
import { type Looped, loopSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { isOver } from '../stages.ts';
import { factOf } from './start.ts';

const restoreMinutes = 40;

export async function restore(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Looped> {
  const { id, drill, since } = loopSchema.parse(given);
  const record = await emergencyOf(doors, id);
  const now = doors.clock.now();
  const begun = since ?? now.toISOString();
  // Another execution has gone on with it, and sees to them.
  const isOthers =
    record.state === 'running' && (await doors.stepFunctions.isRunning(record.execution));
  const stage = await doors.records.getStage(id, 'start');
  if (isOthers || drill || isOver(stage)) return { id, drill, done: true };

  const manifest = await doors.manifest();
  const { start, ...notYet } = await toStart(doors, manifest, record);
  const answer = await moveConsumers(doors, manifest, 'start', start, execution);
  const evidence = [...answer.consumers.map(factOf), ...waitsFacts(record, notYet)];
  const left = [
    ...answer.consumers.filter(({ state }) => state === 'underWay' || state === 'failed'),
    ...[...notYet.held].map(([consumer, detail]) => ({ consumer, detail })),
  ];
  const at = now.toISOString();
  await doors.records.updateStage(id, 'start', (standing) => ({
    id,
    stage: 'start',
    startedAt: standing?.startedAt ?? at,
    state: 'failed',
    endedAt: at,
    evidence,
    reason:
      left.length === 0
        ? 'consumers were started again after the execution had ended; they are not restarted, and nobody asked whether they are well'
        : `not every consumer runs again yet: ${left.map(({ consumer, detail }) => `${consumer}: ${detail}`).join('; ')}`.slice(
            0,
            1024,
          ),
  }));
  if (left.length === 0) return { id, drill, done: true };
  if (now.getTime() - new Date(begun).getTime() >= restoreMinutes * 60_000) {
    throw new StageIncompleteError(
      `${left.map(({ consumer, detail }) => `${consumer}: ${detail}`).join('; ')}; expected it to run with what it ran with. Start it by hand: its counts stand in the control table.`.slice(
        0,
        1024,
      ),
    );
  }
  return { id, drill, done: false, since: begun, refused: 0 };
}
