/**
 * Ends a failed AfterRotation: its record says stopped and why, so that a person resumes it or rolls back,
 * and the audit event says so, too. Written first, told second: the state must stand even when the bus
 * does not answer.
 */
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { type Caught, caughtSchema } from '../progress.ts';
import { proveRotation } from '../prove-rotation.ts';
import { reasonOf } from '../reason.ts';

type State = AfterRotationRecord['state'];

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
  const { secretArn, secretName, versionId, rollBack } = caught;
  const record = await doors.controlTable.getAfterRotation(secretName, versionId);
  const reason = whyStopped(caught, record);
  doors.log.error('after-rotation-stopped', { secret: secretName, versionId, execution, reason });
  // Nothing to stop: no rotation of ours made the version, or another execution works on it.
  if (record === undefined || !isOurs(record, execution)) return { outcome: 'stopped', reason };

  // A rollback stops it by its record, too, before it is asked for: that is this execution's own doing.
  const from: readonly State[] =
    rollBack === undefined ? ['due', 'running'] : ['due', 'running', 'stopped'];
  await mark(doors, secretName, record, execution, reason, from);
  const activation =
    record.publishedKid === undefined
      ? null
      : activateToken(secretName, versionId, record.publishedKid);
  if (activation !== null) {
    // Promoted, but not finished: without this the cadence would go on by itself.
    const promoted = await doors.controlTable.getAfterRotation(secretName, activation);
    const isOpen = promoted?.state === 'due' || (rollBack && promoted?.state === 'stopped');
    if (promoted && isOpen) await mark(doors, secretName, promoted, execution, reason, from);
  }
  const { rolledOutAs } = caught;
  const proven = {
    secretArn,
    secretName,
    versionId,
    activation,
    rolledOutAs,
    startedAt: record.at,
  };
  const rolledBackBy = caught.error === undefined ? rollBack?.token : undefined;
  await proveRotation(doors, execution, proven, {
    outcome: 'stopped',
    reason,
    ...(rolledBackBy && { rolledBackBy }),
  });
  return { outcome: 'stopped', reason };
}

function whyStopped({ error, rollBack }: Caught, record: AfterRotationRecord | undefined): string {
  if (rollBack !== undefined) {
    const what =
      error === undefined ? `rolled back by version ${rollBack.token}` : 'not rolled back';
    return (
      [rollBack.reason, what, ...(error === undefined ? [] : [reasonOf(error)])]
        // Sentences of others, in one of ours.
        .map((part) => part.replace(/\.$/, ''))
        .join('; ')
        .slice(0, 1024)
    );
  }
  // Stopped from outside: that reason stands, not ours for having noticed it.
  const standing = record?.state === 'stopped' ? record.reason : undefined;
  return standing ?? (error === undefined ? 'it was stopped' : reasonOf(error));
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
  from: readonly State[],
): Promise<void> {
  await controlTable.moveAfterRotation(secretName, from, {
    ...record,
    state: 'stopped',
    execution,
    reason,
    at: clock.now().toISOString(),
  });
}
