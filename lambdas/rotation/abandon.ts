/**
 * Operation `abandon`: takes AWSPENDING away from a rotation that is stuck, so that the next one is not answered "A
 * previous rotation isn't complete". A value that the target accepts, or may accept, is never dropped.
 *
 * 1. AWSPENDING is elsewhere        → nothing to do
 * 2. it is on AWSCURRENT            → the label is taken off: finishSecret or the service left it there
 * 3. resuming would be refused      → so is this, for the same reasons (resume.ts)
 * 4. otherwise, under a lease of our own that keeps every step out:
 *    a. the target accepts the pending value in AWSCURRENT's place → refused: it is to be resumed. Unless rotation
 *       is switched off, or AWSCURRENT is no longer what it is based on: then it cannot be
 *    b. accepted, or the target does not answer → pinned; likewise a value that this function cannot read any more,
 *       because a deployment changed its host or role: nobody can say that nobody accepts it
 *    c. AWSPENDING is taken away
 *
 * The rotation is not cancelled: CancelRotateSecret would switch off every later one, too, and only a RotateSecret
 * switches it on again. A retry of the service finds the label gone, and its step is refused.
 */
import { type Abandoned, abandonSchema } from '../../domain/events/diagnosis.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion, pendingVersion } from '../../domain/policy/labels.ts';
import { InvalidRotationEventError, RotationRefusedError } from './errors.ts';
import { assertStuck, type Stuck } from './resume.ts';
import {
  leaseHasEnded,
  type Room,
  type Run,
  readCompanion,
  readVersion,
  trialRotation,
} from './run.ts';
import {
  clearPending,
  isRefusalOfTheTarget,
  pendingValue,
  pinIfAccepted,
  pinVersion,
} from './staging.ts';
import type { JsonCompanionName, Rotation } from './strategy.ts';

export interface AbandoningRoom<Value> extends Room<Value> {
  /** Runs `work` while no step of any rotation can change what the target accepts of this value. */
  undisturbed?: <T>(
    value: Value,
    companion: (name: JsonCompanionName) => Promise<unknown>,
    work: () => Promise<T>,
  ) => Promise<T>;
}

/** Long enough for the logins below, short enough to wait for after a crash. */
const leaseMinutes = 5;

export async function abandon<Value>(
  room: AbandoningRoom<Value>,
  input: unknown,
): Promise<Abandoned> {
  const parsed = readAs(abandonSchema, input);
  if (!parsed.success) {
    throw new InvalidRotationEventError('is no abandon operation { versionId, requestedBy }');
  }
  const { versionId, requestedBy } = parsed.data;
  const { secretsManager, log } = room.doors;
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  const { versionIdsToStages: stages } = await secretsManager.describe(SECRET_ARN);
  if (pendingVersion(stages) !== versionId) {
    return { outcome: 'nothingToDo' };
  }
  let outcome: Abandoned['outcome'] = 'cleared';
  if (currentVersion(stages) === versionId) {
    await clearPending(room, versionId);
  } else {
    const stuck = await assertStuck(room, versionId, true);
    outcome = await underLease(room, versionId, requestedBy, () => giveUp(room, versionId, stuck));
  }
  log.info('abandoned', { secret: SECRET_NAME, token: versionId, outcome, requestedBy });
  return { outcome };
}

async function giveUp<Value>(
  room: AbandoningRoom<Value>,
  versionId: string,
  stuck: Stuck,
): Promise<'cleared' | 'pinned'> {
  const value = await pendingValue(room, versionId);
  if (value === 'unparsable') {
    await pinVersion(room, versionId);
    await clearPending(room, versionId);
    return 'pinned';
  }
  const work = async () => {
    const pinned = value === undefined ? false : await pin(room, versionId, value, stuck);
    await clearPending(room, versionId);
    return pinned ? ('pinned' as const) : ('cleared' as const);
  };
  return value === undefined || room.undisturbed === undefined
    ? work()
    : room.undisturbed(value, (name) => readCompanion(room, name), work);
}

async function pin<Value>(
  room: AbandoningRoom<Value>,
  versionId: string,
  value: Value,
  { rotationEnabled, current, basedOn }: Stuck,
): Promise<boolean> {
  const { doors, environment, strategy } = room;
  const description = await doors.secretsManager.describe(environment.SECRET_ARN);
  const now = doors.clock.now();
  const run: Run<Value> = { ...room, token: versionId, description, now, evidence: [] };
  const rotation = await trialRotation(run);
  let accepted = false;
  const probe = async () => {
    await strategy.testSecret({ pending: value }, rotation);
    accepted = true;
  };
  const pinned = await pinIfAccepted(room, versionId, probe, value);
  const resumable = rotationEnabled && basedOn !== undefined && basedOn === (current ?? null);
  if (accepted && resumable && (await isRefused(room, current, rotation))) {
    throw new RotationRefusedError(
      'ERR_ROTATION_RESUME_INSTEAD',
      `The target accepts the value of ${versionId} and refuses AWSCURRENT; expected AWSCURRENT to be accepted before its successor is given up. Resume the rotation: quarterturn doctor --repair.`,
    );
  }
  return pinned;
}

async function isRefused<Value>(
  room: Room<Value>,
  current: string | undefined,
  rotation: Rotation<Value>,
): Promise<boolean> {
  const value = await readVersion(room, current);
  if (value === undefined) return false;
  try {
    await room.strategy.testSecret({ current: value }, rotation);
    return false;
  } catch (error) {
    return isRefusalOfTheTarget(error);
  }
}

/** @throws RotationRefusedError when somebody else has one */
async function underLease<T>(
  { doors, environment }: Room<unknown>,
  versionId: string,
  requestedBy: string,
  work: () => Promise<T>,
): Promise<T> {
  const { controlTable, clock, localRandom } = doors;
  const { SECRET_NAME } = environment;
  const token = `abandon-${(await localRandom.bytes(16)).toString('hex')}`;
  const owner = `abandon by ${requestedBy}`.slice(0, 256);
  const lease = (minutes: number) => {
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + minutes * 60_000).toISOString();
    return { token, owner, at: now.toISOString(), expiresAt };
  };
  const standing = await controlTable.putLease(SECRET_NAME, lease(leaseMinutes), (it) =>
    leaseHasEnded(it, clock.now()),
  );
  if (standing !== undefined) {
    throw new RotationRefusedError(
      'ERR_ROTATION_LEASED',
      `${standing.owner} holds ${SECRET_NAME} for rotation ${standing.token} until ${standing.expiresAt}; expected no lease. Wait for it to end, then look again: quarterturn doctor (${versionId}).`,
    );
  }
  try {
    return await work();
  } finally {
    await controlTable.putLease(SECRET_NAME, lease(0), (it) => it.token === token);
  }
}
