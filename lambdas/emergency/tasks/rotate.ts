/**
 * RotateSecret, once the way is cleared: of a preemption that failed it is told, and no more, because most often there
 * was nothing in the way.
 */
import * as z from 'zod';
import { preemptedSchema } from '../../../domain/events/preempt-operation.ts';
import { rotationInProgress } from '../../../domain/policy/labels.ts';
import type { EmergencyDoors } from '../doors.ts';
import { RotationInTheWayError } from '../errors.ts';
import {
  type AskedProgress,
  askedProgressSchema,
  caughtErrorSchema,
  reasonOf,
} from '../progress.ts';
import { evidenceOf } from '../stages.ts';
import { change } from './prepare.ts';

const mostTries = 6;
const schema = askedProgressSchema.extend({
  preempt: z.union([z.object({ answer: preemptedSchema }), caughtErrorSchema]),
});

export async function rotate(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<AskedProgress & { asked: boolean; waitSeconds: number }> {
  const { preempt, ...progress } = schema.parse(given);
  const { id, key, token, secretArn, secretName } = progress;
  const evidence =
    'answer' in preempt ? [] : [evidenceOf('wayNotCleared', { detail: reasonOf(preempt) })];
  const preempted = 'answer' in preempt ? preempt.answer.preempted : undefined;
  const { versionIdsToStages } = await doors.secretsManager.describe(secretArn);
  // An answer that was lost, or a second run of this task: what the token does with a second request is not documented.
  const isAsked = versionIdsToStages[token] !== undefined;
  const answer = isAsked
    ? 'started'
    : await doors.secretsManager.rotate({ secretId: secretArn, clientRequestToken: token });
  await change(doors, id, key, (standing) => ({
    ...standing,
    ...(answer === 'started' && {
      state: 'asked' as const,
      askedAt: standing.askedAt ?? doors.clock.now().toISOString(),
    }),
    ...(preempted !== undefined && { preempted }),
    evidence: [...standing.evidence.filter(({ fact }) => fact !== 'wayNotCleared'), ...evidence],
  }));
  if (answer === 'started') {
    return { ...progress, asked: true, looks: 0, waitSeconds: 2 };
  }
  const tries = progress.tries + 1;
  if (tries >= mostTries) {
    throw new RotationInTheWayError(secretName, rotationInProgress(versionIdsToStages), tries);
  }
  return { ...progress, tries, asked: false, waitSeconds: 5 };
}
