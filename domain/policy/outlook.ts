/** Will the schedule come to rotate a secret in time? Window and freezes know nothing of its limit. */
import { type Freeze, firstOpening, type Openings } from './freeze.ts';

const day = 86_400_000;
/**
 * Secrets Manager's own rule (rate(cadence − 1 days)) fires at any time of the UTC day on which it falls due: from
 * two days before the limit the rotation is no longer the schedule's to place.
 */
export const ownRuleDays = 2;
/** Somebody has to be there before a freeze begins; told much earlier it would be forgotten again. */
const warningDays = 14;

export interface Outlook {
  readonly rotateAt: Date;
  readonly limitAt: Date;
  readonly now: Date;
}

/** @returns what a person should know and do; undefined: the schedule comes in time, or it is too early to say */
export function shutOut(
  { rotateAt, limitAt, now }: Outlook,
  openings: Openings,
): string | undefined {
  const from = Math.max(rotateAt.getTime(), now.getTime());
  // Overdue is a finding of its own.
  if (!(now.getTime() < limitAt.getTime())) return undefined;
  const opening = firstOpening(openings, new Date(from));
  if (opening !== undefined && opening.getTime() <= limitAt.getTime() - ownRuleDays * day) {
    return undefined;
  }
  const freeze = lastBefore(openings.freezes, from, opening);
  const begins = freeze === undefined ? rotateAt.getTime() : Date.parse(freeze.from);
  const warnFrom = freeze === undefined ? begins : begins - warningDays * day;
  if (now.getTime() < warnFrom) return undefined;
  const because =
    freeze === undefined
      ? 'the window of the schedule opens too late'
      : `nothing is rotated by schedule from ${freeze.from} until ${freeze.until} (${freeze.reason})`;
  const byHand = freeze !== undefined && now.getTime() < begins ? new Date(begins) : limitAt;
  const earliest = opening === undefined ? 'not at all' : `at ${opening.toISOString()}`;
  return `${because}, the limit is ${limitAt.toISOString()}, and the schedule could rotate it ${earliest}: rotate it by hand before ${byHand.toISOString()}; otherwise Secrets Manager's own rule does, up to two days before the limit, whatever the freeze`;
}

/** Of the freezes on the way from `from` to the opening, the one that ends last. */
function lastBefore(
  freezes: readonly Freeze[],
  from: number,
  opening: Date | undefined,
): Freeze | undefined {
  const end = opening?.getTime() ?? Number.POSITIVE_INFINITY;
  return freezes
    .filter((freeze) => Date.parse(freeze.until) > from && Date.parse(freeze.from) < end)
    .toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
}
