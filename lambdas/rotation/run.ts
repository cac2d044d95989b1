/** One call of one step: what the steps share. Made anew for each call; nothing of it outlives the call. */
import { uninitialisedMarker } from '../../domain/config/names.ts';
import type {
  Evidence,
  Intent,
  LeaseRecord,
  ReencryptionRecord,
  RotationRecord,
} from '../../domain/events/control-records.ts';
import { currentVersion, pendingVersion, previousVersion } from '../../domain/policy/labels.ts';
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { combinedRandom } from '../../doors/random.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { RotationDoors } from './doors.ts';
import {
  CompanionError,
  CompromisedMaterialError,
  RotationRefusedError,
  ValueMissingError,
  VersionNotStagedError,
} from './errors.ts';
import type {
  CompanionName,
  Inbox,
  JsonCompanionName,
  Material,
  MaterialId,
  Rotation,
  RotationStrategy,
  Rows,
  Versions,
} from './strategy.ts';

/** A room, wired: its strategy, the one secret it rotates, and the doors. */
export interface Room<Value> {
  environment: {
    SECRET_ARN: string;
    SECRET_NAME: string;
    ARMED: 'true' | 'false';
    KMS_KEY_ARN?: string | undefined;
    SYNC_LIMIT_BYTES?: number | undefined;
  };
  strategy: RotationStrategy<Value>;
  /** ARNs of the companion secrets the configuration names. */
  companions: Partial<Record<CompanionName, string>>;
  /** Rows follow the key of this secret: the control table has a record of that, and who is proven to have none. */
  rowsFollow?: boolean;
  /** Days for which Object Lock keeps a copy in escrow. */
  escrowDays?: number | undefined;
  doors: RotationDoors;
}

export interface Run<Value> extends Room<Value> {
  token: string;
  rotationToken?: string;
  /** As read at the start of the step. */
  description: SecretDescription;
  now: Date;
  evidence: Evidence[];
}

/** A read may miss a write made a moment ago: all operations are eventually consistent (API_ListSecrets). */
const pausesOfARead = [100, 300, 900];

/** Repeats a read until it finds something, a bounded number of times. */
export async function readUntilFound<Found>(
  doors: RotationDoors,
  read: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  for (const pause of pausesOfARead) {
    const found = await read();
    if (found !== undefined) {
      return found;
    }
    await doors.clock.sleep(pause);
  }
  return read();
}

/** The parsed value of a version; undefined when it has none or holds the marker of a new secret. */
export async function readVersion<Value>(
  run: Pick<Run<Value>, 'doors' | 'environment' | 'strategy'>,
  versionId: string | undefined,
): Promise<Value | undefined> {
  if (versionId === undefined) {
    return undefined;
  }
  const text = await run.doors.secretsManager.getValue(run.environment.SECRET_ARN, versionId);
  return text === undefined || isMarker(text) ? undefined : run.strategy.parse(text);
}

/**
 * As `readVersion`; in an emergency a value that cannot be parsed counts as absent and is evidence: what
 * must not stop a rotation away from leaked material is a damaged value of another version.
 */
export async function readVersionFor<Value>(
  run: Run<Value>,
  intent: Intent,
  versionId: string | undefined,
): Promise<Value | undefined> {
  try {
    return await readVersion(run, versionId);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (intent !== 'emergency' || error instanceof AwsCallError || typeof code !== 'string') {
      throw error;
    }
    run.evidence.push({
      fact: 'versionUnreadable',
      detail: { versionId: String(versionId), code },
    });
    return undefined;
  }
}

/** As `readVersion`, for a value that must be there: retried, then an error. */
export async function requireVersion<Value>(
  run: Run<Value>,
  versionId: string,
  label: string,
): Promise<Value> {
  const text = await readUntilFound(run.doors, () =>
    run.doors.secretsManager.getValue(run.environment.SECRET_ARN, versionId),
  );
  if (text === undefined) {
    throw new ValueMissingError(run.environment.SECRET_NAME, versionId, label);
  }
  return run.strategy.parse(text);
}

export function isMarker(secretString: string): boolean {
  return secretString.replaceAll(/\s/g, '') === uninitialisedMarker;
}

/** AWSCURRENT, AWSPENDING (this token) and AWSPREVIOUS, as the labels stand. */
export async function readVersions<Value>(
  run: Run<Value>,
  intent: Intent,
): Promise<Versions<Value>> {
  const stages = run.description.versionIdsToStages;
  // Side by side: each is a round trip, and none decides about the next.
  const [current, previous, pending] = await Promise.all([
    readVersionFor(run, intent, currentVersion(stages)),
    readVersionFor(run, intent, previousVersion(stages)),
    requireVersion(run, run.token, 'AWSPENDING'),
  ]);
  return { ...(current && { current }), ...(previous && { previous }), pending };
}

/** Written so that an unreadable expiry keeps the lease standing. */
export const leaseHasEnded = ({ expiresAt }: LeaseRecord, now: Date): boolean =>
  new Date(expiresAt).getTime() <= now.getTime();

/** While a lease stands, every token but its own is refused. */
export async function assertNoForeignLease<Value>(run: Run<Value>): Promise<void> {
  const lease = await run.doors.controlTable.getLease(run.environment.SECRET_NAME);
  if (lease === undefined || lease.token === run.token) {
    return;
  }
  if (leaseHasEnded(lease, run.now)) {
    return;
  }
  throw new RotationRefusedError(
    'ERR_ROTATION_LEASED',
    `${lease.owner} holds this secret for rotation ${lease.token} until ${lease.expiresAt}; expected no lease, or one of this rotation. Wait for it to end.`,
  );
}

