/**
 * Changes of a rollout's record. Every one is this execution's own: where another one has taken the consumer over,
 * this one ends, and leaves the record alone.
 */
import type { RolloutRecord } from '../../domain/events/rollout.ts';
import type { RolloutDoors } from './doors.ts';
import { LostRolloutError } from './errors.ts';
import { keyOf, type Progress } from './progress.ts';

const underWay: ReadonlySet<RolloutRecord['state']> = new Set([
  'waiting',
  'restarting',
  'steadying',
  'probing',
]);

/** @throws LostRolloutError */
export async function ownRecord(
  { records }: Pick<RolloutDoors, 'records'>,
  execution: string,
  progress: Progress,
): Promise<RolloutRecord> {
  const record = await records.getRollout(keyOf(progress));
  return assertOwn(record, execution, progress);
}

/**
 * @param change undefined: leave what stands
 * @throws LostRolloutError
 */
export async function move(
  { records, clock }: Pick<RolloutDoors, 'records' | 'clock'>,
  execution: string,
  progress: Progress,
  change: (record: RolloutRecord) => Partial<RolloutRecord> | undefined,
): Promise<RolloutRecord> {
  const at = clock.now().toISOString();
  const moved = await records.updateRollout(keyOf(progress), (standing) => {
    const own = assertOwn(standing, execution, progress);
    const changed = change(own);
    return changed && { ...own, ...changed, at };
  });
  return assertOwn(moved, execution, progress);
}

function assertOwn(
  record: RolloutRecord | undefined,
  execution: string,
  { consumer }: Progress,
): RolloutRecord {
  if (record === undefined) throw new LostRolloutError(consumer, 'without a record');
  if (record.execution !== execution) throw new LostRolloutError(consumer, 'another execution’s');
  if (!underWay.has(record.state) && record.state !== 'healthy') {
    throw new LostRolloutError(consumer, record.state);
  }
  return record;
}
