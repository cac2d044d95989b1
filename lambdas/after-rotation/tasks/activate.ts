/**
 * Asks for the rotation that makes the published key primary. The token follows from version and key, so
 * this task may run any number of times and there is one activation.
 */
import { currentVersion, pendingVersion } from '../../../domain/policy/labels.ts';
import { preflight } from '../../../domain/policy/preflight.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { ActivationRefusedError, NoAfterRotationError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { rotatingSecret } from '../rotating-secret.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function activate(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretArn, secretName, versionId, publishedKid, activation: token } = progress;
  if (publishedKid === null || token === null) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  const waiting = { ...progress, settled: false, polls: 0 };
  const description = await doors.secretsManager.describe(secretArn);
  const stages = description.versionIdsToStages;
  if (currentVersion(stages) === token || pendingVersion(stages) === token) return waiting;

  const now = doors.clock.now();
  const named = { versionId, kid: publishedKid };
  const refusal = preflight({
    intent: 'activate',
    armed: rotatingSecret(await doors.manifest(), secretName).armed,
    describe: description,
    token,
    activate: named,
    afterRotation: await doors.controlTable.getAfterRotation(secretName, versionId),
    lease: await doors.controlTable.getLease(secretName),
    now,
  });
  if (refusal !== undefined) throw new ActivationRefusedError(refusal.code, refusal.message);

  // The record first: the core takes a token without one for a planned rotation.
  await doors.controlTable.putIntent(secretName, {
    intent: 'activate',
    token,
    requestedBy: 'after-rotation',
    at: now.toISOString(),
    owner: execution,
    activate: named,
  });
  const answer = await doors.secretsManager.rotate({
    secretId: secretArn,
    clientRequestToken: token,
  });
  if (answer === 'inProgress') {
    const found = await doors.secretsManager.describe(secretArn);
    if (pendingVersion(found.versionIdsToStages) !== token) {
      throw new ActivationRefusedError(
        'ERR_ROTATION_IN_PROGRESS',
        `another rotation is in progress; expected none after version ${versionId} was closed. Resume when it has ended.`,
      );
    }
  }
  return waiting;
}
