/**
 * createSecret: decides what this rotation is, and stores its value under AWSPENDING.
 *
 * The states it can meet, for version T = ClientRequestToken:
 * 1. T is AWSCURRENT                      → this rotation is over: 'unchanged' (decided in handler.ts)
 * 2. T has a value and a rotation record  → a run of this step stored it before: 'unchanged'
 * 3. T has a value and no rotation record → somebody staged it by hand: refused, and left alone
 * 4. no value, a lease of another token   → refused; T's AWSPENDING is taken away
 * 5. no value, a record                   → a crash between record and value: goes on as recorded
 * 6. no value, no record, preflight says no → refused; T's AWSPENDING is taken away
 * 7. no value, no record                  → fixes intent and base in a record, then as 5
 * 8. AWSCURRENT is not the record's base  → given up: T's AWSPENDING is taken away
 * 9. the put meets another value under T  → another run of this step was faster: 'unchanged'
 *
 * A refusal takes the valueless label away because the service answers every later RotateSecret, an
 * emergency's included, with "A previous rotation isn't complete" while it stands (API_RotateSecret).
 */
import { pinLabel } from '../../../domain/config/names.ts';
import type {
  Intent,
  IntentRecord,
  RotationRecord,
} from '../../../domain/events/control-records.ts';
import { newestFirst } from '../../../domain/policy/generations.ts';
import { currentVersion, previousVersion } from '../../../domain/policy/labels.ts';
import { preflight } from '../../../domain/policy/preflight.ts';
import {
  CompromisedMaterialError,
  NothingToRestoreError,
  RotationRefusedError,
  UnrecordedVersionError,
} from '../errors.ts';
import {
  assertNoForeignLease,
  type Run,
  readVersion,
  readVersionFor,
  reencryptionOf,
  rotationOf,
} from '../run.ts';
import { clearRefused, giveUp, mayGoWellLater } from '../staging.ts';
import type { Rotation, Versions } from '../strategy.ts';
import { sizeOf } from '../value-size.ts';

export async function createSecret<Value>(run: Run<Value>): Promise<'created' | 'unchanged'> {
  const { controlTable, secretsManager } = run.doors;
  const { SECRET_ARN, SECRET_NAME } = run.environment;
  const record = await controlTable.getRotation(SECRET_NAME, run.token);
  if ((await secretsManager.getValue(SECRET_ARN, run.token)) !== undefined) {
    if (record === undefined) {
      throw new UnrecordedVersionError(SECRET_NAME, run.token);
    }
    return 'unchanged';
  }
  try {
    return await makeAndStore(run, record);
  } catch (error) {
    if (!mayGoWellLater(error)) {
      await clearRefused(run, run.token);
    }
    throw error;
  }
}

async function makeAndStore<Value>(
  run: Run<Value>,
  known: RotationRecord | undefined,
): Promise<'created' | 'unchanged'> {
  const { secretsManager } = run.doors;
  if (known !== undefined) {
    // `decide` asks it too, but a record may be older than the lease.
    await assertNoForeignLease(run);
  }
  const record = known ?? (await decide(run));
  const stages = run.description.versionIdsToStages;
  const basedOn = currentVersion(stages) ?? null;
  if (basedOn !== record.basedOn) {
    return giveUp(run, record.basedOn, async () => undefined);
  }

  const rotation = await rotationOf(run, record);
  const restore = await valueToRestore(run, record, rotation);
  const versions = await versionsToBuildOn(run, record.intent, rotation);
  const value = await run.strategy.createSecret(versions, {
    ...rotation,
    ...(restore !== undefined && { restore }),
  });

  const secretString = run.strategy.serialize(value);
  const { bytes, tooLarge, beyond } = sizeOf(run, record.intent, value);
  if (tooLarge !== undefined) throw tooLarge;
  if (beyond !== undefined) {
    run.evidence.push({ fact: 'syncLimitExceeded', detail: { bytes, limit: beyond } });
  }
  // Asked as late as possible: the put would take AWSPENDING away from the rotation of the lease.
  await assertNoForeignLease(run);
  const stored = await secretsManager.putPending({
    secretId: run.environment.SECRET_ARN,
    token: run.token,
    secretString,
    ...(run.rotationToken && { rotationToken: run.rotationToken }),
  });
  return stored === 'stored' ? 'created' : 'unchanged';
}

