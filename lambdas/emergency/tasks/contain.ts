/**
 * Who took a value would be handed the new one as well. Suspects are denied every secret of the deployment, in its
 * resource policy; then what sessions their roles have is worth nothing. In this order: a session that is issued after
 * the cut meets the deny.
 *
 * Both stay until they are lifted (tasks/lift.ts). Why no key policy is written: docs/decisions/0014-containment.md.
 */
import { secretNames } from '../../../domain/config/manifest.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyDoors } from '../doors.ts';
import { ContainmentError } from '../errors.ts';
import { nameOf } from '../name-of.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

export const isRole = (arn: string): boolean => /^arn:[^:]+:iam::\d{12}:role\//.test(arn);

export async function contain(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { id, drill } = progress;
  const { suspects } = await emergencyOf(doors, id);
  const stage = await openStage(doors, id, 'contain');
  if (isOver(stage)) return progress;
  if (suspects.length === 0 || drill) {
    const reason = drill && suspects.length > 0 ? 'a drill denies nobody' : 'no suspects are named';
    await closeStage(doors, id, 'contain', { state: 'skipped', reason });
    return progress;
  }

  const evidence: Evidence[] = [];
  const failed: string[] = [];
  const done = async (
    fact: string,
    detail: Record<string, string>,
    work: () => Promise<unknown>,
  ) => {
    try {
      await work();
      evidence.push(evidenceOf(fact, detail));
    } catch (error) {
      failed.push(`${Object.values(detail).join(', ')}: ${nameOf(error)}`);
    }
  };
  const names = [...secretNames(await doors.manifest())];
  await Promise.all(
    names.map((name) =>
      done('suspectsDenied', { secret: name }, () => doors.containment.deny(name, id, suspects)),
    ),
  );
  for (const suspect of suspects) {
    if (isRole(suspect)) {
      // The same instant in every run of this task: nobody who came back legitimately is thrown out twice.
      await done('sessionsRevoked', { principal: suspect, before: stage.startedAt }, () =>
        doors.sessions.revoke(suspect, id, new Date(stage.startedAt)),
      );
    } else {
      // Keys of a user are no session; deactivating them is its owners' (aws iam update-access-key).
      evidence.push(evidenceOf('noSessionsToRevoke', { principal: suspect }));
    }
  }
  if (failed.length > 0) {
    await doors.records.updateStage(
      id,
      'contain',
      (standing) => standing && { ...standing, evidence },
    );
    throw new ContainmentError(failed);
  }
  await closeStage(doors, id, 'contain', { state: 'done', evidence });
  return progress;
}
