/**
 * Operation `resume`: one step of the rotation that is stuck, under its own token, as the service would call it.
 * "Secrets Manager retries the entire rotation process multiple times" at moments it does not tell (user guide,
 * "Lambda rotation functions"); every step is repeatable, so its retry and ours may meet.
 *
 * Refused, before anything is done:
 * 1. AWSPENDING is on no version, on AWSCURRENT, or on another one than was asked for
 * 2. the rotation is switched off: somebody cancelled it, and its steps are refused
 * 3. another rotation has a lease; createSecret would take the pending label away for it
 * 4. an emergency: its machine goes on with it
 * 5. its material is compromised
 * 6. (first step) it is under way, and nothing says that it failed
 *
 * Without a RotationToken: that is for functions that assume another role (API_PutSecretValue).
 */
import { type Resume, resumeSchema } from '../../domain/events/diagnosis.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { currentVersion, pendingVersion } from '../../domain/policy/labels.ts';
import { judgePending } from '../../domain/policy/pending.ts';
import { InvalidRotationEventError, RotationRefusedError } from './errors.ts';
import type { RotationEvent } from './event.ts';
import { leaseHasEnded, type Room, readVersion } from './run.ts';

/** The step as its event. @throws InvalidRotationEventError */
export function stepToResume({ environment }: Room<unknown>, input: unknown): RotationEvent {
  const parsed = readAs(resumeSchema, input);
  if (!parsed.success) {
    throw new InvalidRotationEventError('is no resume operation { versionId, step }');
  }
  const { versionId, step }: Resume = parsed.data;
  return { Step: step, SecretId: environment.SECRET_ARN, ClientRequestToken: versionId };
}

/** @throws RotationRefusedError; nothing was done */
export async function assertResumable<Value>(
  room: Room<Value>,
  { ClientRequestToken: versionId, Step }: RotationEvent,
): Promise<void> {
  const { rotationEnabled } = await assertStuck(room, versionId, Step === 'createSecret');
  if (!rotationEnabled) {
    throw new RotationRefusedError(
      'ERR_ROTATION_DISABLED',
      `Rotation of ${room.environment.SECRET_NAME} is switched off, so no step of ${versionId} runs; expected it to be on. Give the rotation up (quarterturn doctor --repair --abandon), then switch rotation on again.`,
    );
  }
}

export interface Stuck {
  readonly rotationEnabled: boolean;
  readonly current: string | undefined;
  /** The version it replaces; undefined: no createSecret of ours recorded it. */
  readonly basedOn: string | null | undefined;
}

/**
 * What resuming and giving up have in common: it is this one, it is stuck, and it is nobody else's.
 * @param judged false: in the middle of a resumption, where the failure that made it stuck may be gone
 * @throws RotationRefusedError
 */
export async function assertStuck<Value>(
  room: Room<Value>,
  versionId: string,
  judged: boolean,
): Promise<Stuck> {
  const { secretsManager, controlTable, clock } = room.doors;
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  const description = await secretsManager.describe(SECRET_ARN);
  const { versionIdsToStages: stages, rotationEnabled } = description;
  const now = clock.now();
  const current = currentVersion(stages);
  // In the middle the version may be AWSCURRENT already: finishSecret asked for again.
  const found = pendingVersion(stages);
  if (found !== versionId && !(current === versionId && !judged)) {
    throw refused(
      'ERR_ROTATION_NOT_PENDING',
      `AWSPENDING of ${SECRET_NAME} is on ${found ?? 'no version'}; expected ${versionId}. Look again: quarterturn doctor.`,
    );
  }
  const [record, intent, lease, compromised] = await Promise.all([
    controlTable.getRotation(SECRET_NAME, versionId),
    controlTable.getIntent(SECRET_NAME, versionId),
    controlTable.getLease(SECRET_NAME),
    controlTable.getCompromised(SECRET_NAME),
  ]);
  if (lease !== undefined && lease.token !== versionId && !leaseHasEnded(lease, now)) {
    throw refused(
      'ERR_ROTATION_LEASED',
      `${lease.owner} holds ${SECRET_NAME} for rotation ${lease.token} until ${lease.expiresAt}; expected no lease of another rotation. Wait for it to end.`,
    );
  }
  if ((record?.intent ?? intent?.intent) === 'emergency') {
    throw refused(
      'ERR_ROTATION_EMERGENCY',
      `${versionId} of ${SECRET_NAME} is the rotation of an emergency; expected another one. Whoever declared it goes on with it.`,
    );
  }
  const verdict = judgePending({
    recordedAt: record?.at ?? intent?.at,
    // Nothing is recorded: the label itself was the last change of the secret.
    firstSeenAt: description.lastChangedDate?.toISOString(),
    failure: record?.failure,
    now,
  });
  if (judged && current !== versionId && verdict.state === 'underWay') {
    throw refused(
      'ERR_ROTATION_UNDER_WAY',
      `Rotation ${versionId} of ${SECRET_NAME} has been under way since ${verdict.since}, and no step of it failed; expected a stuck one. Wait a few minutes.`,
    );
  }
  await assertNotLeaked(room, versionId, compromised);
  return { rotationEnabled, current, basedOn: record?.basedOn };
}

/** A value nobody can read is no material. */
async function assertNotLeaked<Value>(
  room: Room<Value>,
  versionId: string,
  compromised: ReadonlySet<string>,
): Promise<void> {
  if (compromised.size === 0) return;
  const value = await readVersion(room, versionId).catch(() => undefined);
  if (value === undefined) return;
  const { primary, published } = room.strategy.material(value);
  const leaked = [primary, published].find((id) => id !== undefined && compromised.has(id));
  if (leaked !== undefined) {
    throw refused(
      'ERR_ROTATION_COMPROMISED_MATERIAL',
      `Version ${versionId} holds ${leaked}, which is recorded as compromised; expected other material. It is the emergency's to deal with.`,
    );
  }
}

const refused = (code: `ERR_ROTATION_${string}`, message: string) =>
  new RotationRefusedError(code, message);
