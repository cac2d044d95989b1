/**
 * After a wave: is every consumer of it well, by its record? If not, this stops, or goes back to what was in use
 * before; `domain/policy/roll-back.ts` says when.
 */
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import type { RolloutRecord } from '../../../domain/events/rollout.ts';
import { derivedToken } from '../../../domain/policy/derived-token.ts';
import { mayRollBack, type Unwell } from '../../../domain/policy/roll-back.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { NoAfterRotationError, RolloutFailedError } from '../errors.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { assertStillOurs } from '../still-ours.ts';

export async function judgeRollout(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName, versionId, rolledOutAs = versionId, round, maintenance } = progress;
  const records = await doors.rolloutRecords.getRollouts(secretName, rolledOutAs);
  const unwell = unwellOf(progress, records);
  if (unwell.length === 0) return { ...progress, well: true };

  const { published, inUse } = await versionsOf(doors, progress);
  const back = wayBack(published, inUse);
  const material = published.publishedKid ?? inUse.primary ?? inUse.versionId;
  const token = derivedToken('rollback', secretName, inUse.versionId, material);
  const failed = await doors.rolloutRecords.getFailed(secretName, material);
  const decision = mayRollBack({
    intent: published.intent,
    onFailure: (await doors.manifest()).rollout?.onFailure ?? 'stop',
    maintenance,
    unwell,
    restored: back,
    compromised: await doors.controlTable.getCompromised(secretName),
    // This very rollback was begun before: it goes on.
    rolledBackBefore: failed !== undefined && failed.rollback !== token,
  });
  if (!decision.rollBack || back === undefined) {
    const because = decision.rollBack ? 'there is nothing to go back to' : decision.because;
    throw new RolloutFailedError(round ?? '', told(unwell), because);
  }
  const { consumer, reason } = decision;
  doors.log.error('rolling-back', { secret: secretName, versionId, consumer, round, reason });
  return {
    ...progress,
    well: false,
    rollBack: {
      token,
      restoreVersionId: back.versionId,
      from: inUse.versionId,
      material,
      consumer,
      reason: `consumer ${consumer}: ${reason}`.slice(0, 512),
    },
  };
}

/** Whoever has no record that says healthy is not, whatever the execution said. */
function unwellOf(
  { round, wave, results = [] }: Progress,
  records: readonly RolloutRecord[],
): Unwell[] {
  return (wave?.consumers ?? []).flatMap(({ consumer }) => {
    const own = records.filter((record) => record.consumer === consumer);
    const record = own.find((candidate) => candidate.round === round);
    if (record?.state === 'healthy') return [];
    const error = results.find((result) => result.consumer === consumer)?.error;
    // Not even started: what is recorded is of the time before a person resumed it, and says nothing of now.
    if (error?.startsWith('StepFunctions.')) return [{ consumer, state: 'failed', reason: error }];
    // It is asked before its first round only.
    const known = own.find(({ wasHealthy }) => wasHealthy !== undefined);
    return [
      {
        consumer,
        state: record?.state ?? 'failed',
        wasHealthy: record?.wasHealthy ?? known?.wasHealthy,
        reason:
          record?.reason ?? error ?? `its rollout ended, and its record says ${record?.state}`,
      },
    ];
  });
}

const told = (unwell: readonly Unwell[]): string =>
  unwell
    .map(({ consumer, reason }) => `consumer ${consumer}: ${reason}`)
    .join('; ')
    .slice(0, 640);

async function versionsOf(
  { controlTable }: Pick<AfterRotationDoors, 'controlTable'>,
  { secretName, versionId, activation }: Progress,
): Promise<{ published: AfterRotationRecord; inUse: AfterRotationRecord }> {
  const published = await controlTable.getAfterRotation(secretName, versionId);
  if (published === undefined) throw new NoAfterRotationError(secretName, versionId);
  const activated =
    activation === null ? undefined : await controlTable.getAfterRotation(secretName, activation);
  return { published, inUse: activated ?? published };
}

/** While a key is only published the primary one stays; later it is the one that was replaced. */
function wayBack(
  published: AfterRotationRecord,
  inUse: AfterRotationRecord,
): { versionId: string; material: string } | undefined {
  const isOnlyPublished = inUse === published && published.publishedKid !== undefined;
  const material = isOnlyPublished ? published.primary : inUse.replaced;
  return inUse.basedOn === null || material === undefined
    ? undefined
    : { versionId: inUse.basedOn, material };
}
