/** Freezes and what they leave; and what a person is told of a secret that they shut out. */
import { describe, expect, test } from '@jest/globals';
import { type Freeze, firstOpening, freezeAt, isOpen } from '../../../domain/policy/freeze.ts';
import { shutOut } from '../../../domain/policy/outlook.ts';
import { type Window, weekdays } from '../../../domain/policy/window.ts';

const window: Window = { days: [...weekdays], from: '02:00', to: '04:00', timeZone: 'Etc/UTC' };
const yearEnd: Freeze = {
  from: '2026-12-18T00:00:00+01:00',
  until: '2027-01-04T00:00:00+01:00',
  reason: 'year end',
};
const at = (instant: string) => new Date(instant);

describe('a freeze', () => {
  test.each([
    ['2026-12-17T22:59:59Z', true],
    ['2026-12-17T23:00:00Z', false],
    ['2027-01-03T22:59:59Z', false],
    ['2027-01-03T23:00:00Z', true],
  ])('at %s: open is %s', (instant, open) => {
    expect(isOpen({ freezes: [yearEnd] }, at(instant))).toBe(open);
  });

  test('whose end cannot be read freezes for ever', () => {
    const broken = { ...yearEnd, until: 'then' };
    expect(isOpen({ freezes: [broken] }, at('2030-01-01T00:00:00Z'))).toBe(false);
    expect(firstOpening({ freezes: [broken] }, at('2030-01-01T00:00:00Z'))).toBeUndefined();
    expect(firstOpening({ freezes: [broken], window }, at('2030-01-01T00:00:00Z'))).toBeUndefined();
  });

  test('is named by the one that ends last', () => {
    const week = { ...yearEnd, until: '2026-12-27T00:00:00Z', reason: 'week' };
    const month = { ...yearEnd, until: '2027-01-18T00:00:00Z', reason: 'month' };
    const then = at('2026-12-24T00:00:00Z').getTime();
    for (const freezes of [
      [week, yearEnd, month],
      [month, yearEnd, week],
    ]) {
      expect(freezeAt(freezes, then)?.reason).toBe('month');
    }
    expect(freezeAt([week], at('2026-12-27T00:00:00Z').getTime())).toBeUndefined();
  });
});

describe('the first opening', () => {
  const from = (instant: string, freezes: Freeze[], within?: Window) =>
    firstOpening({ window: within, freezes }, at(instant))?.toISOString();

  test.each([
    ['at any time', '2026-05-17T12:34:56Z', undefined, '2026-05-17T12:34:56.000Z'],
    ['in the window', '2026-05-17T12:00:00Z', window, '2026-05-18T02:00:00.000Z'],
    ['with an hour of the window left', '2026-05-17T03:01:00Z', window, '2026-05-18T02:00:00.000Z'],
    ['with an hour left, just', '2026-05-17T03:00:00Z', window, '2026-05-17T03:00:00.000Z'],
    ['after the freeze', '2026-12-20T12:00:00Z', undefined, '2027-01-03T23:00:00.000Z'],
    ['after the freeze, in the window', '2026-12-20T12:00:00Z', window, '2027-01-04T02:00:00.000Z'],
    ['before it, with room', '2026-12-17T22:30:00Z', undefined, '2027-01-03T23:00:00.000Z'],
  ])('%s', (_title, instant, within, expected) => {
    expect(from(instant, [yearEnd], within)).toBe(expected);
  });

  test('is none where the window is too short for a look an hour', () => {
    expect(from('2026-05-17T00:00:00Z', [], { ...window, to: '02:58' })).toBeUndefined();
    expect(from('2026-05-17T00:00:00Z', [], { ...window, to: '03:00' })).toBe(
      '2026-05-17T02:00:00.000Z',
    );
  });

  test('passes freezes that overlap or follow each other', () => {
    const more = { ...yearEnd, from: '2027-01-03T00:00:00Z', until: '2027-01-10T02:30:00Z' };
    expect(from('2026-12-20T00:00:00Z', [more, yearEnd], window)).toBe('2027-01-10T02:30:00.000Z');
  });
});

describe('a secret that a freeze shuts out', () => {
  // 90 days: due on 28 December, limit on 2 January.
  const secret = { rotateAt: at('2026-12-28T00:00:00Z'), limitAt: at('2027-01-02T00:00:00Z') };
  const said = (now: string, more: Partial<typeof secret> = {}) =>
    shutOut({ ...secret, ...more, now: at(now) }, { freezes: [yearEnd] });

  test('is told from fourteen days before the freeze, with the day by which to rotate it by hand', () => {
    expect(said('2026-12-03T22:59:59Z')).toBeUndefined();
    expect(said('2026-12-03T23:00:00Z')).toMatch(
      /\(year end\), the limit is 2027-01-02.*at 2027-01-03T23:00:00.000Z: rotate it by hand before 2026-12-17T23:00:00.000Z/,
    );
  });

  test('in the freeze, by hand before its limit; past the limit it is overdue, and that is said elsewhere', () => {
    expect(said('2026-12-20T00:00:00Z')).toContain('by hand before 2027-01-02T00:00:00.000Z');
    expect(said('2027-01-02T00:00:00Z')).toBeUndefined();
  });

  test.each([
    ['due before it', '2026-12-17T00:00:00Z', '2026-12-22T00:00:00Z', false],
    ['with two days left after it', '2027-01-01T00:00:00Z', '2027-01-05T23:00:00Z', false],
    ['with a second less than two days', '2027-01-01T00:00:00Z', '2027-01-05T22:59:59Z', true],
  ])('%s: %s', (_title, rotateAt, limitAt, isSaid) => {
    const dates = { rotateAt: at(rotateAt), limitAt: at(limitAt) };
    expect(said('2026-12-16T00:00:00Z', dates) !== undefined).toBe(isSaid);
  });

  test('is told of the freeze that does it, not of others before or after', () => {
    const before = { from: '2026-12-01T00:00:00Z', until: '2026-12-10T00:00:00Z', reason: 'past' };
    const after = { from: '2027-02-01T00:00:00Z', until: '2027-03-01T00:00:00Z', reason: 'later' };
    for (const freezes of [
      [before, yearEnd, after],
      [after, before, yearEnd],
    ]) {
      const text = shutOut({ ...secret, now: at('2026-12-16T00:00:00Z') }, { freezes });
      expect(text).toContain('(year end)');
    }
  });

  test('so is one whose window opens too late for it', () => {
    const openings = { freezes: [], window: { ...window, days: ['sun' as const] } };
    const dates = { rotateAt: at('2026-05-18T00:00:00Z'), limitAt: at('2026-05-23T00:00:00Z') };
    expect(shutOut({ ...dates, now: at('2026-05-18T00:00:00Z') }, openings)).toMatch(
      /^the window of the schedule opens too late, .* by hand before 2026-05-23T00:00:00.000Z/,
    );
  });
});
