/**
 * Schedule expressions of EventBridge rules, in UTC.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { Cron } from 'croner';
import { ServiceException } from '../service.ts';

/** The first instant strictly after `after`; undefined when there is none any more. */
export type Schedule = (after: Date) => Date | undefined;

const unitMilliseconds: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/**
 * @param since when the rule was made: a rate counts from there
 * @throws ValidationException with AWS's message for an expression that is not valid
 */
export function parseSchedule(expression: string, since: Date): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression);
  if (rate !== null) {
    return rateSchedule(expression, Number(rate[1]), rate[2] ?? '', rate[3] === 's', since);
  }
  const cron = /^cron\((.+)\)$/.exec(expression);
  if (cron?.[1] !== undefined) {
    return cronSchedule(expression, cron[1]);
  }
  throw invalid(expression);
}

function rateSchedule(
  expression: string,
  value: number,
  unit: string,
  plural: boolean,
  since: Date,
): Schedule {
  // AWS: a value of 1 takes the singular, a value above 1 the plural.
  if (value < 1 || plural !== value > 1) {
    throw invalid(expression);
  }
  const period = value * (unitMilliseconds[unit] ?? 0);
  const start = since.getTime();
  return (after) => {
    const passed = Math.floor((after.getTime() - start) / period);
    return new Date(start + (Math.max(0, passed) + 1) * period);
  };
}

/** minutes hours day-of-month month day-of-week year; one of the two days is "?". */
function cronSchedule(expression: string, fields: string): Schedule {
  const parts = fields.trim().split(/\s+/);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = parts;
  if (parts.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid(expression);
  }
  // "?" means "now" to croner, and "5L" (last Thursday) is "5#L" there; weekdays count from 1 = Sunday.
  const pattern = [
    '0',
    minutes,
    hours,
    dayOfMonth === '?' ? '*' : dayOfMonth,
    month,
    dayOfWeek === '?' ? '*' : dayOfWeek?.replace(/^([1-7]|[A-Z]{3})L$/, '$1#L'),
    year,
  ].join(' ');
  try {
    const cron = new Cron(pattern, {
      mode: '7-part',
      timezone: 'UTC',
      paused: true,
      alternativeWeekdays: true,
      // AWS takes "0/15" (from 0, every 15), which Vixie cron does not.
      sloppyRanges: true,
    });
    return (after) => cron.nextRun(after) ?? undefined;
  } catch {
    throw invalid(expression);
  }
}

function invalid(expression: string): ServiceException {
  return new ServiceException(
    'ValidationException',
    `Parameter ScheduleExpression is not valid: ${expression}`,
  );
}
