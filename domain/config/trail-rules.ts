/** Where CloudTrail is asked: what a trail's bucket and the regions of replicas must be. */
import { duplicates } from './duplicates.ts';
import type { RotationConfig } from './rotation-config.ts';
import { show } from './show.ts';

export function trailProblems({ trail, region, replicaRegions }: RotationConfig): string[] {
  const inPrefix = trail?.prefix?.split('/').includes('AWSLogs') ?? false;
  return [
    ...(inPrefix
      ? [
          `trail.prefix: found ${show(trail?.prefix)}; expected what stands before AWSLogs/ in the bucket, or nothing`,
        ]
      : []),
    ...replicaRegions.flatMap((replica, index) =>
      replica === region
        ? [
            `replicaRegions.${index}: found ${show(replica)}, where the deployment itself stands; expected the other regions, those of replicas`,
          ]
        : [],
    ),
    ...duplicates(replicaRegions, (replica) => replica, 'replicaRegions', 'region'),
  ];
}
