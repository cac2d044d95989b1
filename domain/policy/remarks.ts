/** What needs a person besides the verdict on a secret's age: one list for the schedule and whoever looks. */
import { type DriftFacts, driftOf, type Remark } from './drift.ts';
import type { Openings } from './freeze.ts';
import { shutOut } from './outlook.ts';

export type { Remark } from './drift.ts';

/** A rotation would hand the next value to a stranger's function, or cannot start. */
const forbidding: ReadonlySet<Remark['code']> = new Set([
  'functionChanged',
  'scheduledForDeletion',
  'isReplica',
]);

/** May it be rotated at all, whatever its age? */
export const mayRotate = (remarks: readonly Remark[]): boolean =>
  !remarks.some(({ code }) => forbidding.has(code));

export interface RemarkedVerdict {
  readonly decision: string;
  readonly rotateAt?: Date | undefined;
  readonly limitAt?: Date | undefined;
}

/** Those that the schedule rotates when their time comes. */
const scheduled: ReadonlySet<string> = new Set(['notDue', 'due']);

export function remarksOf(
  facts: DriftFacts & { readonly schedule?: Openings | undefined },
  { decision, rotateAt, limitAt }: RemarkedVerdict,
): Remark[] {
  const { schedule, now } = facts;
  const remarks = driftOf(facts);
  if (schedule !== undefined && rotateAt && limitAt && scheduled.has(decision)) {
    const message = shutOut({ rotateAt, limitAt, now }, schedule);
    if (message !== undefined) remarks.push({ code: 'shutOut', message });
  }
  return remarks;
}
