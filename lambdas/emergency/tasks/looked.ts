/** A drill: what the secret's own function found when it looked, and what its role may do. */
import * as z from 'zod';
import type { Evidence } from '../../../domain/events/control-records.ts';
import { type Diagnosis, diagnosisSchema } from '../../../domain/events/diagnosis.ts';
import type { EmergencyDoors } from '../doors.ts';
import { rightsOfRotation } from '../drill/rotation-rights.ts';
import { askedProgressSchema, caughtErrorSchema, type Progress, reasonOf } from '../progress.ts';
import { evidenceOf } from '../stages.ts';
import { change } from './prepare.ts';

const schema = askedProgressSchema.extend({
  look: z.union([z.object({ answer: diagnosisSchema }), caughtErrorSchema]),
});

export async function looked(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Progress & { key: string }> {
  const { id, drill, key, look, secretArn, function: functionName } = schema.parse(given);
  const evidence = [
    ...('answer' in look
      ? factsOf(look.answer)
      : [evidenceOf('functionFailed', { ok: false, detail: reasonOf(look) })]),
    ...(await rightsOfRotation(doors, { function: functionName }, secretArn)),
  ];
  await change(doors, id, key, (standing) => ({
    ...standing,
    state: standing.state === 'person' ? 'person' : 'checked',
    evidence,
  }));
  return { id, drill, key };
}

function factsOf({ reaches, versions, target }: Diagnosis): Evidence[] {
  const current = versions.find(({ labels }) => labels.includes('AWSCURRENT'));
  const admin = target && {
    role: target.admin,
    detail: target.problem && `${target.problem.code}: ${target.problem.message}`,
  };
  return [
    ...reaches.map(({ service, problem, milliseconds }) =>
      evidenceOf('serviceAnswers', {
        ok: problem === undefined,
        service,
        milliseconds,
        detail: problem && `${problem.code}: ${problem.message}`,
      }),
    ),
    ...(current === undefined
      ? [evidenceOf('currentMissing', { ok: false })]
      : current.attempts === undefined
        ? // A new secret holds a marker until its first rotation: nothing of it can have leaked.
          [evidenceOf('currentNotTried', { ok: current.value === 'marker', value: current.value })]
        : current.attempts.map(({ at, answer, problem, milliseconds }) =>
            evidenceOf('currentAccepted', {
              ok: answer === 'accepted',
              at,
              milliseconds,
              detail: problem && `${problem.code}: ${problem.message}`,
            }),
          )),
    ...(admin === undefined
      ? []
      : [evidenceOf('adminAnswers', { ok: admin.detail === undefined, ...admin })]),
    ...(target?.findings ?? [])
      .filter(({ level }) => level === 'blocks')
      .map(({ code, message }) =>
        evidenceOf('targetFinding', { ok: false, code, detail: message }),
      ),
  ];
}
