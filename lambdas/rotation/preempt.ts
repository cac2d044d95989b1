/**
 * Clears the way for an emergency or a rollback: while AWSPENDING sits on a version that is not
 * AWSCURRENT, the service refuses every RotateSecret (API_RotateSecret), and a Lambda of the rotation in
 * flight may still be running.
 *
 * In this order, each of them repeatable:
 * 1. the lease: from now on the core refuses every token but the named one, whose promotion ends it. One that
 *    stands is taken over by an emergency alone, whose intent is recorded before this is called
 * 2. AWSCURRENT is another version than whoever asks knows: the lease ends, and nothing else is done. What follows an
 *    emergency that was promoted meanwhile goes on
 * 3. the secret's AfterRotation is stopped: its tasks go on only while their record says running
 * 4. a pending value that the target accepts, or may accept, is pinned. Nobody sets it meanwhile: setSecret may be on
 *    its way already, and what it sets after the target was asked would be in no labelled version
 * 5. the service's retries are cancelled (CancelRotateSecret leaves AWSPENDING where it is)
 * 6. AWSPENDING is taken away
 * 7. what follows its promotion is stopped, too: a finishSecret that had looked for a lease before this one stood may
 *    have promoted it since 2
 */
import * as z from 'zod';
import { tokenSchema } from '../../domain/events/control-records.ts';
import type { Preempted } from '../../domain/events/preempt-operation.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import type { AbandoningRoom } from './abandon.ts';
import { InvalidRotationEventError, RotationRefusedError } from './errors.ts';
import { leaseHasEnded, type Room, type Run, readCompanion, trialRotation } from './run.ts';
import { clearPending, pendingValue, pinIfAccepted } from './staging.ts';
import type { RotationStrategy } from './strategy.ts';

const preemptSchema = z.strictObject({
  operation: z.literal('preempt'),
  /** The rotation the way is cleared for: the only one let through until the lease ends. */
  token: tokenSchema,
  owner: z.string().min(1).max(256),
  minutes: z.number().int().min(1).max(720).default(60),
  /** AWSCURRENT, as whoever asks knows it: where it is another by now, somebody else was quicker. */
  current: z.string().min(1).max(64).optional(),
});

/** Of a lease that is no emergency's. */
const longestMinutes = 60;

export async function preempt<Value>(
  room: AbandoningRoom<Value>,
  input: unknown,
): Promise<Preempted> {
  const parsed = readAs(preemptSchema, input);
  if (!parsed.success) {
    throw new InvalidRotationEventError('is no preempt operation { token, owner, minutes? }');
  }
  const { token, owner, minutes, current: known } = parsed.data;
  const { secretsManager, clock } = room.doors;
  const { SECRET_ARN } = room.environment;
  const now = clock.now();

  await takeLease(room, { token, owner, minutes }, now);
  const description = await secretsManager.describe(SECRET_ARN);
  const current = currentVersion(description.versionIdsToStages);
  if (known !== undefined && current !== known) {
    await endLease(room, token, owner, now);
    throw new RotationRefusedError(
      'ERR_ROTATION_BASE_MOVED',
      `AWSCURRENT is ${current ?? 'absent'}; expected ${known}, which was looked at before. Another rotation was promoted meanwhile, and nothing was cleared. Look again.`,
    );
  }
  const stoppedAfterRotation = await stopAfterRotation(room, description.versionIdsToStages, owner);

  const pending = rotationInProgress(description.versionIdsToStages);
  if (pending === undefined || pending === token) {
    return { pinned: false, stoppedAfterRotation };
  }
  const run: Run<Value> = { ...room, token: pending, description, now, evidence: [] };
  const probe = async (strategy: RotationStrategy<Value>, value: Value) =>
    strategy.testSecret({ pending: value }, await trialRotation(run));
  const value = await pendingValue(room, pending);
  const pinned =
    value !== undefined &&
    (await undisturbed(room, value, () => pinIfAccepted(run, pending, probe, value)));
  await secretsManager.cancelRotation(SECRET_ARN);
  await clearPending(room, pending);
  const { versionIdsToStages } = await secretsManager.describe(SECRET_ARN);
  const stoppedPromoted =
    currentVersion(versionIdsToStages) === pending &&
    (await stopAfterRotation(room, versionIdsToStages, owner));
  return {
    preempted: pending,
    pinned,
    stoppedAfterRotation: stoppedAfterRotation || stoppedPromoted,
  };
}

async function undisturbed<Value>(
  room: AbandoningRoom<Value>,
  value: Value | 'unparsable',
  work: () => Promise<boolean>,
): Promise<boolean> {
  return value === 'unparsable' || room.undisturbed === undefined
    ? work()
    : room.undisturbed(value, (name) => readCompanion(room, name), work);
}

/**
 * Whoever may start a rotation may call this, IAM sees no payload: a lease that stands gives way to an
 * emergency alone, and nobody else holds a secret for longer than an hour.
 */
async function takeLease(
  { doors, environment }: Room<unknown>,
  { token, owner, minutes }: { token: string; owner: string; minutes: number },
  now: Date,
): Promise<void> {
  const { controlTable } = doors;
  const intent = await controlTable.getIntent(environment.SECRET_NAME, token);
  const emergency = intent?.intent === 'emergency';
  if (minutes > longestMinutes && !emergency) {
    throw new InvalidRotationEventError(
      `asks for a lease of ${minutes} minutes without an emergency recorded for its token (at most ${longestMinutes})`,
    );
  }
  const lease = {
    token,
    owner,
    at: now.toISOString(),
    expiresAt: new Date(now.getTime() + minutes * 60_000).toISOString(),
  };
  const standing = await controlTable.putLease(
    environment.SECRET_NAME,
    lease,
    (it) => it.token === token || emergency || leaseHasEnded(it, now),
  );
  if (standing !== undefined) {
    throw new RotationRefusedError(
      'ERR_ROTATION_LEASED',
      `${standing.owner} holds this secret for rotation ${standing.token} until ${standing.expiresAt}; expected no lease, or an emergency recorded for ${token}. Wait for it to end.`,
    );
  }
}

async function endLease(
  { doors, environment }: Room<unknown>,
  token: string,
  owner: string,
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  const ended = { token, owner, at, expiresAt: at };
  await doors.controlTable.putLease(environment.SECRET_NAME, ended, (it) => it.token === token);
}

async function stopAfterRotation(
  room: Room<unknown>,
  stages: Readonly<Record<string, readonly string[]>>,
  owner: string,
): Promise<boolean> {
  const { controlTable } = room.doors;
  const { SECRET_NAME } = room.environment;
  const current = currentVersion(stages);
  const record = current && (await controlTable.getAfterRotation(SECRET_NAME, current));
  if (!record) {
    return false;
  }
  return controlTable.moveAfterRotation(SECRET_NAME, ['due', 'running'], {
    ...record,
    state: 'stopped',
    reason: `preempted by ${owner}`,
  });
}
