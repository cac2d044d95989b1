/** A time as people of one place read it: `Sat 14 Feb 2026, 03:30 Europe/Berlin`. */
export function inWords(instant: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(instant);
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((part) => part.type === type)?.value ?? '';
  // September is "Sept" in this locale, and "Sep" in those before it.
  const month = of('month').slice(0, 3);
  const zone = timeZone === 'Etc/UTC' ? 'UTC' : timeZone;
  return `${of('weekday')} ${of('day')} ${month} ${of('year')}, ${of('hour')}:${of('minute')} ${zone}`;
}
