/**
 * Maintenance mode, every row is under the target key. If it is published, AfterRotation waits for that: it goes
 * on, activates it and lets consumers start. If it is primary already (after an emergency or a rollback),
 * nothing waits, and consumers may start.
 */
import * as z from 'zod';
import type { AfterRotationDoors } from '../doors.ts';
import { letConsumersStart } from '../let-consumers-start.ts';
import { reencryptionProgressSchema } from '../progress.ts';
import { machineArn } from '../state-machines.ts';

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
    await letConsumersStart(doors, secretName);
    return whole;
  }
  // Stopped: a person resumes it.
  if (record.state !== 'running') {
    return whole;
  }
  const { afterRotationMachine } = await doors.manifest();
  await doors.stepFunctions.startExecution({
    stateMachineArn: machineArn(execution, afterRotationMachine),
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
