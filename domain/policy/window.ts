/**
 * The window of the schedule, by the clock on the wall of its time zone: it stands open whenever that clock shows
 * one of its days and a time from `from` up to, not including, `to`. So an hour that summer time leaves out is
 * missing from the window, and one that comes twice counts twice. Where `to` is not later than `from` the window
 * goes past midnight; its days are those on which it opens.
 */

const minute = 60_000;
const day = 86_400_000;

/** In the order of `Date.getUTCDay`. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof weekdays)[number];

export interface Window {
  readonly days: readonly Weekday[];
  /** `02:30`. */
  readonly from: string;
  readonly to: string;
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
}

export function isInside(window: Window, at: Date): boolean {
  const wall = wallClock(window.timeZone, at.getTime());
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  const minutes = Math.floor(wall / minute) % 1440;
  const opensOn = (instant: number) => window.days.includes(weekdayOf(instant));
  if (from < to) {
    return opensOn(wall) && from <= minutes && minutes < to;
  }
  return (minutes >= from && opensOn(wall)) || (minutes < to && opensOn(wall - day));
}

/**
 * The first instant from `at` on at which the window stands open. (Where summer time ends inside of the hour in
 * which the window closes, it opens a second time at the repeated hour; that one is passed over.)
 */
export function nextOpening(window: Window, at: Date): Date {
  if (isInside(window, at)) {
    return at;
  }
  const today = Math.floor(wallClock(window.timeZone, at.getTime()) / day) * day;
  // Two weeks, because a zone may leave out a whole day (Pacific/Apia, 30 December 2011).
  for (let days = -1; days <= 14; days++) {
    const date = today + days * day;
    const opening = instantsOf(window.timeZone, date + minutesOf(window.from) * minute).find(
      (instant) => instant >= at.getTime() && isInside(window, new Date(instant)),
    );
    if (opening !== undefined) return new Date(opening);
  }
  throw new RangeError('the window never opens; expected one of its days within two weeks');
}

const weekdayOf = (wall: number) => weekdays[new Date(wall).getUTCDay()] as Weekday;

function minutesOf(time: string): number {
  const [hours = Number.NaN, minutes = Number.NaN] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock on the wall shows at an instant, written as if it were UTC. Both in milliseconds. */
function wallClock(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(instant)) {
    parts[type] = Number(value);
  }
  const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minutes, second);
}

/** When the clock on the wall shows this: once, twice in an hour that is repeated, or when it jumps over it. */
function instantsOf(timeZone: string, wall: number): number[] {
  const offsetAt = (instant: number) => wallClock(timeZone, instant) - instant;
  const candidates = [wall - day, wall + day]
    .map((near) => wall - offsetAt(near))
    .sort((a, b) => a - b);
  const exact = candidates.filter((instant) => wallClock(timeZone, instant) === wall);
  if (exact.length > 0) return [...new Set(exact)];
  let [before = wall, after = wall] = candidates;
  while (after - before > 1_000) {
    const middle = Math.floor((before + after) / 2_000) * 1_000;
    if (wallClock(timeZone, middle) < wall) before = middle;
    else after = middle;
  }
  return [after];
}
