/** When the schedule may rotate: the window, the freezes, and how long before it says so. */
import * as z from 'zod';
import { durationSchema } from './duration.ts';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "02:30"');
const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
const instant = z.iso.datetime({
  offset: true,
  error: 'an instant with its offset, such as "2026-12-18T00:00:00+01:00"',
});

/** `Etc/UTC`, `Europe/Berlin`: a name of the IANA time zone database that this Node knows. */
const timeZone = z.string().refine((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, 'a time zone of the IANA database, such as "Europe/Berlin"');

export const scheduleSchema = z.strictObject({
  /** Rotations by schedule start only inside of it; absent: at any time. It may go past midnight. */
  window: z
    .strictObject({
      days: z
        .array(weekday)
        .min(1)
        .max(7)
        .default(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
      from: timeOfDay,
      to: timeOfDay,
      timeZone: timeZone.default('Etc/UTC'),
    })
    .optional(),
  /** Support and product are told this long before a planned rotation; "0" is not a notice: leave nobody unwarned. */
  notice: durationSchema(3).default('2h'),
  /** Nothing is rotated by schedule meanwhile. */
  freezes: z
    .array(z.strictObject({ from: instant, until: instant, reason: z.string().min(1).max(256) }))
    .max(50)
    .default([]),
});
export type ScheduleConfig = z.infer<typeof scheduleSchema>;
