/** Since when something is exposed, as a person says it: a day, an instant, or how long ago. */
import { durationSeconds } from '../../domain/config/duration.ts';
import { UsageError } from '../errors.ts';

/** Nothing of before was ever told to anybody (AWS CloudTrail began in November 2013). */
const earliest = new Date('2013-11-01T00:00:00Z');

const forms =
  'how long ago ("12h", "3d"), a day in UTC ("2026-11-20"), or an instant with its zone ("2026-11-20T10:15Z")';

/**
 * @returns ISO 8601 in UTC
 * @throws UsageError
 */
export function exposedSince(text: string, now: Date, option = '--exposed-since'): string {
  const at = instantOf(text, now);
  if (!(at >= earliest)) {
    throw new UsageError(`${option} is "${text.slice(0, 40)}"; expected ${forms}.`);
  }
  if (at > now) {
    throw new UsageError(
      `${option} is "${text}", which is ahead: it is ${now.toISOString()} (UTC) on this machine. Expected an instant of the past: ${forms}.`,
    );
  }
  return at.toISOString();
}

function instantOf(text: string, now: Date): Date {
  if (/^[1-9]\d{0,5}[smhd]$/.test(text)) {
    return new Date(now.getTime() - durationSeconds(text) * 1_000);
  }
  // Without a zone it would be this machine's, which is not the trail's.
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(
    text,
  );
  if (!isDay && !isInstant) return new Date(Number.NaN);
  const at = new Date(text);
  // The 30th of February becomes a day in March (ECMA-262, "Date Time String Format").
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  const real = new Date(Date.UTC(year, month - 1, day));
  return real.getUTCMonth() === month - 1 && real.getUTCDate() === day ? at : new Date(Number.NaN);
}