/** Fixes intent and base of this token, once: whoever runs this step later finds the same answer. */
async function decide<Value>(run: Run<Value>): Promise<RotationRecord> {
  const { controlTable } = run.doors;
  const secretName = run.environment.SECRET_NAME;
  const stages = run.description.versionIdsToStages;
  const current = currentVersion(stages);
  const { KMS_KEY_ARN } = run.environment;
  const [intent, afterRotation, lease, adoption, reencryption] = await Promise.all([
    controlTable.getIntent(secretName, run.token),
    current && controlTable.getAfterRotation(secretName, current),
    controlTable.getLease(secretName),
    // Adopted secrets alone are told their key.
    KMS_KEY_ARN === undefined ? undefined : controlTable.getAdoption(secretName),
    reencryptionOf(run),
  ]);
  const refusal = preflight({
    intent: intent?.intent ?? 'planned',
    armed: run.environment.ARMED === 'true',
    adopted: KMS_KEY_ARN === undefined ? undefined : adoption !== undefined,
    describe: run.description,
    token: run.token,
    activate: intent?.activate,
    afterRotation: afterRotation || undefined,
    lease,
    reencryption,
    now: run.now,
  });
  if (refusal !== undefined) {
    throw new RotationRefusedError(refusal.code, refusal.message);
  }
  return controlTable.fixRotation(secretName, newRecord(run, intent));
}

function newRecord<Value>(run: Run<Value>, intent: IntentRecord | undefined): RotationRecord {
  const stages = run.description.versionIdsToStages;
  const basedOn = currentVersion(stages);
  const kind = intent?.intent ?? 'planned';
  const restoreVersionId =
    intent?.intent === 'rollback'
      ? (intent.restoreVersionId ?? previousVersion(stages))
      : undefined;
  return {
    token: run.token,
    intent: kind,
    basedOn: basedOn ?? null,
    ...(restoreVersionId && { restoreVersionId }),
    ...(intent?.activate && { activateKid: intent.activate.kid }),
    ...(intent?.owner && { owner: intent.owner }),
    provenance: {
      intent: kind,
      token: run.token,
      attributed: intent !== undefined,
      ...(basedOn && { basedOn }),
      ...(intent && { requestedBy: intent.requestedBy }),
      ...(intent?.reason && { reason: intent.reason }),
      ...(intent === undefined && { backstopProbably: nativeRuleIsDue(run) }),
    },
    at: run.now.toISOString(),
    steps: {},
    evidence: [],
  };
}

/** Rotation happens "on or before" NextRotationDate, within a window of hours (API_DescribeSecret). */
const windowMilliseconds = 24 * 3_600_000;

function nativeRuleIsDue<Value>({ description, now }: Run<Value>): boolean {
  const next = description.nextRotationDate;
  return next !== undefined && next.getTime() - now.getTime() <= windowMilliseconds;
}

/**
 * Rollback: the value to go back to.
 * @throws NothingToRestoreError, CompromisedMaterialError
 */
export async function valueToRestore<Value>(
  run: Run<Value>,
  { intent, restoreVersionId }: Pick<RotationRecord, 'intent' | 'restoreVersionId'>,
  { compromised }: Pick<Rotation<Value>, 'compromised'>,
): Promise<Value | undefined> {
  if (intent !== 'rollback') {
    return undefined;
  }
  const value = await readVersion(run, restoreVersionId);
  if (value === undefined) {
    throw new NothingToRestoreError(run.environment.SECRET_NAME, restoreVersionId);
  }
  const { primary } = run.strategy.material(value);
  if (primary !== undefined && compromised.has(primary)) {
    throw new CompromisedMaterialError(primary);
  }
  return value;
}

/**
 * Current, previous, and every other version a label still holds: no key in any of them may be lost. Before anything
 * was promoted, what was kept of a first value that was given up is no history: it would refuse the next one for ever.
 */
export async function versionsToBuildOn<Value>(
  run: Run<Value>,
  intent: Intent,
  { rotatedBefore }: Pick<Rotation<Value>, 'rotatedBefore'>,
): Promise<Versions<Value>> {
  const stages = run.description.versionIdsToStages;
  const currentId = currentVersion(stages);
  const previousId = previousVersion(stages);
  const neverPromoted =
    rotatedBefore || intent === 'emergency' ? new Set<string>() : await givenUp(run);
  const others = newestFirst(stages).filter(
    ([versionId]) =>
      versionId !== currentId &&
      versionId !== previousId &&
      versionId !== run.token &&
      !neverPromoted.has(versionId),
  );
  const [current, previous, ...found] = await Promise.all([
    readVersionFor(run, intent, currentId),
    readVersionFor(run, intent, previousId),
    ...others.map(([id, labels]) => {
      // What was kept when a rotation was given up was never in use; one that cannot be read must stop no later one.
      const isPinnedAlone = labels.every((label) => label === pinLabel);
      return readVersionFor(run, isPinnedAlone ? 'emergency' : intent, id);
    }),
  ]);
  const labelled = found.filter((value) => value !== undefined);
  return { ...(current && { current }), ...(previous && { previous }), labelled };
}

/**
 * Before anything was promoted: versions of our rotations that never came to their end. Pinned when they were given
 * up, or dated already: the date is attached before the promotion.
 */
async function givenUp<Value>({ doors, environment }: Run<Value>): Promise<ReadonlySet<string>> {
  const rotations = await doors.controlTable.getRotations(environment.SECRET_NAME);
  const unfinished = rotations.filter(({ steps }) => steps.finishSecret === undefined);
  return new Set(unfinished.map(({ token }) => token));
}
