import { describe, expect, test } from '@jest/globals';
import { isInside, nextOpening, type Window, weekdays } from '../../../domain/policy/window.ts';

const every = [...weekdays];
const night: Window = { days: every, from: '02:00', to: '06:00', timeZone: 'Etc/UTC' };
const inNewYork: Window = { ...night, timeZone: 'America/New_York' };
const pastMidnight: Window = {
  days: ['fri'],
  from: '22:00',
  to: '04:00',
  timeZone: 'Europe/Berlin',
};
const at = (instant: string) => new Date(instant);
const opening = (window: Window, from: string) => nextOpening(window, at(from)).toISOString();

describe('inside of the window', () => {
  test.each<[string, Window, string, boolean]>([
    ['a second before it opens', night, '2026-05-17T01:59:59Z', false],
    ['when it opens', night, '2026-05-17T02:00:00Z', true],
    ['a second before it closes', night, '2026-05-17T05:59:59Z', true],
    ['when it closes', night, '2026-05-17T06:00:00Z', false],
    ['by the clock of its zone, in summer', inNewYork, '2026-07-01T06:00:00Z', true],
    ['and in winter', inNewYork, '2026-01-01T06:00:00Z', false],
    ['on its day, before midnight', pastMidnight, '2026-05-15T20:00:00Z', true],
    ['after midnight of its day', pastMidnight, '2026-05-16T01:59:59Z', true],
    ['when it closes on the day after', pastMidnight, '2026-05-16T02:00:00Z', false],
    ['after midnight of the day before its day', pastMidnight, '2026-05-15T00:00:00Z', false],
    ['on the evening after', pastMidnight, '2026-05-16T20:00:00Z', false],
    ['on a whole day', { ...night, from: '00:00', to: '00:00' }, '2026-05-17T23:59:59Z', true],
    // 8 March 2026: at 02:00 the clocks of New York go to 03:00.
    ['before the hour that is left out', inNewYork, '2026-03-08T06:59:59Z', false],
    ['after the hour that is left out', inNewYork, '2026-03-08T07:00:00Z', true],
    // 1 November 2026: at 02:00 they go back to 01:00.
    ['in an hour that comes twice, first', at2('01:00', '02:00'), '2026-11-01T05:30:00Z', true],
    ['in an hour that comes twice, again', at2('01:00', '02:00'), '2026-11-01T06:30:00Z', true],
  ])('%s', (_title, window, instant, inside) => {
    expect(isInside(window, at(instant))).toBe(inside);
  });
});

function at2(from: string, to: string): Window {
  return { ...inNewYork, from, to };
}

describe('the next opening', () => {
  test.each<[string, Window, string, string]>([
    ['is now while it is open', night, '2026-05-17T05:59:00Z', '2026-05-17T05:59:00.000Z'],
    ['is tomorrow once it is closed', night, '2026-05-17T06:00:00Z', '2026-05-18T02:00:00.000Z'],
    ['waits for its day', pastMidnight, '2026-05-16T02:00:00Z', '2026-05-22T20:00:00.000Z'],
    ['moves with summer time', pastMidnight, '2026-10-24T12:00:00Z', '2026-10-30T21:00:00.000Z'],
    [
      'is the end of the hour that is left out',
      at2('02:30', '06:00'),
      '2026-03-08T00:00:00Z',
      '2026-03-08T07:00:00.000Z',
    ],
    [
      'is the next day where the whole window is left out',
      at2('02:00', '03:00'),
      '2026-03-08T05:00:00Z',
      '2026-03-09T06:00:00.000Z',
    ],
    [
      'is the first of two in an hour that comes twice',
      at2('01:30', '04:00'),
      '2026-11-01T04:00:00Z',
      '2026-11-01T05:30:00.000Z',
    ],
    [
      // Samoa had no 30 December 2011, a Friday.
      'passes over a day that its zone left out',
      { ...night, days: ['fri'], timeZone: 'Pacific/Apia' },
      '2011-12-29T12:00:00Z',
      '2012-01-05T12:00:00.000Z',
    ],
    [
      'two weeks ahead, from a Friday that is over to the one after that',
      { ...night, days: ['fri'], timeZone: 'Pacific/Apia' },
      '2011-12-23T20:00:00Z',
      '2012-01-05T12:00:00.000Z',
    ],
  ])('%s', (_title, window, from, expected) => {
    expect(opening(window, from)).toBe(expected);
  });

  test('is none without a day, and that is no answer to wait for', () => {
    expect(() => nextOpening({ ...night, days: [] }, at('2026-05-17T06:00:00Z'))).toThrow(
      new RangeError('the window never opens; expected one of its days within two weeks'),
    );
  });

  test.each<[string, Window]>([
    ['Asia/Kolkata', { ...night, timeZone: 'Asia/Kolkata' }],
    [
      'Lord Howe Island, where summer time is half an hour',
      { ...night, timeZone: 'Australia/Lord_Howe' },
    ],
    ['Berlin, past midnight', { ...pastMidnight, days: ['tue', 'sat', 'sun'] }],
    ['New York, closing inside of the hour that is left out', at2('23:00', '02:30')],
  ])('is where a walk by the minute finds it: %s', (_title, window) => {
    for (const month of ['2026-03-05', '2026-03-27', '2026-04-03', '2026-10-02', '2026-10-30']) {
      const start = at(`${month}T00:00:00Z`).getTime();
      for (let hours = 0; hours < 72; hours += 5) {
        const from = start + hours * 3_600_000;
        let walked = from;
        while (!isInside(window, new Date(walked))) walked += 30 * 60_000;
        expect(nextOpening(window, new Date(from)).toISOString()).toBe(
          new Date(walked).toISOString(),
        );
      }
    }
  });
});
