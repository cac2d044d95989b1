/**
 * Takes back what `contain` did: the statements of this emergency, and the policies that revoke older sessions (those
 * have expired by themselves, or will). Everything may be taken back twice; what could not be is the task's error.
 */
import { secretNames } from '../../../domain/config/manifest.ts';
import type { EmergencyDoors } from '../doors.ts';
import { LiftError } from '../errors.ts';
import { nameOf } from '../name-of.ts';
import { progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { evidenceOf } from '../stages.ts';
import { isRole } from './contain.ts';

export async function lift(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<{ lifted: readonly string[] }> {
  const { id } = progressSchema.parse(given);
  const { suspects } = await emergencyOf(doors, id);
  const lifted: string[] = [];
  const failed: string[] = [];
  const attempt = async (what: string, work: () => Promise<boolean>) => {
    try {
      if (await work()) lifted.push(what);
    } catch (error) {
      failed.push(`${what}: ${nameOf(error)}`);
    }
  };
  const names = [...secretNames(await doors.manifest())];
  await Promise.all(names.map((name) => attempt(name, () => doors.containment.lift(name, id))));
  for (const suspect of suspects.filter(isRole)) {
    await attempt(suspect, () => doors.sessions.restore(suspect, id));
  }
  if (failed.length > 0) throw new LiftError(failed);
  await doors.records.updateStage(
    id,
    'contain',
    (standing) =>
      standing && {
        ...standing,
        evidence: [
          ...standing.evidence.filter(({ fact }) => fact !== 'containmentLifted'),
          evidenceOf('containmentLifted', { at: doors.clock.now().toISOString(), execution }),
        ],
      },
  );
  doors.log.info('lifted', { emergency: id, lifted });
  return { lifted };
}
