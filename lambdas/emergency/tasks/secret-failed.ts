/** One secret failed: it is noted, the others go on. */
import * as z from 'zod';
import { readAs } from '../../../domain/events/read-as.ts';
import type { EmergencyDoors } from '../doors.ts';
import { caughtErrorSchema, type Progress, progressSchema, reasonOf } from '../progress.ts';
import { change } from './prepare.ts';

const schema = progressSchema.extend({ key: z.string(), error: z.unknown() });

export async function secretFailed(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress & { key: string }> {
  const { id, drill, key, error } = schema.parse(given);
  const caught = readAs(caughtErrorSchema, error);
  const reason = caught.success ? reasonOf(caught.data) : 'it failed, and nothing says why';
  await change(doors, id, key, (standing) =>
    // It may have ended, and its answer have been lost.
    standing.state === 'proven' ? standing : { ...standing, state: 'failed', reason },
  );
  doors.log.error('secret-failed', { emergency: id, key, reason });
  return { id, drill, key };
}
