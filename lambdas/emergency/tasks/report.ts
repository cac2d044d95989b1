/** The report is written and stored; the end writes it again, with what came after. */
import type { EmergencyDoors } from '../doors.ts';
import { drilledOf } from '../ending.ts';
import { reportKey, storeReport } from '../incident.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

export async function report(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { id } = progress;
  if (isOver(await openStage(doors, id, 'report'))) return progress;
  const record = await emergencyOf(doors, id);
  await storeReport(doors, record, await drilledOf(doors, record));
  const { bucket } = doors.incidents;
  const at = doors.clock.now().toISOString();
  await doors.records.updateEmergency(
    id,
    (standing) => standing && { ...standing, report: { bucket, key: reportKey(id), at } },
  );
  await closeStage(doors, id, 'report', {
    state: 'done',
    evidence: [evidenceOf('reportStored', { bucket, key: reportKey(id) })],
  });
  return progress;
}
