/** When the owners of a user-managed secret are reminded that it is old. */

const day = 86_400_000;

export interface ReminderFacts {
  /** Since when its value is in use. */
  readonly changedAt: Date;
  /** From this age on. */
  readonly remindDays: number;
  readonly now: Date;
}

/** @returns its age in whole days (of 86,400 s), if somebody should be reminded. @throws RangeError for a date in the future, or none */
export function reminderOf({ changedAt, remindDays, now }: ReminderFacts): number | undefined {
  const age = now.getTime() - changedAt.getTime();
  // Written so that NaN fails, too.
  if (!(age >= 0)) {
    throw new RangeError(
      `its value is said to be of ${String(changedAt.getTime())} (milliseconds since 1970); expected an instant in the past`,
    );
  }
  return age >= remindDays * day ? Math.floor(age / day) : undefined;
}
