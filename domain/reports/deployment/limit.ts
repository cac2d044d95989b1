import type { ReportedSecret } from '../deployment-report.ts';

/** Whatever its state says: one that is on hold, stuck or not armed is late all the same. @param at of the report */
export const isPastLimit = (
  { nextDueAt }: Pick<ReportedSecret, 'nextDueAt'>,
  at: string,
): boolean => nextDueAt !== undefined && !(Date.parse(at) < Date.parse(nextDueAt));

/** It rotates at an age, and nobody can tell how old it is. */
export const isAgeUnknown = ({
  nextDueAt,
  frequencyDays,
  state,
}: Pick<ReportedSecret, 'nextDueAt' | 'frequencyDays' | 'state'>): boolean =>
  state === 'unreadable' ||
  (nextDueAt === undefined && frequencyDays !== undefined && state !== 'uninitialised');
