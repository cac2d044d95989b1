/**
 * Says what there is to do for one secret, and records what must stand before anything is asked for: what is
 * compromised, and the intent. Nothing here has an effect that a second run would double.
 *
 *   drill                                       look
 *   nothing here changes it, or its consumers
 *   must stop and nothing here stops them       over (person)
 *   proven dead already                         over
 *   its version is AWSCURRENT                   follow
 *   its version is AWSPENDING                   wait
 *   anything else                               rotate: prepared before → the same token; failed, taken away by
 *                                               somebody, or not proven dead → a new attempt with another one
 */
import type { ManifestSecret, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import {
  type EmergencyRecord,
  type EmergencySecretRecord,
  emergencyOwner,
} from '../../../domain/events/emergency.ts';
import { derivedToken } from '../../../domain/policy/derived-token.ts';
import { needsMaintenance } from '../../../domain/policy/emergency-by-hand.ts';
import { canBeStopped } from '../../../domain/policy/emergency-consumers.ts';
import { currentVersion } from '../../../domain/policy/labels.ts';
import { isProvenDead } from '../../../domain/policy/proven-dead.ts';
import type { SecretDescription } from '../../../doors/secrets-manager.ts';
import type { EmergencyDoors } from '../doors.ts';
import { StageIncompleteError } from '../errors.ts';
import { type AskedProgress, type SecretProgress, secretProgressSchema } from '../progress.ts';
import { asksOwnFunction, emergencyOf, personFor, secretOf } from '../secrets.ts';

export type Prepared = (SecretProgress | AskedProgress) & {
  go: 'rotate' | 'wait' | 'follow' | 'look' | 'over';
  waitSeconds?: number;
};

export async function prepare(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Prepared> {
  const progress = secretProgressSchema.parse(given);
  const { id, key, drill } = progress;
  const record = await emergencyOf(doors, id);
  const manifest = await doors.manifest();
  const secret = secretOf(manifest, key);
  const known = await doors.records.getSecret(id, key);
  const over: Prepared = { ...progress, go: 'over' };
  // Looked at, and not dead: nobody looks twice at one version, so it is changed once more.
  const isNotDead = known?.state === 'proven' && !isProvenDead(known.evidence);
  if (known?.state === 'proven' && !isNotDead) return over;

  const person = personFor(secret, manifest) ?? (await waitsForPerson(doors, record, secret));
  if (person !== undefined) {
    await change(doors, id, key, (standing) => ({ ...standing, state: 'person', ...person }));
    // A drill looks at what a person changes, too, where there is a function to ask.
    if (!drill) return over;
  }
  if (!asksOwnFunction(secret)) return over;
  const description = await doors.secretsManager.describe(secret.name);
  const asked = (token: string, go: Prepared['go']): Prepared => ({
    ...progress,
    go,
    token,
    secretArn: description.arn,
    secretName: secret.name,
    function: secret.function,
    owner: emergencyOwner(id),
    tries: 0,
    looks: 0,
    waitSeconds: 2,
  });
  if (drill) return asked(derivedToken('drill', secret.name, id), 'look');

  const stages = description.versionIdsToStages;
  const versionId = known?.versionId;
  if (versionId !== undefined && currentVersion(stages) === versionId && !isNotDead) {
    return asked(versionId, 'follow');
  }
  if (versionId !== undefined && known?.state === 'asked' && stages[versionId] !== undefined) {
    return asked(versionId, 'wait');
  }
  await assertConsumersStopped(doors, record, secret);
  const token = await nextToken(doors, record, secret, description);
  await recordCompromised(doors, record, secret, description);
  await doors.controlTable.putIntent(secret.name, {
    intent: 'emergency',
    token,
    requestedBy: `emergency: ${record.requestedBy}`.slice(0, 256),
    reason: record.reason,
    at: doors.clock.now().toISOString(),
    owner: emergencyOwner(id),
  });
  return asked(token, 'rotate');
}

export function change(
  { records }: Pick<EmergencyDoors, 'records'>,
  id: string,
  key: string,
  how: (standing: EmergencySecretRecord) => EmergencySecretRecord,
): Promise<EmergencySecretRecord | undefined> {
  return records.updateSecret(id, key, (standing) => standing && how(standing));
}

/** Its readers must stop before its key changes, nobody here stops all of them, and nobody said that they are. */
async function waitsForPerson(
  { controlTable, manifest }: Pick<EmergencyDoors, 'controlTable' | 'manifest'>,
  { consumers: { stop }, keepRunning }: EmergencyRecord,
  secret: ManifestSecret,
): Promise<{ reason: string; command: string } | undefined> {
  if (!needsMaintenance(secret)) return undefined;
  const { consumers, name, environment } = await manifest();
  const readers = consumers.filter(({ reads }) => reads.includes(secret.key));
  const left = readers.filter(
    (consumer) => keepRunning || !canBeStopped(consumer) || !stop.includes(consumer.name),
  );
  if (left.length === 0) return undefined;
  if ((await controlTable.getConsumers(secret.name))?.stopped === true) return undefined;
  return {
    reason: `its readers know one key, or its rows move with consumers stopped, and nothing here stops ${left.map((consumer) => consumer.name).join(', ')}: stop them, say so, then go on under the same id`,
    command: `npx quarterturn reencrypt consumers ${secret.key} --stopped --deployment ${name}/${environment}`,
  };
}

/** @throws StageIncompleteError */
async function assertConsumersStopped(
  {
    records,
    controlTable,
    manifest,
  }: Pick<EmergencyDoors, 'records' | 'controlTable' | 'manifest'>,
  { id }: EmergencyRecord,
  secret: ManifestSecret,
): Promise<void> {
  if (!needsMaintenance(secret)) return;
  if ((await controlTable.getConsumers(secret.name))?.stopped === true) return;
  const stage = await records.getStage(id, 'stop');
  const stopped = new Set(
    (stage?.evidence ?? [])
      .filter(({ fact }) => fact === 'consumerStopped')
      .map(({ detail }) => String(detail?.consumer)),
  );
  const readers = (await manifest()).consumers.filter(({ reads }) => reads.includes(secret.key));
  const running = readers.map(({ name }) => name).filter((name) => !stopped.has(name));
  if (running.length > 0) {
    throw new StageIncompleteError(
      `${running.join(', ')} may still run, and cannot open rows under a new key; expected every reader of ${secret.key} to be stopped first. Its key is as it was: stop them, then go on under the same id.`,
    );
  }
}

/** Recorded before it is used: whoever is run again asks under the same one. */
async function nextToken(
  doors: EmergencyDoors,
  { id }: EmergencyRecord,
  { name, key }: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<string> {
  const replaced = currentVersion(versionIdsToStages);
  const record = await change(doors, id, key, (standing) => {
    if (standing.state === 'waiting' && standing.versionId !== undefined) return standing;
    const attempts = standing.attempts + 1;
    const {
      reason: _reason,
      command: _command,
      askedAt: _asked,
      promotedAt: _promoted,
      provenAt: _proven,
      afterRotation: _after,
      ...rest
    } = standing;
    return {
      ...rest,
      state: 'waiting',
      attempts,
      versionId: derivedToken('emergency', name, id, String(attempts)),
      // Of the first attempt: what leaked is what was in use then.
      ...(standing.replaced === undefined && replaced !== undefined && { replaced }),
    };
  });
  return record?.versionId ?? derivedToken('emergency', name, id, '1');
}

/**
 * What the labelled versions used, as far as our rotations recorded it. What an adopted secret held before is not
 * known here by any id; an emergency refuses it all the same.
 */
async function recordCompromised(
  doors: EmergencyDoors,
  { id, reason }: EmergencyRecord,
  { name, key }: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<void> {
  const current = currentVersion(versionIdsToStages);
  const own = await doors.records.getSecret(id, key);
  const records = await doors.controlTable.getAfterRotations(name);
  const labelled = records.filter(
    ({ versionId }) => versionIdsToStages[versionId] !== undefined && versionId !== own?.versionId,
  );
  const materials = new Set(
    labelled.flatMap(({ versionId, primary, publishedKid, replaced }) => [
      primary,
      publishedKid,
      versionId === current ? replaced : undefined,
    ]),
  );
  const found = [...materials].filter((material) => material !== undefined);
  for (const material of found) {
    await doors.controlTable.putCompromised(name, {
      material,
      at: doors.clock.now().toISOString(),
      recordedBy: emergencyOwner(id),
      reason,
    });
  }
  await change(doors, id, key, (standing) => ({
    ...standing,
    compromised: [...new Set([...standing.compromised, ...found])],
  }));
}
