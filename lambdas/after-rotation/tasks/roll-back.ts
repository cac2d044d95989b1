/**
 * Back to what was in use before, by a rotation like every other one: intent rollback, and a token that follows from
 * the version that is rolled back from and its material. So every task here may run any number of times, and there
 * is one rollback.
 *
 * prepareRollBack   on record, in this order: the material has failed (never again from that by itself), the hold
 *                   (the schedule leaves the secret alone), the intent
 * (preempt)         the secret's own function clears the way, and stops this AfterRotation by its record
 * rollBack          RotateSecret
 * rolledBack        is it AWSCURRENT? It has an AfterRotation of its own then
 */
import {
  currentVersion,
  pendingVersion,
  rotationInProgress,
} from '../../../domain/policy/labels.ts';
import { preflight } from '../../../domain/policy/preflight.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { NoAfterRotationError, RollBackRefusedError } from '../errors.ts';
import { type Progress, progressSchema, type RollBack } from '../progress.ts';
import { rotatingSecret } from '../rotating-secret.ts';
import { assertStillOurs } from '../still-ours.ts';
import { maximumPolls } from './settled.ts';

/** Looks without AWSPENDING on the rollback, 5 seconds apart. */
const patience = 6;

export async function prepareRollBack(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const { progress, rollBack: back } = parse(given);
  await assertStillOurs(doors, execution, progress);
  const { secretName } = progress;
  const { controlTable, rolloutRecords, clock } = doors;
  const now = clock.now();
  const at = now.toISOString();
  const { token, material, consumer, reason, from, restoreVersionId } = back;
  const failed = await rolloutRecords.putFailed(secretName, {
    material,
    versionId: from,
    rollback: token,
    consumer,
    reason,
    at,
  });
  if (failed.rollback !== token) {
    throw new RollBackRefusedError(
      `${material} was rolled back from by version ${failed.rollback} at ${failed.at}; expected that to happen once`,
    );
  }
  await hold(doors, secretName, reason, now);
  await controlTable.putIntent(secretName, {
    intent: 'rollback',
    token,
    requestedBy: 'after-rotation',
    reason,
    at,
    restoreVersionId,
  });
  return { ...progress, settled: false, polls: 0 };
}

/** One that lasts longer stays. */
async function hold(
  { controlTable, manifest }: Pick<AfterRotationDoors, 'controlTable' | 'manifest'>,
  secretName: string,
  reason: string,
  now: Date,
): Promise<void> {
  const seconds = (await manifest()).rollout?.holdSeconds ?? 0;
  const until = new Date(now.getTime() + seconds * 1000);
  const standing = await controlTable.getHold(secretName);
  if (standing !== undefined && new Date(standing.until) >= until) return;
  await controlTable.putHold(secretName, {
    reason: `rolled back: ${reason}`,
    at: now.toISOString(),
    until: until.toISOString(),
  });
}

export async function rollBack(
  doors: AfterRotationDoors,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const { progress, rollBack: back } = parse(given);
  const { secretArn, secretName } = progress;
  const { token, from } = back;
  const description = await doors.secretsManager.describe(secretArn);
  const stages = description.versionIdsToStages;
  const current = currentVersion(stages);
  if (current === token || pendingVersion(stages) === token) return progress;
  if (current !== from) {
    throw new RollBackRefusedError(
      `AWSCURRENT is ${current ?? 'absent'}; expected ${from}, which was to be rolled back from`,
    );
  }
  const refusal = preflight({
    intent: 'rollback',
    armed: rotatingSecret(await doors.manifest(), secretName).armed,
    describe: description,
    token,
    lease: await doors.controlTable.getLease(secretName),
    now: doors.clock.now(),
  });
  if (refusal !== undefined) {
    throw new RollBackRefusedError(`${refusal.code}: ${refusal.message}`);
  }
  const answer = await doors.secretsManager.rotate({
    secretId: secretArn,
    clientRequestToken: token,
  });
  if (answer === 'inProgress') {
    const found = (await doors.secretsManager.describe(secretArn)).versionIdsToStages;
    if (pendingVersion(found) !== token && currentVersion(found) !== token) {
      throw new RollBackRefusedError(
        `rotation ${rotationInProgress(found) ?? 'of another token'} is in progress; expected none after the way was cleared`,
      );
    }
  }
  return progress;
}

export async function rolledBack(
  doors: AfterRotationDoors,
  _execution: string,
  given: unknown,
): Promise<Progress> {
  const { progress, rollBack: back } = parse(given);
  const { secretArn, secretName } = progress;
  const { token } = back;
  const stages = (await doors.secretsManager.describe(secretArn)).versionIdsToStages;
  if (currentVersion(stages) === token) return { ...progress, settled: true };
  const polls = progress.polls + 1;
  const isPending = pendingVersion(stages) === token;
  // Labels are shown a moment later (API_DescribeSecret is eventually consistent); without its label it is given up.
  if (polls < (isPending ? maximumPolls : patience)) return { ...progress, settled: false, polls };
  const failure = (await doors.controlTable.getRotation(secretName, token))?.failure;
  const why =
    failure === undefined
      ? 'left no word'
      : `failed in ${failure.step}: ${failure.code}: ${failure.message}`;
  throw new RollBackRefusedError(
    isPending
      ? `The rollback ${token} is not promoted after ${polls} looks and ${why}; Secrets Manager repeats it`
      : `The rollback ${token} was given up and ${why}`,
  );
}

function parse(given: unknown): { progress: Progress; rollBack: RollBack } {
  const progress = progressSchema.parse(given);
  if (progress.rollBack === undefined) {
    throw new NoAfterRotationError(progress.secretName, progress.versionId);
  }
  return { progress, rollBack: progress.rollBack };
}
