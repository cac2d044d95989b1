/**
 * Who is restarted, and with what: each consumer once, however many of its secrets changed. Its record stands under
 * one of them; that it holds the others is asked by what follows each rotation.
 */
import type { Manifest, RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { EmergencyRecord, StageRecord } from '../../domain/events/emergency.ts';
import type { RolloutInput } from '../../domain/events/rollout.ts';
import { expectedInUse } from '../../domain/policy/expected-in-use.ts';
import { isStarted } from '../../domain/policy/rounds.ts';
import type { EmergencyDoors } from './doors.ts';

type Doors = Pick<EmergencyDoors, 'records' | 'controlTable' | 'secretsManager'>;

/** Those that were to be stopped and were not, too: they hold what they held before. */
export async function restartsOf(
  doors: Doors,
  manifest: Manifest,
  { id, consumers }: EmergencyRecord,
  execution: string,
): Promise<readonly RolloutInput[]> {
  if (manifest.rollout === undefined) return [];
  const stopped = stoppedIn(await doors.records.getStage(id, 'stop'));
  const names = [...consumers.restart, ...consumers.stop.filter((name) => !stopped.has(name))];
  const records = await doors.records.getSecrets(id);
  const found: RolloutInput[] = [];
  for (const consumer of manifest.consumers) {
    if (!names.includes(consumer.name) || !isStarted(consumer)) continue;
    const changed = records
      .filter(({ key, promotedAt }) => consumer.reads.includes(key) && promotedAt !== undefined)
      // The exposed one first, then by key: the same in every run.
      .sort((a, b) => Number(b.exposed) - Number(a.exposed) || a.key.localeCompare(b.key));
    const [record] = changed;
    const secret = manifest.secrets.find(({ key }) => key === record?.key);
    if (record?.versionId === undefined || secret === undefined) continue;
    const after = await doors.controlTable.getAfterRotation(record.name, record.versionId);
    const { arn } = await doors.secretsManager.describe(record.name);
    found.push({
      secretArn: arn,
      secretName: record.name,
      versionId: record.versionId,
      intent: 'emergency',
      round: 'use',
      consumer: consumer.name,
      expected: expectedInUse(
        secret as RotatedManifestSecret,
        after ?? { versionId: record.versionId },
      ),
      afterRotation: execution,
    });
  }
  return found;
}

/** Nothing of it runs any more with what it held, or soon nothing does. */
export const stoppedIn = (stage: StageRecord | undefined): ReadonlySet<string> =>
  new Set(
    (stage?.evidence ?? [])
      .filter(({ fact }) => fact === 'consumerStopped' || fact === 'consumerStopping')
      .map(({ detail }) => String(detail?.consumer)),
  );
