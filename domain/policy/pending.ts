/**
 * A rotation between RotateSecret and the move of AWSCURRENT: is it under way, or is it somebody's business?
 * Nothing else says so: Secrets Manager tells of a failed rotation only through CloudTrail, and calls the steps
 * again by itself, for hours, at moments it does not tell.
 */

/**
 * Four steps take seconds. With a look every five minutes and an alarm evaluated each minute, a rotation that
 * went silent at its first step is told within fifteen.
 */
export const patience = 9 * 60_000;

/** A version that no rotation made is looked at twice before it is told: its event normally says so in seconds. */
export const momentForTheEvent = 4 * 60_000;

export interface PendingFacts {
  /** When createSecret recorded the rotation, or whoever asked for it did; absent: nothing is recorded. */
  readonly recordedAt?: string | undefined;
  /** When AWSPENDING was first seen on this version; absent: only now. */
  readonly firstSeenAt?: string | undefined;
  /** Why the last run of a step failed; gone once that step has succeeded. */
  readonly failure?: object | undefined;
  readonly now: Date;
}

export interface PendingVerdict {
  /** Stuck: a person is told, and the login of a database is looked after. */
  readonly state: 'underWay' | 'stuck';
  /** Since when the rotation is pending, as far as anybody knows. */
  readonly since: string;
}

export function judgePending({
  recordedAt,
  firstSeenAt,
  failure,
  now,
}: PendingFacts): PendingVerdict {
  const since = recordedAt ?? firstSeenAt ?? now.toISOString();
  // Written so that an unreadable date is stuck, not young for ever.
  const young = now.getTime() - new Date(since).getTime() < patience;
  return { state: failure === undefined && young ? 'underWay' : 'stuck', since };
}

/** Was this seen long enough ago for whoever is told at once to have said it? Unreadable counts as long ago. */
export function hadItsMoment(seenAt: string, now: Date): boolean {
  return !(now.getTime() - new Date(seenAt).getTime() < momentForTheEvent);
}
