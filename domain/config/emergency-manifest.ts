/** What the manifest says of emergencies. */
import * as z from 'zod';
import {
  accessAuditFunctionName,
  emergencyFunctionName,
  emergencyMachineName,
  emergencyPolicyName,
  fingerprintsFunctionName,
} from './names.ts';
import type { RotationConfig } from './rotation-config.ts';

export const manifestEmergencySchema = z.object({
  machine: z.string(),
  function: z.string(),
  /** Reads in CloudTrail who read the secrets. */
  accessAudit: z.string(),
  /** Hands out keyed fingerprints. */
  fingerprints: z.string(),
  /** What lets people start one. */
  policy: z.string(),
  stopConsumers: z.boolean(),
  /** Whom it may cut off, by ARN; empty: nobody. */
  suspects: z.array(z.string()),
  /** Absent: nobody practises by the calendar. */
  drillEveryMonths: z.int().optional(),
  /** A trail's bucket is asked who read what; otherwise the last 90 days, event by event. */
  hasTrail: z.boolean(),
  /** Where reads are told: this region, and those of replicas. */
  regions: z.array(z.string()),
});
export type ManifestEmergency = z.infer<typeof manifestEmergencySchema>;

export function manifestEmergency(config: RotationConfig): ManifestEmergency {
  const { emergency, trail, region, replicaRegions } = config;
  return {
    machine: emergencyMachineName(config),
    function: emergencyFunctionName(config),
    accessAudit: accessAuditFunctionName(config),
    fingerprints: fingerprintsFunctionName(config),
    policy: emergencyPolicyName(config),
    stopConsumers: emergency.stopConsumers,
    suspects: [...(emergency.contain?.principals ?? [])],
    ...(emergency.drill && { drillEveryMonths: emergency.drill.everyMonths }),
    hasTrail: trail !== undefined,
    regions: [region, ...replicaRegions],
  };
}
