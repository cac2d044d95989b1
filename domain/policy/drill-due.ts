/** When the next drill of an emergency is due: so many months after the last one. Pure, in UTC. */

/** A drill that the calendar starts is over within hours; one that somebody has to look at waits for no weekend. */
const graceDays = 3;
const day = 86_400_000;

/** The same day and hour, months later; of a month that is too short its last day. */
export function nextDrill(last: Date, everyMonths: number): Date {
  const month = last.getUTCMonth() + everyMonths;
  const lastDay = new Date(Date.UTC(last.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const at = new Date(last);
  at.setUTCDate(1);
  at.setUTCMonth(month);
  at.setUTCDate(Math.min(last.getUTCDate(), lastDay));
  return at;
}

export const isDrillDue = (dueAt: Date, now: Date): boolean =>
  now.getTime() >= dueAt.getTime() + graceDays * day;