/** @throws VersionNotStagedError when AWSPENDING was taken off this token since the step began */
async function assertNotSuperseded<Value>(run: Run<Value>): Promise<void> {
  await assertNoForeignLease(run);
  const { SECRET_ARN, SECRET_NAME } = run.environment;
  const { versionIdsToStages } = await run.doors.secretsManager.describe(SECRET_ARN);
  if (pendingVersion(versionIdsToStages) !== run.token) {
    throw new VersionNotStagedError(SECRET_NAME, run.token, versionIdsToStages[run.token]);
  }
}

/**
 * Material that was recorded as compromised while its rotation was under way never becomes current. What
 * AWSCURRENT uses already is no news: a planned rotation that publishes beside it may go on.
 * @throws CompromisedMaterialError
 */
export function assertNotCompromised(
  pending: Material,
  current: Material | undefined,
  compromised: ReadonlySet<MaterialId>,
): void {
  const { primary, published } = pending;
  const added = [primary === current?.primary ? undefined : primary, published];
  const leaked = added.find((material) => material !== undefined && compromised.has(material));
  if (leaked !== undefined) {
    throw new CompromisedMaterialError(leaked);
  }
}

/** What the strategy is told of this rotation. */
export async function rotationOf<Value>(
  run: Run<Value>,
  record: Pick<RotationRecord, 'intent' | 'activateKid' | 'provenance'>,
): Promise<Rotation<Value>> {
  const { controlTable } = run.doors;
  const secretName = run.environment.SECRET_NAME;
  const [compromised, rotatedBefore] = await Promise.all([
    controlTable.getCompromised(secretName),
    controlTable.everPromoted(secretName),
  ]);
  const { inbox } = run.companions;
  return {
    intent: record.intent,
    ...(record.activateKid && { activateKid: record.activateKid }),
    compromised,
    rotatedBefore,
    provenance: record.provenance,
    now: run.now,
    random: (bytes) => randomBytesFor(run, record.intent, bytes),
    ...(run.rowsFollow && { rows: () => rowsOf(run) }),
    companion: (name) => readCompanion(run, name),
    ...(inbox !== undefined && { inbox: (take) => takeFromInbox(run, inbox, take) }),
    assertNotSuperseded: () => assertNotSuperseded(run),
    evidence: (fact) => run.evidence.push(fact),
  };
}

/** For a test outside of any rotation: as a planned one that nobody has asked for. */
export function trialRotation<Value>(run: Run<Value>): Promise<Rotation<Value>> {
  return rotationOf(run, {
    intent: 'planned',
    provenance: { intent: 'planned', token: run.token, attributed: false },
  });
}

async function rowsOf<Value>({ doors, environment }: Run<Value>): Promise<Rows> {
  const { SECRET_NAME } = environment;
  const [job, zeroProofs] = await Promise.all([
    doors.controlTable.getReencryption(SECRET_NAME),
    doors.controlTable.getZeroProofs(SECRET_NAME),
  ]);
  return { secretName: SECRET_NAME, ...(job && { job }), zeroProofs };
}

/** For the preflight; undefined also where rows do not follow, and the function has no right to look. */
export function reencryptionOf({
  doors,
  environment,
  rowsFollow,
}: Room<unknown>): Promise<ReencryptionRecord | undefined> {
  return rowsFollow
    ? doors.controlTable.getReencryption(environment.SECRET_NAME)
    : Promise.resolve(undefined);
}

const emergencyAttempts = 3;

/**
 * KMS unreachable fails a planned rotation: it can wait. An emergency cannot: after three attempts it
 * goes on with the local CSPRNG alone, and records that it did.
 */
async function randomBytesFor<Value>(
  run: Run<Value>,
  intent: Intent,
  count: number,
): Promise<Buffer> {
  const { kmsRandom, localRandom } = run.doors;
  for (let attempt = 1; ; attempt++) {
    try {
      return await combinedRandom([kmsRandom, localRandom]).bytes(count);
    } catch (error) {
      if (!(error instanceof AwsCallError) || intent !== 'emergency') {
        throw error;
      }
      if (attempt === emergencyAttempts) {
        run.evidence.push({ fact: 'kmsRandomUnavailable', detail: { awsCode: error.awsCode } });
        return combinedRandom([localRandom]).bytes(count);
      }
    }
  }
}

/** Not parsed: what owners write is any text, and what is wrong with it is the strategy's to say. */
async function takeFromInbox<Taken>(
  { doors }: Pick<Room<unknown>, 'doors'>,
  arn: string,
  take: (found: Inbox | undefined) => Taken,
): Promise<Taken> {
  let refusal: unknown;
  const taken = await readUntilFound(doors, async () => {
    const found = await doors.secretsManager.getCurrent(arn);
    const isEmpty = found === undefined || isMarker(found.secretString);
    try {
      return { value: take(isEmpty ? undefined : found) };
    } catch (error) {
      refusal = error;
      return undefined;
    }
  });
  if (taken === undefined) {
    throw refusal;
  }
  return taken.value;
}

/** The parsed JSON of another secret's AWSCURRENT; what it means is the strategy's business. */
export async function readCompanion(
  room: Pick<Room<unknown>, 'companions' | 'doors'>,
  name: JsonCompanionName,
): Promise<unknown> {
  const arn = room.companions[name];
  if (arn === undefined) {
    throw new CompanionError(name, 'is not configured');
  }
  const text = await room.doors.secretsManager.getCurrentValue(arn);
  if (text === undefined || isMarker(text)) {
    throw new CompanionError(name, 'has no value yet');
  }
  try {
    // For its refusals: a member twice would be the last one in one reader and the first in another.
    parseJsonDocument(text);
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes its input in its message.
    throw new CompanionError(name, 'does not hold one JSON object');
  }
}
