/** Which secrets are worth a word a day: past their limit, or near it while something keeps them from rotating. */
import { urgentDays, type Verdict } from './due.ts';

const day = 86_400_000;

/** @param remarked a person has to look at it for another reason than its age */
export function isOverdueOrStuck(
  { decision, finding, limitAt }: Pick<Verdict, 'decision' | 'finding' | 'limitAt'>,
  remarked: boolean,
  now: Date,
): boolean {
  // Nobody can tell how old it is.
  if (limitAt === undefined) return decision === 'badDate';
  const near = !(now.getTime() < limitAt.getTime() - urgentDays * day);
  return near && (finding || remarked);
}
