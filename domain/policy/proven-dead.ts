/**
 * What became of what was in use before an emergency, by evidence: is it proven that nobody gets anywhere with it? Of
 * keys that rows need, that nothing is sealed with them any more.
 */

/** What was found; the rest of it is for people. */
interface Fact {
  readonly fact: string;
}

/** Found by a rotation function, recorded with the rotation. */
const foundByRotation: ReadonlySet<string> = new Set([
  'oldCredentialRefused',
  'oldKeysRevoked',
  'oldKeysReadableOnly',
  'sessionsEnded',
]);

const proves: ReadonlySet<string> = new Set([
  'oldCredentialRefused',
  'oldKeysRevoked',
  'oldKeysReadableOnly',
  'nothingReplaced',
]);

const leavesOpen: ReadonlySet<string> = new Set(['oldCredentialNotProvenDead', 'oldKeysNotProven']);

/** The part of a rotation's evidence that is about what was there before. What it left open is looked at again. */
export const aboutTheOld = <Evidence extends Fact>(evidence: readonly Evidence[]): Evidence[] =>
  evidence.filter(({ fact }) => foundByRotation.has(fact));

/** Every place that was looked at, and at least one. */
export const isProvenDead = (evidence: readonly Fact[]): boolean =>
  evidence.some(({ fact }) => proves.has(fact)) &&
  !evidence.some(({ fact }) => leavesOpen.has(fact));
