/** How far consumers have come with AWSCURRENT, from the records of their rollouts. */
import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';
import type { RolloutRecord } from '../../domain/events/rollout.ts';
import { currentVersion, type VersionIdsToStages } from '../../domain/policy/labels.ts';
import type { ConsumerStatus } from '../../domain/reports/status-report.ts';
import type { OpenDeployment } from '../command.ts';
import { wasRestarted } from '../rotation/news.ts';

/** @returns undefined where nobody is restarted or asked, and nobody has a right to look */
export async function consumersOf(
  {
    manifest,
    controlTable,
    rolloutRecords,
  }: Partial<Pick<OpenDeployment, 'rolloutRecords'>> &
    Pick<OpenDeployment, 'controlTable'> & { manifest: Manifest },
  { key, name }: ManifestSecret,
  stages: VersionIdsToStages,
): Promise<ConsumerStatus[] | undefined> {
  const current = currentVersion(stages);
  if (manifest.rollout === undefined || rolloutRecords === undefined || current === undefined) {
    return undefined;
  }
  const record = await controlTable.getRotation(name, current);
  // Records stand under the version whose AfterRotation it is: of an activation, the one that published its key.
  const version = record?.intent === 'activate' ? record.basedOn : current;
  const rollouts = await rolloutRecords.getRollouts(name, version ?? current);
  return manifest.consumers
    .filter(({ reads }) => reads.includes(key))
    .flatMap(({ name: consumer }) => lastOf(rollouts.filter((one) => one.consumer === consumer)));
}

function lastOf(records: readonly RolloutRecord[]): ConsumerStatus[] {
  const [last] = records.toSorted((a, b) => b.at.localeCompare(a.at));
  if (last === undefined) return [];
  const { consumer, round, state, at, restartedAt, proof, reason } = last;
  return [
    {
      consumer,
      round,
      state,
      at,
      ...(restartedAt && wasRestarted(last) && { restartedAt }),
      ...(proof && { proof }),
      ...(reason && { reason }),
    },
  ];
}
