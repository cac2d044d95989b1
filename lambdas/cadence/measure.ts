/**
 * What a tick tells CloudWatch. Alarms count on it in both directions: on the numbers, and on their absence.
 * The heartbeat comes last: a tick that was broken off leaves none.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import { deploymentDimension, metricDimensions, metricNames } from '../../domain/config/names.ts';
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import type { Verdict } from '../../domain/policy/due.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';

const day = 86_400_000;

export interface Measured {
  readonly secretName: string;
  /** A secret whose age cannot be told has no age: its alarm hears that nothing came. */
  readonly verdict: Pick<Verdict, 'rotatedAt' | 'limitAt'>;
  /** State of the re-encryption of its rows; absent: there was none. */
  readonly reencryption?: ReencryptionRecord['state'] | undefined;
}

export function measure(
  metrics: MetricsDoor,
  manifest: Pick<Manifest, 'name' | 'environment' | 'reencryptionMachine'>,
  secrets: readonly Measured[],
  { findings, stalled }: { findings: number; stalled: number },
  at: Date,
): void {
  const deployment = { [metricDimensions.deployment]: deploymentDimension(manifest) };
  for (const { secretName, verdict, reencryption } of secrets) {
    if (reencryption !== undefined) {
      // Said again every hour: what nobody vouched for does not go away with the datum that told it.
      metrics.emit({
        dimensions: { [metricDimensions.secret]: secretName },
        values: { [metricNames.reencryptionUnproven]: reencryption === 'unproven' ? 1 : 0 },
        at,
      });
    }
    const { rotatedAt, limitAt } = verdict;
    if (rotatedAt !== undefined && limitAt !== undefined) {
      metrics.emit({
        dimensions: { ...deployment, [metricDimensions.secret]: secretName },
        values: {
          [metricNames.materialAgeDays]: days(at.getTime() - rotatedAt.getTime()),
          [metricNames.daysToLimit]: days(limitAt.getTime() - at.getTime()),
        },
        at,
      });
    }
  }
  metrics.emit({
    dimensions: deployment,
    values: {
      [metricNames.findings]: findings,
      // Where no rows follow a key, nobody pays for a metric of them.
      ...(manifest.reencryptionMachine !== undefined && {
        [metricNames.reencryptionStalled]: stalled,
      }),
      [metricNames.heartbeat]: 1,
    },
    at,
  });
}

/** To the thousandth, about a minute and a half; an alarm compares no closer. */
function days(milliseconds: number): number {
  return Math.floor((milliseconds / day) * 1000) / 1000;
}
