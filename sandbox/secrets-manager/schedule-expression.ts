/**
 * Rotation rules and the windows they open.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
import { Cron } from 'croner';
import { invalidParameter } from './errors.ts';
import { type Input, optionalInteger, optionalString } from './input.ts';

export interface RotationRules {
  automaticallyAfterDays?: number;
  scheduleExpression?: string;
  duration?: string;
}

export interface RotationWindow {
  opens: Date;
  /** Last second of the window: what DescribeSecret gives as NextRotationDate. */
  closes: Date;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function parseRotationRules(input: unknown): RotationRules {
  const members = (input ?? {}) as Input;
  const days = optionalInteger(members, 'AutomaticallyAfterDays', 1, 1000);
  const expression = optionalString(members, 'ScheduleExpression', 1, 256);
  const duration = optionalString(members, 'Duration', 2, 3);
  if ((days === undefined) === (expression === undefined)) {
    throw invalidParameter(
      'You must specify exactly one of AutomaticallyAfterDays and ScheduleExpression in RotationRules.',
    );
  }
  if (expression !== undefined && !/^[0-9A-Za-z()#?*\-/, ]+$/.test(expression)) {
    throw invalidExpression(expression);
  }
  if (duration !== undefined && !/^[0-9]+h$/.test(duration)) {
    throw invalidParameter(`Duration ${duration} is not valid: it is a number of hours, e.g. 3h.`);
  }
  const rules: RotationRules = {
    ...(days === undefined ? {} : { automaticallyAfterDays: days }),
    ...(expression === undefined ? {} : { scheduleExpression: expression }),
    ...(duration === undefined ? {} : { duration }),
  };
  assertDurationFits(rules);
  return rules;
}

/** The first window that opens after `base`, the last rotation (or manual change of the value). */
export function nextWindow(rules: RotationRules, base: Date): RotationWindow {
  const schedule = scheduleOf(rules);
  const hours = durationHours(rules);
  switch (schedule.kind) {
    case 'days': {
      // "The rotation window opens at 00:00 UTC" and lasts until the end of that day.
      const opens = startOfDay(new Date(base.getTime() + schedule.every * DAY));
      return windowOf(opens, hours ?? 24);
    }
    case 'hours':
      return windowOf(nextHour(schedule.every, base), hours ?? 1);
    case 'cron': {
      const opens = nextRun(schedule.cron, base, rules);
      return windowOf(opens, hours ?? defaultCronHours(schedule.cron, opens, rules));
    }
  }
}

/** When a rotation that failed in its window is tried again: the next day, hour or cron window. */
export function nextAttempt(rules: RotationRules, after: Date): RotationWindow {
  const schedule = scheduleOf(rules);
  if (schedule.kind !== 'days') {
    return nextWindow(rules, after);
  }
  return windowOf(startOfDay(new Date(after.getTime() + DAY)), durationHours(rules) ?? 24);
}

/** Days between this rotation and the next, which DescribeSecret tells beside the expression. */
export function daysUntilNext(rules: RotationRules, base: Date): number {
  const schedule = scheduleOf(rules);
  if (schedule.kind === 'days') {
    return schedule.every;
  }
  return Math.max(1, Math.ceil((nextWindow(rules, base).opens.getTime() - base.getTime()) / DAY));
}

type Schedule =
  | { kind: 'days'; every: number }
  | { kind: 'hours'; every: number }
  | { kind: 'cron'; cron: Cron };

function scheduleOf(rules: RotationRules): Schedule {
  if (rules.scheduleExpression === undefined) {
    return { kind: 'days', every: rules.automaticallyAfterDays ?? 0 };
  }
  const expression = rules.scheduleExpression.trim();
  const rate = /^rate\((\d+) (hours?|days?)\)$/.exec(expression);
  if (rate !== null) {
    const every = Number(rate[1]);
    const kind = rate[2]?.startsWith('hour') ? 'hours' : 'days';
    if (kind === 'hours' ? every < 4 || every > 24_000 : every < 1 || every > 1000) {
      throw invalidExpression(expression);
    }
    return { kind, every };
  }
  return { kind: 'cron', cron: parseCron(expression) };
}

function parseCron(expression: string): Cron {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if (
    fields.length !== 6 ||
    minutes !== '0' ||
    year !== '*' ||
    (dayOfMonth === '?') === (dayOfWeek === '?')
  ) {
    throw invalidExpression(expression);
  }
  const any = (field: string | undefined): string => (field === '?' ? '*' : (field ?? ''));
  try {
    // AWS counts weekdays from SUN=1 and allows a start without a range ("1/3").
    return new Cron(`0 0 ${hours} ${any(dayOfMonth)} ${month} ${any(dayOfWeek)}`, {
      timezone: 'UTC',
      paused: true,
      alternativeWeekdays: true,
      sloppyRanges: true,
    });
  } catch {
    throw invalidExpression(expression);
  }
}

function nextRun(cron: Cron, after: Date, rules: RotationRules): Date {
  const next = cron.nextRun(after);
  if (next === null) {
    throw invalidExpression(rules.scheduleExpression ?? '');
  }
  return next;
}

/** Until the end of the day, or one hour when the schedule comes again on the same day. */
function defaultCronHours(cron: Cron, opens: Date, rules: RotationRules): number {
  const endOfDay = startOfDay(opens).getTime() + DAY;
  return nextRun(cron, opens, rules).getTime() < endOfDay ? 1 : (endOfDay - opens.getTime()) / HOUR;
}

function nextHour(every: number, base: Date): Date {
  if (24 % every !== 0) {
    return new Date(Math.floor(base.getTime() / HOUR) * HOUR + every * HOUR);
  }
  // A rate that divides the day keeps to hours counted from midnight UTC.
  const midnight = startOfDay(base).getTime();
  const passed = Math.floor((base.getTime() - midnight) / (every * HOUR));
  return new Date(midnight + (passed + 1) * every * HOUR);
}

function assertDurationFits(rules: RotationRules): void {
  const schedule = scheduleOf(rules);
  const hours = durationHours(rules);
  if (schedule.kind === 'cron') {
    assertWithinYear(schedule.cron, rules);
  }
  if (hours === undefined) {
    return;
  }
  const opens = nextWindow(rules, new Date(0)).opens;
  const end = opens.getTime() + hours * HOUR;
  const limit =
    schedule.kind === 'hours'
      ? opens.getTime() + schedule.every * HOUR
      : Math.min(
          startOfDay(opens).getTime() + DAY,
          schedule.kind === 'cron' ? nextRun(schedule.cron, opens, rules).getTime() : Infinity,
        );
  if (hours < 1 || end > limit) {
    throw invalidParameter(
      `Duration ${rules.duration} is not valid: the window must end before the next one and, for a schedule in days, before the next UTC day.`,
    );
  }
}

function assertWithinYear(cron: Cron, rules: RotationRules): void {
  const [first, second] = cron.nextRuns(2, new Date('2027-01-01T00:00:00Z'));
  if (
    first === undefined ||
    second === undefined ||
    second.getTime() - first.getTime() > 366 * DAY
  ) {
    throw invalidExpression(rules.scheduleExpression ?? '');
  }
}

function durationHours(rules: RotationRules): number | undefined {
  return rules.duration === undefined ? undefined : Number.parseInt(rules.duration, 10);
}

function windowOf(opens: Date, hours: number): RotationWindow {
  return { opens, closes: new Date(opens.getTime() + hours * HOUR - 1000) };
}

function startOfDay(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY) * DAY);
}

function invalidExpression(expression: string) {
  return invalidParameter(`The schedule expression ${expression} is not valid.`);
}
