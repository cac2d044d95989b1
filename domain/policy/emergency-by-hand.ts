/** Which secrets an emergency changes, and which it has to leave to people: one rule for the machine and the terminal. */

/** Of a secret, as the manifest has it, what decides. */
export type Protectable =
  | { readonly kind: 'userManaged' }
  | { readonly kind: 'jwt' | 'database'; readonly armed: boolean }
  | {
      readonly kind: 'encryption';
      readonly armed: boolean;
      readonly readers: 'keyset' | 'scalar';
      readonly reencryption?: { readonly mode: 'online' | 'maintenance' } | undefined;
    };

/** Its readers know one key, or its rows move with consumers stopped: a new key breaks whoever runs. */
export const needsMaintenance = (secret: Protectable): boolean =>
  secret.kind === 'encryption' &&
  (secret.readers === 'scalar' || secret.reencryption?.mode === 'maintenance');

/** Do its rows follow a new key by themselves? */
export const rowsFollow = (secret: Protectable): boolean =>
  secret.kind === 'encryption' && secret.reencryption !== undefined;

/**
 * userManaged  nothing here can make its value
 * notArmed     nothing rotates it yet
 * leavesRows   its readers know one key and no rows follow a new one
 */
export type ByHand = 'userManaged' | 'notArmed' | 'leavesRows';

/** @returns undefined: an emergency changes it */
export function byHandFor(secret: Protectable): ByHand | undefined {
  if (secret.kind === 'userManaged') return 'userManaged';
  if (!secret.armed) return 'notArmed';
  return needsMaintenance(secret) && !rowsFollow(secret) ? 'leavesRows' : undefined;
}

export const isProtected = (secret: Protectable): boolean => byHandFor(secret) === undefined;
