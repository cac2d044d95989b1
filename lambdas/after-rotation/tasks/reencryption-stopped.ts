/**
 * Ends a re-encryption that failed: the record says stopped and why, so that a person looks and resumes it. Rows
 * stay readable, whichever key they are under; no secret is rolled back. The state first, the event second.
 */

import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { caughtSchema } from '../progress.ts';
import { proveReencryption } from '../prove-reencryption.ts';
import { reasonOf } from '../reason.ts';

export async function reencryptionStopped(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<{ outcome: 'stopped'; reason: string }> {
  const caught = caughtSchema.parse(given);
  const { secretName } = caught;
  const reason = caught.error === undefined ? 'it was stopped' : reasonOf(caught.error);
  doors.log.error('reencryption-stopped', { secret: secretName, execution, reason });
  const at = doors.clock.now().toISOString();
  const record = await doors.controlTable.updateReencryption(secretName, (standing) =>
    standing !== undefined && isOurs(standing, execution, caught.versionId)
      ? {
          ...standing,
          state: 'stopped',
          execution,
          findings: [...new Set([...standing.findings, reason.slice(0, 512)])].slice(-20),
          at,
        }
      : undefined,
  );
  // Another execution has it, or it is over: nothing of that one's stopped.
  if (record?.execution === execution && record.state === 'stopped') {
    const { versionId, targetKid, mode, findings } = record;
    await proveReencryption(doors, execution, caught, {
      versionId,
      targetKid,
      mode,
      outcome: 'stopped',
      columns: [],
      findings: [...findings],
    });
  }
  return { outcome: 'stopped', reason };
}

/** It may have failed before it took the job: then it is nobody's yet. */
function isOurs(record: ReencryptionRecord, execution: string, versionId: string): boolean {
  const { state } = record;
  return record.execution === undefined
    ? state === 'due' && record.versionId === versionId
    : record.execution === execution && (state === 'due' || state === 'active');
}
