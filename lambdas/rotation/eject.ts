/**
 * Takes a secret out of rotation for good and leaves a value that any application reads: AWSCURRENT and
 * AWSPREVIOUS stay as they are; our labels (dates, pin) and the rotation go.
 *
 * Refused while something of a rotation is still to be done, while AWSCURRENT lacks a key that an earlier
 * value holds, and while a pinned credential may be the only one that works. In this order, each repeatable:
 * 1. a lease: from now on the core refuses every rotation, so none begins between the checks and the end
 * 2. the rotation is switched off (CancelRotateSecret), its native rule with it
 * 3. the labels are removed, the date of AWSCURRENT last: a crash leaves a secret that still has its age
 */
import { pinLabel } from '../../domain/config/names.ts';
import type { LeaseRecord } from '../../domain/events/control-records.ts';
import { type EjectAnswer, ejectRequestSchema } from '../../domain/events/eject-operation.ts';
import { readAs } from '../../domain/events/read-as.ts';
import {
  currentVersion,
  dateLabelsOf,
  type VersionIdsToStages,
  versionWith,
} from '../../domain/policy/labels.ts';
import { preflight } from '../../domain/policy/preflight.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { InvalidRotationEventError, RotationRefusedError } from './errors.ts';
import {
  leaseHasEnded,
  type Room,
  type Run,
  readVersion,
  reencryptionOf,
  trialRotation,
} from './run.ts';

export interface EjectableRoom<Value> extends Room<Value> {
  /** Kinds whose earlier keys stay in use. @throws when AWSCURRENT lacks a key of the others */
  assertHoldsEveryKey?: (current: Value, others: readonly Value[]) => void;
}

/** Long enough for the calls below, short enough to wait for after a crash. */
const leaseMinutes = 5;

export async function eject<Value>(
  room: EjectableRoom<Value>,
  input: unknown,
): Promise<EjectAnswer> {
  const parsed = readAs(ejectRequestSchema, input);
  if (!parsed.success) {
    throw new InvalidRotationEventError('is no eject operation { requestedBy, dryRun }');
  }
  const { requestedBy, dryRun } = parsed.data;
  if (dryRun) {
    return plan(room, undefined);
  }
  const { controlTable, secretsManager, log } = room.doors;
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  await plan(room, undefined);
  const token = `eject-${(await room.doors.localRandom.bytes(16)).toString('hex')}`;
  const lease = { token, owner: `eject by ${requestedBy}`.slice(0, 256) };
  const taken = { ...lease, ...until(room, leaseMinutes) };
  const now = room.doors.clock.now();
  const standing = await controlTable.putLease(SECRET_NAME, taken, (it) => leaseHasEnded(it, now));
  if (standing !== undefined) {
    throw leaseTaken(standing, SECRET_NAME);
  }
  try {
    const ejected = await plan(room, token);
    await switchOff(room);
    for (const { versionId, label } of ejected.labels) {
      await assertOwnLease(room, token);
      await secretsManager.moveLabel({ secretId: SECRET_ARN, label, from: versionId });
    }
    // A RotateSecret in between was refused by the lease, but it switched the rotation on again.
    await assertOwnLease(room, token);
    await switchOff(room);
    log.info('ejected', { secret: SECRET_NAME, requestedBy, labels: ejected.labels.length });
    return { ...ejected, done: true };
  } finally {
    const ended = { ...lease, ...until(room, 0) };
    await controlTable.putLease(SECRET_NAME, ended, (standing) => standing.token === token);
  }
}

/**
 * An emergency or a rollback takes the lease from whoever holds it. It goes on, and this ends: switched off in the
 * middle, it would leave a role without LOGIN.
 * @throws RotationRefusedError
 */
async function assertOwnLease({ doors, environment }: Room<unknown>, token: string): Promise<void> {
  const lease = await doors.controlTable.getLease(environment.SECRET_NAME);
  if (lease?.token !== token) {
    throw leaseTaken(lease, environment.SECRET_NAME);
  }
}

function leaseTaken(lease: LeaseRecord | undefined, secretName: string): RotationRefusedError {
  return new RotationRefusedError(
    'ERR_ROTATION_LEASED',
    `${lease?.owner ?? 'Somebody'} took the lease of ${secretName} while it was ejected; expected it to stay. Some of our labels may be removed, the values are as they were. Eject again when that rotation is over.`,
  );
}

