/** The keyset as AWSCURRENT holds it now, and the key that rows move to. Read in every call, never kept. */
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import { developmentFallback } from '../../domain/secrets/fallbacks.ts';
import {
  acceptedKeys,
  type KeyEntry,
  type Keyset,
  primaryOf,
  publishedOf,
} from '../../domain/secrets/keyset.ts';
import { parseSecretValue } from '../../domain/secrets/secret-value.ts';
import type { Tools } from './doors.ts';
import { JobFencedError } from './errors.ts';
import type { Job } from './job.ts';
import { TargetRefusedError } from './tasks/errors.ts';

export interface CurrentKeyset {
  readonly versionId: string;
  readonly keyset: Keyset;
}

type Reading = Pick<Tools, 'secretsManager' | 'controlTable' | 'clock' | 'deployed'>;

/** @throws TargetRefusedError, InvalidSecretValueError, AwsCallError */
export async function currentKeyset(
  { secretsManager, deployed }: Reading,
  known?: CurrentKeyset,
): Promise<CurrentKeyset> {
  const { secretArn, secretName } = deployed;
  const description = await secretsManager.describe(secretArn);
  const versionId = currentVersion(description.versionIdsToStages);
  if (versionId === undefined) {
    throw new TargetRefusedError(
      secretName,
      'no version is AWSCURRENT',
      'Make its first value: quarterturn rotate.',
    );
  }
  if (versionId === known?.versionId) {
    return known;
  }
  // By its label, too: the right to read covers AWSCURRENT alone.
  const text = await secretsManager.getValue(secretArn, versionId, 'AWSCURRENT');
  const value = text === undefined ? undefined : parseSecretValue(text, deployed.keyset);
  if (value?.shape !== 'keyset') {
    throw new TargetRefusedError(
      secretName,
      `version ${versionId}, which is AWSCURRENT, holds no keyset`,
      'A rotation makes one: quarterturn rotate.',
    );
  }
  return { versionId, keyset: value.keyset };
}

/** Every key a row may be sealed with, disabled ones excepted. */
export function keyRing(keyset: Keyset, now: Date): KeyRing {
  return new KeyRing(acceptedKeys(keyset, now));
}

/** Online the key that is in use; in maintenance mode the one that will be, as long as it waits. */
export function targetOf(keyset: Keyset, mode: 'online' | 'maintenance'): KeyEntry {
  const published = mode === 'maintenance' ? publishedOf(keyset) : undefined;
  return published ?? primaryOf(keyset);
}

/** @throws TargetRefusedError */
export async function assertUsableTarget(
  { controlTable, deployed }: Reading,
  { kid, key }: KeyEntry,
): Promise<void> {
  const { secretName } = deployed;
  const compromised = await controlTable.getCompromised(secretName);
  if (compromised.has(kid)) {
    throw new TargetRefusedError(
      secretName,
      `key ${kid} is recorded as compromised`,
      'No row moves to such a key: rotate with intent emergency.',
    );
  }
  const why = key === undefined ? undefined : developmentFallback(key.export());
  if (deployed.developmentFallbacks === 'refused' && why !== undefined) {
    throw new TargetRefusedError(
      secretName,
      `key ${kid} is no random key: ${why}`,
      'Only the environment dev may hold such keys; rotate.',
    );
  }
}

/** Asked before every range; answered anew after this time. The fence in the database is asked by every batch. */
const remembered = 5_000;

/**
 * @returns asks whether rows may still move to the job's target key, and throws when they may not
 */
export function targetWatch(
  tools: Reading,
  known: CurrentKeyset,
): (job: Pick<Job, 'id' | 'targetKid' | 'mode'>) => Promise<void> {
  let current = known;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async (job) => {
    const now = tools.clock.now().getTime();
    if (now - askedAt < remembered) {
      return;
    }
    current = await currentKeyset(tools, current);
    assertStillTarget(current, job);
    const compromised = await tools.controlTable.getCompromised(tools.deployed.secretName);
    if (compromised.has(job.targetKid)) {
      throw new JobFencedError(job.id, 'its target key compromised', 'a target that is not');
    }
    askedAt = now;
  };
}

/** @throws JobFencedError */
function assertStillTarget(
  { keyset, versionId }: CurrentKeyset,
  { id, targetKid, mode }: Pick<Job, 'id' | 'targetKid' | 'mode'>,
): void {
  const primary = primaryOf(keyset).kid;
  const waits = mode === 'maintenance' && publishedOf(keyset)?.kid === targetKid;
  if (primary !== targetKid && !waits) {
    throw new JobFencedError(
      id,
      `primary key ${primary} in version ${versionId}`,
      `target key ${targetKid} to be primary${mode === 'maintenance' ? ' or published' : ''}`,
    );
  }
}
