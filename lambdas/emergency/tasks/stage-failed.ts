/** A stage failed: it is noted, and the next one follows. */
import * as z from 'zod';
import { emergencyStageSchema } from '../../../domain/events/emergency.ts';
import { readAs } from '../../../domain/events/read-as.ts';
import type { EmergencyDoors } from '../doors.ts';
import { caughtErrorSchema, type Progress, progressSchema, reasonOf } from '../progress.ts';
import { closeStage, isOver } from '../stages.ts';

const schema = progressSchema.extend({
  stage: emergencyStageSchema,
  error: z.union([caughtErrorSchema, z.unknown()]),
});

export async function stageFailed(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress & { stage: string }> {
  const { id, drill, stage, error } = schema.parse(given);
  const caught = readAs(caughtErrorSchema, error);
  const reason = caught.success ? reasonOf(caught.data) : 'it failed, and nothing says why';
  // It may have ended, and its answer have been lost.
  if (!isOver(await doors.records.getStage(id, stage))) {
    await closeStage(doors, id, stage, { state: 'failed', reason });
  }
  return { id, drill, stage };
}
