/**
 * Puts the re-encryption toward a key on record and starts it. The record first: while it is due no planned
 * rotation starts, and the cadence starts what this call could not.
 */
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import type { AfterRotationDoors } from './doors.ts';
import { NoRowsError } from './errors.ts';
import type { Progress } from './progress.ts';
import { rotatingSecret } from './rotating-secret.ts';

/** @param toward the key, and the version whose keyset holds it. @returns what is on record now */
export async function startReencryption(
  doors: AfterRotationDoors,
  { secretArn, secretName }: Pick<Progress, 'secretArn' | 'secretName'>,
  toward: { targetKid: string; versionId: string },
): Promise<ReencryptionRecord> {
  const secret = rotatingSecret(await doors.manifest(), secretName);
  const rows = secret.kind === 'encryption' ? secret.reencryption : undefined;
  const stateMachineArn = doors.machines.reencryption;
  if (rows === undefined || stateMachineArn === undefined) {
    throw new NoRowsError(secretName);
  }
  const { mode } = rows;
  const at = doors.clock.now().toISOString();
  const due: ReencryptionRecord = {
    state: 'due',
    mode,
    ...toward,
    findings: [],
    at,
    dueSince: at,
  };
  const record = await doors.controlTable.updateReencryption(secretName, (standing) =>
    standing?.targetKid === toward.targetKid && standing.state !== 'closed' ? undefined : due,
  );
  const standing = record ?? due;
  if (standing.state === 'due' || standing.state === 'active') {
    const input = {
      secretName,
      secretArn,
      function: rows.function,
      versionId: standing.versionId,
    };
    try {
      // One execution a version by this name; the cadence numbers those it starts later.
      await doors.stepFunctions.startExecution({
        stateMachineArn,
        name: standing.versionId,
        input,
      });
    } catch (error) {
      // Rows that follow later break nothing: every key they are under is readable.
      const { name } = error as Error;
      doors.log.error('reencryption-not-started', { secret: secretName, error: name });
    }
  }
  return standing;
}
