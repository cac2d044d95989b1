/** The example of docs/schedule.md is a schedule that is accepted, and what the page says of windows is so. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/schedule.md'), 'utf8');

const jwt = (leadDays: number) => ({
  kind: 'jwt',
  field: 'JWT_SECRET',
  bits: 512,
  encoding: 'base64',
  cadenceDays: 180,
  readers: 'keyset',
  longestToken: '30d',
  leadDays,
});
const configOf = (schedule: unknown, count: number, leadDays = 5) => ({
  ...{ name: 'pharmacy', environment: 'prod', region: 'eu-west-1', schedule },
  secrets: Object.fromEntries(Array.from({ length: count }, (_, n) => [`jwt${n}`, jwt(leadDays)])),
});
const refused = (schedule: unknown, count: number, leadDays?: number): boolean => {
  try {
    parseRotationConfig(configOf(schedule, count, leadDays));
    return false;
  } catch {
    return true;
  }
};

test('the example is accepted, for as many secrets as the page says', () => {
  const [, block] = /```ts\nschedule: ([\s\S]*?),\n```/.exec(page) ?? [];
  const schedule = JSON.parse(JSON.stringify(runInNewContext(`(${block})`)));
  expect(parseRotationConfig(configOf(schedule, 6)).schedule.window?.timeZone).toBe(
    'Europe/Berlin',
  );
  expect(refused(schedule, 7)).toBe(true);
});

test('a window on Sundays takes ten days of lead', () => {
  const sundays = { window: { days: ['sun'], from: '02:00', to: '06:00' } };
  expect([9, 10].map((leadDays) => refused(sundays, 3, leadDays))).toEqual([true, false]);
});
