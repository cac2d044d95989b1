/**
 * finishSecret: promotes the tested value, by compare-and-swap.
 *
 * The states it can meet:
 * 1. T is AWSCURRENT            → an earlier run promoted it: only the tail is done (date label carried
 *                                 over, AWSPENDING taken off), 'unchanged'
 * 2. testSecret not succeeded   → out of order
 * 3. AWSCURRENT is not the base → given up: pinned if the target accepts it, AWSPENDING removed
 * 4. compromised material       → refused, AWSPENDING removed
 * 5. a lease of another token   → refused
 * 6. otherwise                  → escrow, where the room has one; AfterRotation is due; date label;
 *                                 AWSCURRENT moves; tail; labels leave what holds a key that left
 *
 * The order matters at every crash point: the AfterRotation record exists before anybody can hear of the
 * new version, and new or restored material never stands without the date it is aged by.
 */

import type { RotationRecord } from '../../../domain/events/control-records.ts';
import { currentVersion, dateLabelsOf, previousVersion } from '../../../domain/policy/labels.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import {
  attachDateLabel,
  carriedOver,
  type DateLabelMove,
  dateLabelMove,
  leaveOldestDates,
} from '../date-label.ts';
import { escrowPending } from '../escrow-pending.ts';
import { removeLeftovers } from '../leftovers.ts';
import { assertNoForeignLease, leaseHasEnded, type Run, readVersions, rotationOf } from '../run.ts';
import { clearPending, giveUp } from '../staging.ts';
import { assertBase, recordAfter, refuseCompromised } from './set-secret.ts';

export async function finishSecret<Value>(run: Run<Value>): Promise<'finished'> {
  const record = await recordAfter(run, 'finishSecret', 'testSecret');
  await assertBase(run, record);
  const versions = await readVersions(run, record.intent);
  const pending = run.strategy.material(versions.pending as Value);
  const current = versions.current && run.strategy.material(versions.current);
  await refuseCompromised(run, pending, current);
  await assertNoForeignLease(run);
  await escrowPending(run, record);

  const { published } = pending;
  await run.doors.controlTable.putAfterRotation(run.environment.SECRET_NAME, {
    versionId: run.token,
    state: 'due',
    intent: record.intent,
    basedOn: record.basedOn,
    ...(published && { publishedKid: published }),
    ...(pending.primary && { primary: pending.primary }),
    ...(current?.primary && { replaced: current.primary }),
    ...(record.owner && { owner: record.owner }),
    at: run.now.toISOString(),
  });

  const label = await dateLabelMove(run, pending, current);
  if (label?.when === 'beforePromotion') {
    await attachDateLabel(run, label);
  }
  // Asked as late as possible: an emergency may have taken the lease since this step began.
  try {
    await assertNoForeignLease(run);
  } catch (error) {
    await forgetAfterRotation(run);
    throw error;
  }
  await promote(run, record);
  await tail(run, label?.when === 'afterPromotion' ? label : undefined);
  await removeLeftovers(run, versions.pending as Value);
  return 'finished';
}

/**
 * State 1: the answer to the promotion was lost, or the function died right after it. Or somebody moved AWSCURRENT to
 * T by hand: then AWSPREVIOUS is no version that T follows, and keeps its date, which may be its last label.
 */
export async function finishPromoted<Value>(run: Run<Value>): Promise<'unchanged'> {
  const { doors, environment, token } = run;
  const stages = run.description.versionIdsToStages;
  const isDated = dateLabelsOf(token, stages).length > 0;
  const record = isDated
    ? undefined
    : await doors.controlTable.getRotation(environment.SECRET_NAME, token);
  const follows = !isDated && record?.basedOn === previousVersion(stages);
  await tail(run, follows ? carriedOver(run) : undefined);
  await removeLeftovers(run);
  return 'unchanged';
}

/**
 * `RemoveFromVersionId` is the compare: the call fails when AWSCURRENT is elsewhere
 * (API_UpdateSecretVersionStage). AWSPREVIOUS follows by itself.
 */
async function promote<Value>(run: Run<Value>, record: RotationRecord): Promise<void> {
  const { secretsManager } = run.doors;
  const { SECRET_ARN } = run.environment;
  const moved = await secretsManager.moveLabel({
    secretId: SECRET_ARN,
    label: 'AWSCURRENT',
    to: run.token,
    ...(record.basedOn && { from: record.basedOn }),
  });
  if (moved === 'moved') {
    return;
  }
  const description = await secretsManager.describe(SECRET_ARN);
  if (currentVersion(description.versionIdsToStages) === run.token) {
    return;
  }
  await forgetAfterRotation(run);
  const rotation = await rotationOf(run, record);
  await giveUp({ ...run, description }, record.basedOn, (strategy, pending) =>
    strategy.testSecret({ pending }, rotation),
  );
}

/** It never became current: nothing is due after it, and no key of it was ever in use. */
async function forgetAfterRotation<Value>({ doors, environment, token }: Run<Value>) {
  await doors.controlTable.removeAfterRotation(environment.SECRET_NAME, token);
}

/**
 * The service takes AWSPENDING off by itself when the rotation is over, in some recorded cases it does
 * not: both end states are right, so a failure here is told and nothing more.
 */
async function tail<Value>(run: Run<Value>, label: DateLabelMove | undefined): Promise<void> {
  if (label !== undefined) {
    await attachDateLabel(run, label);
  }
  try {
    await clearPending(run, run.token);
    await endOwnLease(run);
  } catch (error) {
    if (!(error instanceof AwsCallError)) {
      throw error;
    }
    run.doors.log.error('pendingLabelLeft', {
      secret: run.environment.SECRET_NAME,
      token: run.token,
      awsCode: error.awsCode,
    });
  }
  await leaveOldestDates(run);
}

/** The rotation the way was cleared for is promoted: from now on AfterRotation keeps others waiting. */
async function endOwnLease<Value>({ doors, environment, token, now }: Run<Value>): Promise<void> {
  const lease = await doors.controlTable.getLease(environment.SECRET_NAME);
  if (lease?.token === token && !leaseHasEnded(lease, now)) {
    const ended = { ...lease, expiresAt: now.toISOString() };
    await doors.controlTable.putLease(environment.SECRET_NAME, ended, (it) => it.token === token);
  }
}
