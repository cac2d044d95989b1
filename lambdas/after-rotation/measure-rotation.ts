/**
 * How long a rotation took, from createSecret until its new value is in use everywhere: what nobody would notice
 * growing, until one day a rotation does not fit between its start and the secret's limit.
 */
import { deploymentDimension, metricDimensions, metricNames } from '../../domain/config/names.ts';
import type { AfterRotationDoors } from './doors.ts';
import type { Progress } from './progress.ts';

/** Of the secret, and of the deployment for the alarm. Maintenance waits for its rows, for days: that is no time to rotate. */
export async function measureRotation(
  {
    controlTable,
    manifest,
    metrics,
    clock,
  }: Pick<AfterRotationDoors, 'controlTable' | 'manifest' | 'metrics' | 'clock'>,
  {
    secretName,
    versionId,
    maintenance,
  }: Pick<Progress, 'secretName' | 'versionId' | 'maintenance'>,
): Promise<void> {
  const rotation = await controlTable.getRotation(secretName, versionId);
  if (rotation === undefined || maintenance) {
    return;
  }
  const at = clock.now();
  const seconds = Math.round((at.getTime() - new Date(rotation.at).getTime()) / 1000);
  const values = { [metricNames.timeToRotate]: seconds };
  const deployment = {
    [metricDimensions.deployment]: deploymentDimension(await manifest()),
  };
  for (const dimensions of [deployment, { ...deployment, [metricDimensions.secret]: secretName }]) {
    metrics.emit({ dimensions, values, at });
  }
}
