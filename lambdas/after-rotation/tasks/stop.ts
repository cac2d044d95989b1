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
  const { secretName, versionId } = caught;
  const reason = reasonOf(caught);
  doors.log.error('after-rotation-stopped', { secret: secretName, versionId, execution, reason });

  const record = await doors.controlTable.getAfterRotation(secretName, versionId);
  // Nothing to stop: no rotation of ours made the version, or another execution works on it.
  if (record === undefined || !isOurs(record, execution)) return { outcome: 'stopped', reason };
  await mark(doors, secretName, record, execution, reason);
  if (record.publishedKid !== undefined) {
    const token = activateToken(secretName, versionId, record.publishedKid);
    const activation = await doors.controlTable.getAfterRotation(secretName, token);
    // Promoted, but not finished: without this the cadence would go on by itself.
    if (activation?.state === 'due') {
      await mark(doors, secretName, activation, execution, reason);
    }
  }
  await proveRotation(
    doors,
    execution,
    {
      secretArn: caught.secretArn,
      secretName,
      versionId,
      startedAt: record.at,
      activation:
        record.publishedKid === undefined
          ? null
          : activateToken(secretName, versionId, record.publishedKid),
    },
    { outcome: 'stopped', reason },
  );
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

/**
 * Step Functions gives a Lambda error's class as `Error` and `{ errorType, errorMessage, trace }` as JSON
 * in `Cause`. Our functions' messages hold no value; the trace is left out, anything unreadable, too.
 */
function reasonOf({ error }: Caught): string {
  let message: unknown;
  try {
    message = (JSON.parse(error.Cause ?? '{}') as { errorMessage?: unknown }).errorMessage;
  } catch {
    message = undefined;
  }
  return `${error.Error}${typeof message === 'string' ? `: ${message}` : ''}`.slice(0, 1024);
}
