/**
 * States of a key.
 *
 *   jwt         published → primary → verifyOnly → revoked
 *   encryption  published → primary → decryptOnly → disabled → pruned
 *
 * - published    known to every reader, used by nobody
 * - primary      signs or seals; exactly one
 * - verifyOnly   its tokens are accepted until `acceptUntil`
 * - decryptOnly  its ciphertext is opened
 * - disabled     still in the value, refused by readers; use alarms
 * - revoked, pruned  tombstones: the kid stays, so that it is never reused, the key is gone
 */
export type KeysetKind = 'jwt' | 'encryption';
export type KeyState =
  | 'published'
  | 'primary'
  | 'verifyOnly'
  | 'decryptOnly'
  | 'disabled'
  | 'revoked'
  | 'pruned';

/**
 * Where a key may go. Backward only between primary and the state after it, by rollback; a published key
 * that leaves without having been primary is barred from it (`neverPrimary`).
 */
export const transitionsOf: Record<KeysetKind, Partial<Record<KeyState, readonly KeyState[]>>> = {
  jwt: {
    published: ['primary', 'verifyOnly', 'revoked'],
    primary: ['verifyOnly', 'revoked'],
    verifyOnly: ['primary', 'revoked'],
    revoked: [],
  },
  encryption: {
    published: ['primary', 'decryptOnly'],
    primary: ['decryptOnly'],
    decryptOnly: ['primary', 'disabled'],
    disabled: ['pruned'],
    pruned: [],
  },
};

/** The state of a key that has handed over but is still readable. */
export const readableState = { jwt: 'verifyOnly', encryption: 'decryptOnly' } as const;

/** How far a key has gone; when two values disagree, the further state is true. */
export const progressOf: Record<KeyState, number> = {
  published: 0,
  primary: 1,
  verifyOnly: 2,
  decryptOnly: 2,
  disabled: 3,
  revoked: 4,
  pruned: 4,
};

export function isTombstone(state: KeyState): boolean {
  return state === 'revoked' || state === 'pruned';
}
