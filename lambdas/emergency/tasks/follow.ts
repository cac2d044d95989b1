/**
 * Starts what follows the rotation: the version is this emergency's, so nobody else does. Started already is as well; one
 * that died is taken over, one that stopped goes on, because whoever runs the emergency again has mended it.
 */
import { createHash } from 'node:crypto';
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { restartAfterRotation } from '../../../doors/restart-after-rotation.ts';
import type { EmergencyDoors } from '../doors.ts';
import { NotPromotedError } from '../errors.ts';
import { type AskedProgress, askedProgressSchema } from '../progress.ts';
import { machineArn } from '../secrets.ts';
import { change } from './prepare.ts';

export async function follow(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<AskedProgress & { waitSeconds: number }> {
  const { since: _since, ...progress } = askedProgressSchema.parse(given);
  const { id, key, token: versionId, secretArn: arn, secretName: name } = progress;
  const answer = { ...progress, looks: 0, waitSeconds: 2 };
  const now = doors.clock.now().toISOString();
  // Asked for by an execution that ended before it saw the promotion.
  await change(doors, id, key, (standing) => ({
    ...standing,
    state: 'promoted',
    promotedAt: standing.promotedAt ?? now,
  }));
  const record = await doors.controlTable.getAfterRotation(name, versionId);
  if (record === undefined) {
    throw new NotPromotedError(name, versionId, 'finishSecret left no AfterRotation record');
  }
  await goOnAfter(doors, execution, { arn, name }, record);
  return answer;
}

/** Starts what follows a rotation, or has it go on where it died or stopped. At work, or finished: nothing. */
export async function goOnAfter(
  doors: Pick<EmergencyDoors, 'manifest' | 'stepFunctions'>,
  execution: string,
  { arn, name }: { arn: string; name: string },
  record: AfterRotationRecord,
): Promise<void> {
  const { versionId } = record;
  if (record.state === 'finished') return;
  const { afterRotationMachine } = await doors.manifest();
  const stateMachineArn = machineArn(execution, afterRotationMachine);
  if (record.state === 'stopped') {
    // Once for every execution of the emergency.
    const by = createHash('sha256').update(execution).digest('hex').slice(0, 8);
    await doors.stepFunctions.startExecution({
      stateMachineArn,
      name: `${versionId}-resume-${by}`,
      input: { secretArn: arn, secretName: name, versionId, resume: true },
    });
    return;
  }
  const first = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${versionId}`;
  const atWork = record.state === 'running' ? (record.execution ?? first) : first;
  if (!(await doors.stepFunctions.isRunning(atWork))) {
    await restartAfterRotation(doors, stateMachineArn, { arn, name }, record);
  }
}
