/** Evidence as a sentence an auditor reads. The facts themselves are those of the rooms that find them. */
import type { Evidence } from '../../events/control-records.ts';
import type { ToldEvidence } from '../deployment-report.ts';

type Detail = NonNullable<Evidence['detail']>;

const of = (detail: Detail, name: string, fallback: string): string =>
  detail[name] === undefined ? fallback : String(detail[name]);

/** What a sync target let us see of the copy. */
function readBack(it: Detail): string {
  switch (it.readBack) {
    case 'equal':
      return 'read back and equal';
    case 'fingerprint':
      return 'it answered with the fingerprint of the value';
    case 'updatedAt':
      return `changed there at ${of(it, 'updatedAt', 'a time not noted')}; values cannot be read there`;
    default:
      return 'it accepted it; nothing was read back';
  }
}

/** Fact → sentence. */
const words: Record<string, (detail: Detail) => string> = {
  consumersStartedByEmergency: () =>
    'the emergency started or restarted the consumers once for all of its secrets',
  copied: (it) =>
    `${of(it, 'target', 'a sync target')} ${it.wrote === false ? 'held' : 'was given'} the new value (${readBack(it)})`,
  encryptionCanary: (it) =>
    `a test value was sealed and opened with key ${of(it, 'primary', 'in use')}`,
  encryptionPreflight: () => 'declared columns were checked before the rotation',
  encryptionPreflightFinding: () => 'the check of the columns found something',
  encryptionPreflightNotDone: () => 'the columns could not be checked before the rotation',
  escrowed: () => 'a second copy of the keys was written to escrow',
  identityClosed: (it) => `role ${of(it, 'role', 'of before')} can no longer log in`,
  inboxRead: (it) => `the value came from version ${of(it, 'versionId', 'in use')} of the inbox`,
  jwtKeysProbed: (it) =>
    `tokens were signed and verified with key ${of(it, 'primary', 'in use')}; ${of(it, 'refused', 'no')} forged tokens were refused`,
  keyDestroyed: (it) => `key ${of(it, 'kid', '')} is gone from every version`,
  keyDisabled: (it) => `key ${of(it, 'kid', '')} may no longer be used`,
  keyNotPruned: (it) => `key ${of(it, 'kid', '')} was kept: ${of(it, 'reason', 'no reason noted')}`,
  keyPruned: (it) => `key ${of(it, 'kid', '')} left the value`,
  keyStillHeld: (it) => `key ${of(it, 'kid', '')} is still held by an older version`,
  kmsRandomUnavailable: () => 'KMS gave no randomness; the local generator was used alone',
  ledgerDisagrees: () => 'the ledger in the database disagreed',
  ledgerNotAsked: () => 'the ledger in the database could not be asked',
  loginAccepted: (it) =>
    `the database accepted the new credential of ${of(it, 'role', 'the role')}`,
  loginAcceptedThroughPooler: () => 'the pooler accepted the new credential',
  loginsOutlasted: () => 'logins begun before the change were waited out',
  nothingReplaced: () => 'it was the first value: there was none before',
  oldCredentialInOverlap: (it) =>
    `the credential of ${of(it, 'role', 'the other role')} from before goes on working until the next rotation`,
  oldCredentialNotProvenDead: () => 'the old credential was not proven dead',
  oldCredentialRefused: (it) => `the old credential of ${of(it, 'role', 'the role')} was refused`,
  oldKeyAcceptedUntil: (it) =>
    `tokens signed with key ${of(it, 'kid', 'of before')} are accepted until ${of(it, 'until', 'they run out')}`,
  oldKeyDecryptOnly: (it) =>
    `key ${of(it, 'kid', 'of before')} opens what it sealed, and seals no more`,
  oldKeyRevoked: (it) => `key ${of(it, 'kid', 'of before')} is revoked: its tokens are refused`,
  oldKeysNotProven: () => 'what became of the keys of before was not read back',
  oldKeysReadableOnly: (it) =>
    `keys of before: ${of(it, 'count', 'all')}; they open what they sealed, and seal no more`,
  oldKeysRevoked: (it) =>
    `keys of before: ${of(it, 'count', 'all')}, revoked; their tokens are refused`,
  redeployAsked: (it) => `${of(it, 'host', 'the hook')} was asked to redeploy the earlier release`,
  redeployNotAccepted: () => 'nobody accepted to redeploy the earlier release',
  reencryptionClosed: () => 'the running re-encryption was closed first',
  reencryptionNotClosed: () => 'the running re-encryption could not be closed',
  rowSecurityUnchanged: () => 'row-level security is as it was',
  runsAsIdentity: (it) => `logins act as ${of(it, 'identity', 'the identity')}`,
  sessionsEnded: () => 'sessions of the old credential were ended',
  sessionsOfOldCredential: (it) =>
    `${of(it, 'open', 'an unknown number of')} sessions of ${of(it, 'role', 'the role')} were open`,
  settingsRestored: () => 'settings of the role were restored',
  syncLimitExceeded: (it) =>
    `the value has ${of(it, 'bytes', 'more')} bytes, more than the ${of(it, 'limit', '')} its smallest copy takes`,
  valueAccepted: (it) =>
    `${of(it, 'host', 'the vendor')} accepted the new value (status ${of(it, 'status', 'not noted')})`,
  verifierAlreadySet: () => 'the new password was already set',
  verifierSet: (it) => `the new password of ${of(it, 'role', 'the role')} was set`,
  versionUnreadable: () => 'an older version could not be read',
};

/** Facts that say something is missing; a reader should not take them for proof. */
const reservations: ReadonlySet<string> = new Set([
  'encryptionPreflightFinding',
  'encryptionPreflightNotDone',
  'keyStillHeld',
  'kmsRandomUnavailable',
  'ledgerDisagrees',
  'ledgerNotAsked',
  'oldCredentialNotProvenDead',
  'oldKeysNotProven',
  'redeployNotAccepted',
  'reencryptionNotClosed',
  'syncLimitExceeded',
  'versionUnreadable',
]);

export const isReservation = ({ fact }: Pick<Evidence, 'fact'>): boolean => reservations.has(fact);

/** Those this table does not know are told by their name. */
export const knownFacts: ReadonlySet<string> = new Set(Object.keys(words));

export function toldEvidence(evidence: readonly Evidence[]): ToldEvidence[] {
  const told = new Map<string, ToldEvidence>();
  for (const { fact, detail } of evidence) {
    const sentence = words[fact]?.(detail ?? {}) ?? spelt(fact);
    // Two passes of one rotation find some facts twice.
    told.set(sentence, { fact, ...(detail && { detail }), words: sentence });
  }
  return [...told.values()];
}

/** `rowsCounted` → `rows counted`. */
const spelt = (fact: string): string =>
  fact.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
