import { createHash } from 'node:crypto';

/**
 * A ClientRequestToken that the same question always gets: RotateSecret with a token it has seen starts
 * nothing twice ("used to prevent duplicate rotations", API_RotateSecret), so a caller that is run again
 * after a lost answer asks with the same one. UUID-shaped, 36 characters; `parts` are joined with a
 * separator that occurs in none of them.
 */
export function derivedToken(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex');
  return [8, 12, 16, 20].reduceRight(
    (token, at) => `${token.slice(0, at)}-${token.slice(at)}`,
    hex.slice(0, 32),
  );
}

/**
 * The token of a planned rotation asked for by the cadence: one per AWSCURRENT version and UTC hour. What
 * RotateSecret does with the token of a rotation that failed for good is not documented; a refused
 * rotation must not keep the secret waiting until the next day.
 */
export function plannedToken(secretName: string, current: string, now: Date): string {
  return derivedToken('planned', secretName, current, now.toISOString().slice(0, 13));
}

/** The token of the rotation that takes a version of the inbox: whoever sees it first asks, and nobody twice. */
export function inboxToken(secretName: string, inboxVersionId: string): string {
  return derivedToken('inbox', secretName, inboxVersionId);
}

/** The token of an activation: fixed by the version that published the key and by the key. */
export function activateToken(secretName: string, versionId: string, kid: string): string {
  return derivedToken('activate', secretName, versionId, kid);
}
