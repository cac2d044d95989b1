/** What a drill does about rights: IAM is asked what a role may do, by the policies that stand now. */
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { evidenceOf } from '../stages.ts';
import type { Question } from './requests.ts';

/** One fact for everything that a role may do, and one for each thing that it may not. */
export async function rightsOf(
  { simulation }: Pick<EmergencyDoors, 'simulation'>,
  role: string,
  questions: readonly Question[],
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  let held = 0;
  for (const question of questions) {
    if (question.resources.length === 0) continue;
    try {
      for (const { action, resource, decision } of await simulation.simulate({
        principal: role,
        ...question,
      })) {
        if (decision === 'allowed') held += 1;
        else
          evidence.push(
            evidenceOf('rightMissing', { ok: false, role, action, resource, decision }),
          );
      }
    } catch (error) {
      evidence.push(evidenceOf('rightsNotKnown', { ok: false, role, detail: nameOf(error) }));
    }
  }
  return [evidenceOf('rightsHeld', { role, rights: held }), ...evidence];
}
