/**
 * emergency: puts on record, before any consumer is touched, what became of what was in use before. Whoever waits for
 * that reads it there (`AfterRotationRecord.proof`); the audit event tells it again at the end.
 *
 *   database     what the rotation found, and what `proveOld` has
 *   jwt          every earlier key is revoked in the keyset that is AWSCURRENT: read back by testSecret, right before
 *   encryption   every earlier key opens and seals no more: the same
 *   userManaged  whoever issued the value revokes it; nothing here can look
 *
 * Where the role could not be closed, or the proxy does not let AWSCURRENT in, it is looked at all the same, and the
 * reason to stop is handed on.
 */
import * as z from 'zod';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type {
  AfterRotationRecord,
  Evidence,
  RotationRecord,
} from '../../../domain/events/control-records.ts';
import { currentVersion } from '../../../domain/policy/labels.ts';
import { aboutTheOld } from '../../../domain/policy/proven-dead.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { LostAfterRotationError, NoAfterRotationError, SupersededError } from '../errors.ts';
import { type Caught, caughtSchema, type Progress, progressSchema } from '../progress.ts';
import { rotatingSecret } from '../rotating-secret.ts';
import { assertStillOurs } from '../still-ours.ts';

const failedSchema = z.object({ error: caughtSchema.shape.error });

export async function recordProof(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress & Pick<Caught, 'error'>> {
  const progress = progressSchema.parse(given);
  const { error } = failedSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  await putProof(doors, execution, progress);
  // What is known is not looked at again: an endpoint is tried once.
  return { ...progress, proveOld: false, ...(error && { error }) };
}

/** @throws SupersededError, LostAfterRotationError */
export async function putProof(
  { controlTable, secretsManager, manifest, clock }: AfterRotationDoors,
  execution: string,
  progress: Pick<Progress, 'secretArn' | 'secretName' | 'versionId' | 'old' | 'retired'>,
): Promise<void> {
  const { secretArn, secretName, versionId } = progress;
  const secret = rotatingSecret(await manifest(), secretName);
  const current = currentVersion((await secretsManager.describe(secretArn)).versionIdsToStages);
  if (current !== versionId) throw new SupersededError(versionId, current);
  const after = await controlTable.getAfterRotation(secretName, versionId);
  const rotation = await controlTable.getRotation(secretName, versionId);
  if (after === undefined || rotation === undefined) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  const evidence = proofOf(secret, after, rotation, progress);
  const proven = { ...after, proof: { at: clock.now().toISOString(), evidence } };
  if (await controlTable.moveAfterRotation(secretName, ['running'], proven)) return;
  const found = await controlTable.getAfterRotation(secretName, versionId);
  const isOurs = found?.state === 'running' && found.execution === execution;
  if (!isOurs || found.proof === undefined) {
    throw new LostAfterRotationError(versionId, found?.state ?? 'absent');
  }
}

function proofOf(
  secret: RotatedManifestSecret,
  { replaced, basedOn }: Pick<AfterRotationRecord, 'replaced' | 'basedOn'>,
  { evidence }: Pick<RotationRecord, 'evidence'>,
  { old, retired }: Pick<Progress, 'old' | 'retired'>,
): Evidence[] {
  const found = [...aboutTheOld(evidence), ...closedRoles(retired), ...(old?.evidence ?? [])];
  if (found.length > 0) return found;
  // A value that was taken over as it was has no id of its own, so it is never named as what was replaced.
  const isFirst = basedOn === null || (replaced === undefined && secret.origin === 'new');
  if (isFirst) return [{ fact: 'nothingReplaced' }];
  return secret.kind === 'jwt' || secret.kind === 'encryption'
    ? [{ fact: 'oldKeysNotProven', detail: { reason: 'notRecorded' } }]
    : [
        {
          fact: 'oldCredentialNotProvenDead',
          detail: { reason: secret.kind === 'database' ? 'notAsked' : 'revokedWhereItIsIssued' },
        },
      ];
}

/** What `retireRole` has ended: of the leaked role, and of the identity. */
export const closedRoles = (retired: Progress['retired']): Evidence[] =>
  (retired?.answer.retired ?? []).map((detail) => ({ fact: 'sessionsEnded', detail }));
