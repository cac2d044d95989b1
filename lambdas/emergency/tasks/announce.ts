/** Security is told, and nobody else: whoever holds what leaked may read the other channels. */
import type { EmergencyDoors } from '../doors.ts';
import { rightsOfRoles } from '../drill/roles.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';
import { tell } from '../tell.ts';

export async function announce(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { id, drill } = progress;
  if (isOver(await openStage(doors, id, 'announce'))) return progress;
  const record = await emergencyOf(doors, id);
  if (drill) {
    // Nobody is told of a drill before it ends; whether the machine could do what it is for is asked first.
    const evidence = await rightsOfRoles(doors, execution, record);
    await closeStage(doors, id, 'announce', { state: 'done', evidence });
    return progress;
  }
  await tell(doors, record);
  await closeStage(doors, id, 'announce', {
    state: 'done',
    evidence: [evidenceOf('told', { audience: 'security' })],
  });
  return progress;
}
