/** Everybody else is told, once; of a drill those who act on what it found. */
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import { hasRead } from '../../../domain/reports/incident/readers.ts';
import type { EmergencyDoors } from '../doors.ts';
import { drilledOf, openStages } from '../ending.ts';
import { auditOf } from '../incident.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, laterOf, openStage } from '../stages.ts';
import { tell as send } from '../tell.ts';

export async function tell(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { id } = progress;
  const stage = await openStage(doors, id, 'tell');
  if (isOver(stage)) return progress;
  const record = await emergencyOf(doors, id);
  const failedStages = openStages(await doors.records.getStages(id), ['tell']);
  const phase = failedStages.length === 0 ? 'closed' : 'incomplete';
  // When everything else was over.
  const endedAt = laterOf(record.startedAt, stage.startedAt);
  await send(doors, record, { phase, failedStages, endedAt, more: await moreOf(doors, id) });
  await closeStage(doors, id, 'tell', { state: 'done', evidence: [evidenceOf('told', { phase })] });
  return progress;
}

/** Who read, and of a drill what it found. */
export async function moreOf(doors: EmergencyDoors, id: string): Promise<Partial<EmergencyEvent>> {
  const record = await emergencyOf(doors, id);
  const audit = await auditOf(doors, id);
  const drilled = await drilledOf(doors, record);
  return {
    ...('missing' in audit ? {} : readersIn(audit)),
    ...(drilled && {
      findings: drilled.findings,
      expected: {
        deadWithinSeconds: drilled.deadWithinSeconds,
        overWithinSeconds: drilled.overWithinSeconds,
      },
    }),
  };
}

function readersIn({
  readers,
  moreReaders,
}: Exclude<Awaited<ReturnType<typeof auditOf>>, { missing: string }>): Partial<EmergencyEvent> {
  const unknown = readers.filter(({ standing }) => standing === 'unknown');
  const some = unknown.filter(hasRead).length;
  const ofNew = unknown.filter(({ readNew }) => readNew).length;
  // Whoever did not fit into the list may be one of them: then there is no saying that there is none.
  const isKnown = (count: number) => count > 0 || moreReaders === 0;
  return {
    ...(isKnown(some) && { unknownReaders: some }),
    ...(isKnown(ofNew) && { unknownReadersOfNew: ofNew }),
  };
}
