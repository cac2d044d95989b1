/**
 * Takes the AfterRotation of a version for this execution. Compare-and-swap on its record decides, so of
 * two executions one goes on and the other has nothing to do.
 *
 * 1. due: taken
 * 2. running, by this execution: this task is run again, go on
 * 3. running, by the dead execution the input names: taken over
 * 4. stopped, and a person resumes it: taken
 * 5. anything else: nothing to do
 */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { isSecretOf } from '../../../domain/config/names.ts';
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { emergencyOf } from '../../../domain/events/emergency.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { isProvenDead } from '../../../domain/policy/proven-dead.ts';
import { consumersOf } from '../../../domain/policy/rounds.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { ForeignSecretError, NoAfterRotationError } from '../errors.ts';
import { type Input, inputSchema, type Progress } from '../progress.ts';
import { rotatingSecret } from '../rotating-secret.ts';

export async function begin(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const input = inputSchema.parse(given);
  const { secretName, versionId } = input;
  const manifest = await doors.manifest();
  const secret = rotatingSecret(manifest, secretName);
  const progressOf = (record: AfterRotationRecord, outcome: Progress['outcome']): Progress => ({
    ...progressFrom(input, record, secret, outcome),
    ...consumersAndCopies(manifest, secret, record),
  });
  if (!isSecretOf(input.secretArn, secretName, execution)) throw new ForeignSecretError(secretName);
  const record = await doors.controlTable.getAfterRotation(secretName, versionId);
  if (record === undefined) throw new NoAfterRotationError(secretName, versionId);

  if (record.state === 'running' && record.execution === execution) {
    return progressOf(record, 'begun');
  }
  if (!mayTake(record, input)) return progressOf(record, 'nothingToDo');

  const { reason: _, ...taken } = record;
  const running: AfterRotationRecord = {
    ...taken,
    state: 'running',
    execution,
    at: doors.clock.now().toISOString(),
  };
  const moved = await doors.controlTable.moveAfterRotation(secretName, [record.state], running);
  if (moved) {
    const progress = progressOf(running, 'begun');
    if (input.resume === true) await resumeActivation(doors, progress);
    return progress;
  }

  // Another execution was quicker, or our own write was answered too late.
  const found = await doors.controlTable.getAfterRotation(secretName, versionId);
  const ours = found?.state === 'running' && found.execution === execution;
  return progressOf(found ?? record, ours ? 'begun' : 'nothingToDo');
}

/** Stopped together, resumed together: an activation that was promoted already. */
async function resumeActivation(
  { controlTable, clock }: AfterRotationDoors,
  { secretName, activation }: Progress,
): Promise<void> {
  if (activation === null) return;
  const record = await controlTable.getAfterRotation(secretName, activation);
  if (record?.state !== 'stopped') return;
  const { reason: _, ...open } = record;
  await controlTable.moveAfterRotation(secretName, ['stopped'], {
    ...open,
    state: 'due',
    at: clock.now().toISOString(),
  });
}

function mayTake({ state, execution }: AfterRotationRecord, { takeOver, resume }: Input): boolean {
  switch (state) {
    case 'due':
      return true;
    case 'running':
      return execution !== undefined && execution === takeOver;
    case 'stopped':
      return resume === true;
    case 'finished':
      return false;
  }
}

function progressFrom(
  { secretArn, secretName, versionId }: Input,
  record: AfterRotationRecord,
  secret: RotatedManifestSecret,
  outcome: Progress['outcome'],
): Omit<Progress, keyof ReturnType<typeof consumersAndCopies>> {
  const { intent, basedOn, publishedKid, replaced, owner, proof, at } = record;
  const emergency = emergencyOf(owner);
  // Resumed after that: no endpoint is tried twice.
  const isProven = proof !== undefined && isProvenDead(proof.evidence);
  return {
    secretArn,
    secretName,
    versionId,
    outcome,
    startedAt: at,
    intent,
    basedOn,
    activate: publishedKid !== undefined,
    waitSeconds: secret.readerCacheSeconds,
    publishedKid: publishedKid ?? null,
    activation:
      publishedKid === undefined ? null : activateToken(secretName, versionId, publishedKid),
    // multiUser: the leaked role is another one than AWSCURRENT's, and is closed only now.
    retire:
      secret.kind === 'database' &&
      secret.scheme === 'multiUser' &&
      intent === 'emergency' &&
      // A first value replaced the marker: no credential leaked.
      replaced !== undefined,
    rotationFunction: secret.function,
    behindProxy: secret.kind === 'database' && secret.connection === 'rdsProxy',
    // The first value replaced none.
    proveOld: secret.kind === 'database' && basedOn !== null && replaced !== undefined && !isProven,
    proveFirst: intent === 'emergency' && !isProven,
    ...(emergency && { emergency }),
    waiting: false,
    started: false,
    ...rowsOf(secret, record),
    verified: false,
    settled: false,
    polls: 0,
  };
}

/** Who gets the new value after this: consumers, and copies. */
function consumersAndCopies(
  { rollout, sync, consumers }: Manifest,
  secret: RotatedManifestSecret,
  { intent, versionId, basedOn, replaced, publishedKid, owner }: AfterRotationRecord,
): Pick<Progress, 'sync' | 'rollout' | 'confirm' | 'redeploy' | 'rolledOutAs' | 'awaits'> {
  const hasPart = (round: 'publish' | 'use' | 'confirm') =>
    rollout !== undefined && consumersOf(round, secret, consumers).length > 0;
  // Before a first value no consumer can run: nobody holds an older one, and nobody is well.
  const isFirst = replaced === undefined && publishedKid === undefined;
  // Under a new key they could open nothing: they stay stopped until the re-encryption has verified every row.
  const staysStopped =
    intent === 'emergency' &&
    secret.kind === 'encryption' &&
    secret.reencryption?.mode === 'maintenance';
  const rollsOut =
    !isFirst && !staysStopped && (hasPart('publish') || hasPart('use') || hasPart('confirm'));
  return {
    sync: sync?.targets.some((target) => target.secret === secret.key) ?? false,
    rollout: rollsOut,
    confirm: rollsOut && hasPart('confirm'),
    awaits: rollsOut && emergencyOf(owner) !== undefined,
    redeploy: rollsOut && intent === 'rollback' && rollout?.redeploy === true,
    // Whose execution died after it was promoted: consumers are where that execution has left them.
    rolledOutAs: intent === 'activate' && basedOn !== null ? basedOn : versionId,
  };
}

/** A first value replaced no key, so no row is under another one. */
function rowsOf(
  secret: RotatedManifestSecret,
  { publishedKid, replaced }: AfterRotationRecord,
): Pick<Progress, 'reencrypt' | 'maintenance'> {
  const rows = secret.kind === 'encryption' ? secret.reencryption : undefined;
  const isPublished = publishedKid !== undefined;
  return {
    reencrypt: rows !== undefined && (isPublished || replaced !== undefined),
    maintenance: rows?.mode === 'maintenance' && isPublished,
  };
}
