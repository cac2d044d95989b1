/**
 * Maintenance mode, every row is under the target key. If it is published, AfterRotation waits for that: it goes
 * on, activates it and lets consumers start. If it is primary already (after an emergency or a rollback),
 * nothing waits, and consumers may start.
 */
import * as z from 'zod';
import type { AfterRotationDoors } from '../doors.ts';
import { NoRowsError } from '../errors.ts';
import { letConsumersStart } from '../let-consumers-start.ts';
import { reencryptionProgressSchema } from '../progress.ts';

export async function resumeAfterRotation(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<object> {
  const whole = z.looseObject({}).parse(given);
  const progress = reencryptionProgressSchema.parse(whole);
  const { secretArn, secretName, versionId, epoch, targetKid } = progress;
  const record = await doors.controlTable.getAfterRotation(secretName, versionId);
  if (record?.publishedKid !== targetKid) {
    await letConsumersStart(doors, execution, secretName);
    return whole;
  }
  // Stopped: a person resumes it.
  if (record.state !== 'running') {
    return whole;
  }
  const { afterRotation: stateMachineArn } = doors.machines;
  if (stateMachineArn === undefined) {
    throw new NoRowsError(secretName);
  }
  await doors.stepFunctions.startExecution({
    stateMachineArn,
    // Once for every time the rows were proven.
    name: `${versionId}-proven-${epoch}`,
    input: {
      secretArn,
      secretName,
      versionId,
      ...(record.execution && { takeOver: record.execution }),
    },
  });
  return whole;
}
