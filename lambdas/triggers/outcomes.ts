/** What becomes of one secret of an exposure, in the words of the audit event. */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import type { ExposureRecord } from '../../domain/events/control-records.ts';
import type { Exposure, TriggeredSecret } from '../../domain/events/triggers.ts';
import { needsMaintenance } from '../../domain/policy/emergency-by-hand.ts';
import { adoptCommand, emergencyCommand } from './by-hand.ts';
import type { UnderWay } from './emergency.ts';
import type { failureIn, Handling } from './handling.ts';

const about = ({ key, name }: ManifestSecret) => ({ key, name });

export const begun = (secret: ManifestSecret, emergency: string): TriggeredSecret => ({
  ...about(secret),
  state: 'emergency',
  emergency,
});

export function following(
  { manifest }: Handling,
  secret: ManifestSecret,
  { id: emergency, changedAt }: UnderWay,
  { id }: Exposure,
): TriggeredSecret {
  return changedAt === undefined
    ? {
        ...about(secret),
        state: 'following',
        emergency,
        message: `emergency ${emergency} is changing it already`,
      }
    : {
        ...about(secret),
        state: 'person',
        emergency,
        code: 'ERR_ROTATION_TRIGGER_TOO_SOON',
        message: `${secret.key} was changed at ${changedAt} by emergency ${emergency}, which is not over. A person decides whether the value after that is out, too`,
        command: emergencyCommand([secret.key], id, manifest),
      };
}

export const failed = (
  { manifest }: Handling,
  { key, name }: TriggeredSecret,
  { id }: Exposure,
  failure: ReturnType<typeof failureIn>,
): TriggeredSecret => ({
  key,
  name,
  state: 'failed',
  ...failure,
  command: emergencyCommand([key], id, manifest),
});

export function tooSoon(
  { manifest }: Handling,
  secret: ManifestSecret,
  { at, until }: ExposureRecord,
  { id }: Exposure,
): TriggeredSecret {
  return {
    ...about(secret),
    state: 'person',
    code: 'ERR_ROTATION_TRIGGER_TOO_SOON',
    message: `${secret.key} was taken for another exposure at ${at}; expected none until ${until}. A person decides whether the value after that is out, too`,
    ...(secret.kind !== 'userManaged' && { command: emergencyCommand([secret.key], id, manifest) }),
  };
}

export function personFor(
  { manifest }: Handling,
  secret: ManifestSecret,
  { id }: Exposure,
): TriggeredSecret | undefined {
  const person = { ...about(secret), state: 'person' } as const;
  if (secret.kind === 'userManaged') {
    return {
      ...person,
      message: `nothing here can make its value (${secret.purpose.slice(0, 256)}): its owners revoke it where it is issued and put a new one`,
    };
  }
  if (!secret.armed) {
    return {
      ...person,
      code: 'ERR_ROTATION_NOT_ARMED',
      message: 'it is not armed: nothing rotates it yet. Change it where it is used, or adopt it',
      command: adoptCommand(secret, manifest),
    };
  }
  if (needsMaintenance(secret)) {
    return {
      ...person,
      code: 'ERR_ROTATION_NEEDS_MAINTENANCE',
      message:
        'its readers know one key, or its rows move with consumers stopped: the emergency that a person starts stops them',
      command: emergencyCommand([secret.key], id, manifest),
    };
  }
  return undefined;
}
