/** Windows and freezes that would keep secrets from rotating in time. */
import { type Mistake, one } from './document.ts';

const window = { from: '02:00', to: '06:00' };

export const schedule: readonly Mistake[] = [
  [
    'a window the hourly schedule may miss',
    (c) => {
      c.schedule = { window: { from: '02:30', to: '03:30' } };
    },
    one(/^schedule\.window: found 60 minutes; expected 120 or more/),
  ],
  [
    'a window on Sundays, and five days to meet it',
    (c) => {
      c.schedule = { window: { ...window, days: ['sun'] } };
    },
    one(
      /^schedule\.window: found room for 0 rotations, one an hour, in the 3 days that leadDays 5 leaves .* and 4 secrets .*; expected leadDays: 17 for jwt, pii, db, legacy, or a wider window$/,
    ),
  ],
  [
    'a window without room for all of them',
    (c) => {
      c.schedule = { window: { from: '23:30', to: '01:30' } };
    },
    one(/found room for 2 rotations, .* and 4 secrets .*; expected leadDays: 7 for/),
  ],
  [
    'a time zone nobody knows',
    (c) => {
      c.schedule = { window: { ...window, timeZone: 'Europe/Berlin2' } };
    },
    one(/^schedule\.window\.timeZone: found "Europe\/Berlin2"; expected a time zone/),
  ],
  [
    'a freeze from a day, which is another instant in each time zone',
    (c) => {
      c.schedule = {
        freezes: [{ from: '2026-12-20', until: '2026-12-24T00:00:00Z', reason: 'x' }],
      };
    },
    one(
      /^schedule\.freezes\.0\.from: found "2026-12-20"; expected an instant with its offset, such as/,
    ),
  ],
  [
    'half past 24',
    (c) => {
      c.schedule = { window: { ...window, to: '24:30' } };
    },
    one(/^schedule\.window\.to: found "24:30"; expected a time of day/),
  ],
  [
    'no notice at all',
    (c) => {
      c.schedule = { notice: '0h' };
    },
    one(/^schedule\.notice: found "0h"; expected a whole number and a unit/),
  ],
  [
    'a freeze that ends before it begins',
    (c) => {
      c.schedule = {
        freezes: [{ from: '2026-12-20T00:00:00Z', until: '2026-12-01T00:00:00Z', reason: 'x' }],
      };
    },
    one(/^schedule\.freezes\.0\.until: found .* not after from .*; expected a later instant/),
  ],
  [
    'two freezes that are one of three months',
    (c) => {
      c.schedule = {
        freezes: [
          { from: '2026-11-01T00:00:00Z', until: '2026-12-20T00:00:00Z', reason: 'audit' },
          { from: '2026-12-18T00:00:00Z', until: '2027-02-01T00:00:00Z', reason: 'year end' },
        ],
      };
    },
    one(
      /^schedule\.freezes: found no rotation from 2026-11-01T00:00:00.000Z until 2027-02-01T00:00:00.000Z; expected a shorter freeze: pii \(90 days\) would reach the limit/,
    ),
  ],
];
