/**
 * Closes the record: everything is done, or an execution under the same id goes on with what is not. The report is
 * written once more, so that it tells how it ended; where that fails, the one before stands.
 */
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import { releaseSecrets } from '../claims.ts';
import type { EmergencyDoors } from '../doors.ts';
import { drilledOf, openStages } from '../ending.ts';
import { reportKey, storeReport } from '../incident.ts';
import { nameOf } from '../name-of.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { laterOf } from '../stages.ts';

export async function end(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Progress & { closed: boolean }> {
  const { id, drill } = progressSchema.parse(given);
  const standing = await emergencyOf(doors, id);
  // Its answer was lost: it is over.
  if (standing.state !== 'running' || standing.execution !== execution) {
    return { id, drill, closed: standing.state === 'closed' };
  }
  const open = openStages(await doors.records.getStages(id));
  const state = open.length === 0 ? 'closed' : 'incomplete';
  const endedAt = laterOf(standing.startedAt, doors.clock.now().toISOString());
  const { ended: _ended, ...rest } = standing;
  const ended: EmergencyRecord = { ...rest, state, endedAt };
  const drilled = await drilledOf(doors, standing);
  const report = await reported(doors, ended, drilled);
  if (drilled !== undefined) await doors.records.putDrilled(drilled);
  await releaseSecrets(doors, id);
  await doors.records.updateEmergency(id, (found) =>
    found?.execution === execution ? { ...ended, ...report } : undefined,
  );
  doors.log[state === 'closed' ? 'info' : 'error']('emergency-ended', {
    emergency: id,
    state,
    open,
  });
  return { id, drill, closed: state === 'closed' };
}

export async function reported(
  doors: EmergencyDoors,
  record: EmergencyRecord,
  drilled: Awaited<ReturnType<typeof drilledOf>>,
): Promise<Pick<EmergencyRecord, 'report'>> {
  try {
    await storeReport(doors, record, drilled);
    const at = doors.clock.now().toISOString();
    return { report: { bucket: doors.incidents.bucket, key: reportKey(record.id), at } };
  } catch (error) {
    doors.log.error('report-not-written', { emergency: record.id, error: nameOf(error) });
    return record.report === undefined ? {} : { report: record.report };
  }
}
