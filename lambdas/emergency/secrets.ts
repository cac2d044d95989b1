/** The secrets of an emergency, as the manifest has them. */
import {
  isRotated,
  type Manifest,
  type ManifestSecret,
  type RotatedManifestSecret,
} from '../../domain/config/manifest.ts';
import type { EmergencyRecord } from '../../domain/events/emergency.ts';
import { byHandFor } from '../../domain/policy/emergency-by-hand.ts';
import type { EmergencyDoors } from './doors.ts';
import { UnknownEmergencyError, UnknownSecretsError } from './errors.ts';

/** @throws UnknownEmergencyError */
export async function emergencyOf(
  { records }: Pick<EmergencyDoors, 'records'>,
  id: string,
): Promise<EmergencyRecord> {
  const record = await records.getEmergency(id);
  if (record === undefined) throw new UnknownEmergencyError(id);
  return record;
}

/** @throws UnknownSecretsError when a deployment since took it out */
export function secretOf({ secrets }: Pick<Manifest, 'secrets'>, key: string): ManifestSecret {
  const secret = secrets.find((candidate) => candidate.key === key);
  if (secret === undefined) {
    throw new UnknownSecretsError(
      [key],
      secrets.map((known) => known.key),
    );
  }
  return secret;
}

/** What nothing here can change, and what its owners do; undefined: it rotates. */
export function personFor(
  secret: ManifestSecret,
  { name, environment }: Pick<Manifest, 'name' | 'environment'>,
): { reason: string; command?: string } | undefined {
  switch (byHandFor(secret)) {
    case 'userManaged':
      return {
        reason: `nothing here can make its value${'purpose' in secret ? ` (${secret.purpose.slice(0, 256)})` : ''}: its owners revoke it where it is issued, and put a new one`,
      };
    case 'notArmed':
      return {
        reason:
          'it is not armed: nothing rotates it yet. Change it where it is used, or adopt it first',
        command: `npx quarterturn adopt ${secret.key} --deployment ${name}/${environment}`,
      };
    case 'leavesRows':
      return {
        reason:
          'its readers know one key and no rows follow a new one: after a rotation they could open nothing that is there. Configure reencryption, or move the rows yourself',
      };
    case undefined:
      return undefined;
  }
}

export const keysOf = ({
  exposed,
  others,
}: Pick<EmergencyRecord, 'exposed' | 'others'>): string[] => [...exposed, ...others];

/** It has a function of its own that can be asked. */
export const asksOwnFunction = (secret: ManifestSecret): secret is RotatedManifestSecret =>
  isRotated(secret);

/** `arn:aws:states:<region>:<account>:execution:<machine>:<name>` → a machine of the same place. */
export const machineArn = (execution: string, name: string): string =>
  `${execution.split(':').slice(0, 5).join(':')}:stateMachine:${name}`;

/** The machine whose execution this is. */
export const ownMachineArn = (execution: string): string =>
  machineArn(execution, execution.split(':')[6] ?? '');
