/**
 * Ends a failed AfterRotation: its record says stopped and why, so that a person resumes it or rolls back,
 * and the audit event says so, too. Written first, told second: the state must stand even when the bus
 * does not answer.
 */
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { caughtSchema } from '../progress.ts';
import { proveRotation } from '../prove-rotation.ts';
import { reasonOf } from '../reason.ts';

export interface Stopped {
  outcome: 'stopped';
  reason: string;
}

export async function stop(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Stopped> {
  const caught = caughtSchema.parse(given);
  const { secretArn, secretName, versionId } = caught;
  const record = await doors.controlTable.getAfterRotation(secretName, versionId);
  // Stopped from outside: that reason stands, not ours for having noticed it.
  const reason = (record?.state === 'stopped' && record.reason) || reasonOf(caught);
  doors.log.error('after-rotation-stopped', { secret: secretName, versionId, execution, reason });
  // Nothing to stop: no rotation of ours made the version, or another execution works on it.
  if (record === undefined || !isOurs(record, execution)) return { outcome: 'stopped', reason };

  await mark(doors, secretName, record, execution, reason);
  const activation =
    record.publishedKid === undefined
      ? null
      : activateToken(secretName, versionId, record.publishedKid);
  if (activation !== null) {
    // Promoted, but not finished: without this the cadence would go on by itself.
    const promoted = await doors.controlTable.getAfterRotation(secretName, activation);
    if (promoted?.state === 'due') await mark(doors, secretName, promoted, execution, reason);
  }
  const proven = { secretArn, secretName, versionId, activation, startedAt: record.at };
  await proveRotation(doors, execution, proven, { outcome: 'stopped', reason });
  return { outcome: 'stopped', reason };
}

function isOurs({ state, execution }: AfterRotationRecord, ours: string): boolean {
  return state === 'due' || (execution === ours && state !== 'finished');
}

async function mark(
  { controlTable, clock }: AfterRotationDoors,
  secretName: string,
  record: AfterRotationRecord,
  execution: string,
  reason: string,
): Promise<void> {
  await controlTable.moveAfterRotation(secretName, ['due', 'running'], {
    ...record,
    state: 'stopped',
    execution,
    reason,
    at: clock.now().toISOString(),
  });
}