async function switchOff({ doors, environment }: Room<unknown>): Promise<void> {
  const { rotationEnabled } = await doors.secretsManager.describe(environment.SECRET_ARN);
  if (rotationEnabled) {
    await doors.secretsManager.cancelRotation(environment.SECRET_ARN);
  }
}

function until({ doors }: Room<unknown>, minutes: number): { at: string; expiresAt: string } {
  const now = doors.clock.now();
  return {
    at: now.toISOString(),
    expiresAt: new Date(now.getTime() + minutes * 60_000).toISOString(),
  };
}

/** @throws RotationRefusedError, KeysetLostError */
async function plan<Value>(
  room: EjectableRoom<Value>,
  token: string | undefined,
): Promise<EjectAnswer> {
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  const description = await room.doors.secretsManager.describe(SECRET_ARN);
  const stages = description.versionIdsToStages;
  const versionId = currentVersion(stages);
  if (versionId === undefined) {
    throw new RotationRefusedError(
      'ERR_ROTATION_NO_CURRENT',
      `${SECRET_NAME} has no version labelled AWSCURRENT; expected one. There is nothing to leave behind.`,
    );
  }
  await refuseUnfinished(room, description, versionId, token);
  const current = await readVersion(room, versionId);
  const others: Value[] = [];
  for (const other of Object.keys(stages).filter((id) => id !== versionId)) {
    const value = await readVersion(room, other);
    if (value !== undefined) {
      others.push(value);
    }
  }
  if (current !== undefined) {
    room.assertHoldsEveryKey?.(current, others);
  }
  const accepted = current === undefined ? true : await test(room, description, current);
  const pinned = versionWith(pinLabel, stages);
  if (accepted !== true && pinned !== undefined && pinned !== versionId) {
    throw new RotationRefusedError(
      'ERR_ROTATION_PIN_NEEDED',
      `The target does not accept AWSCURRENT (${accepted}), and version ${pinned} is pinned because it may; expected AWSCURRENT to be accepted. Rotate, or roll back to ${pinned}, then eject.`,
    );
  }
  return {
    done: false,
    versionId,
    hasValue: current !== undefined,
    accepted,
    rotationEnabled: description.rotationEnabled,
    labels: ownLabels(stages, versionId),
  };
}

/** The preflight of a planned rotation, but neither armed nor enabled needs to be what leaves rotation. */
async function refuseUnfinished(
  room: Room<unknown>,
  { versionIdsToStages }: SecretDescription,
  versionId: string,
  token: string | undefined,
): Promise<void> {
  const { controlTable, clock } = room.doors;
  const { SECRET_NAME } = room.environment;
  const refusal = preflight({
    intent: 'planned',
    armed: true,
    describe: { rotationEnabled: true, versionIdsToStages },
    afterRotation: await controlTable.getAfterRotation(SECRET_NAME, versionId),
    lease: await controlTable.getLease(SECRET_NAME),
    reencryption: await reencryptionOf(room),
    token,
    now: clock.now(),
  });
  if (refusal !== undefined) {
    throw new RotationRefusedError(refusal.code, refusal.message);
  }
}

/** Free of effects, as testSecret is. */
async function test<Value>(
  room: Room<Value>,
  description: SecretDescription,
  current: Value,
): Promise<true | string> {
  const now = room.doors.clock.now();
  const token = currentVersion(description.versionIdsToStages) ?? '';
  const run: Run<Value> = { ...room, token, description, now, evidence: [] };
  const rotation = await trialRotation(run);
  try {
    await room.strategy.testSecret({ current }, rotation);
    return true;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? 'ERR_ROTATION_UNKNOWN');
  }
}

/** Those of AWSCURRENT last. */
function ownLabels(stages: VersionIdsToStages, current: string): EjectAnswer['labels'] {
  const versionIds = Object.keys(stages).filter((versionId) => versionId !== current);
  return [...versionIds, current].flatMap((versionId) => {
    const pins = (stages[versionId] ?? []).filter((label) => label === pinLabel);
    return [...pins, ...dateLabelsOf(versionId, stages)].map((label) => ({ versionId, label }));
  });
}
