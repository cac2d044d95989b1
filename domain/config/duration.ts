/** Durations of the configuration: a whole number and one unit, `30s`, `5m`, `12h` or `30d`. */
import * as z from 'zod';

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds. */
export function durationSeconds(text: string): number {
  const unit = secondsOf[text.slice(-1)];
  return unit === undefined ? Number.NaN : Number(text.slice(0, -1)) * unit;
}

/** `max` in days. */
export const durationSchema = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}[smhd]$/, 'a whole number and a unit, such as "30s", "5m", "12h" or "30d"')
    .refine((text) => !(durationSeconds(text) > max * 86_400), `at most ${max} days`);
