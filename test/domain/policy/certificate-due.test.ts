import { describe, expect, test } from '@jest/globals';
import {
  CertificateDateError,
  daysLeft,
  endToTell,
  problemToTell,
  stageOf,
  type ToldOfEnd,
} from '../../../domain/policy/certificate-due.ts';

const day = 86_400_000;
const notAfter = new Date('2026-06-15T12:00:00Z');
/** So many days before its end, and as many seconds later. */
const before = (days: number, seconds = 0) =>
  new Date(notAfter.getTime() - days * day + seconds * 1_000);
const certificate = { identity: 'a', notAfter };

describe('a certificate that ends', () => {
  test.each([
    [before(30, -1), undefined, 30],
    [before(30), 'in30', 30],
    [before(30, 1), 'in30', 29],
    [before(14, -1), 'in30', 14],
    [before(14), 'in14', 14],
    [before(7, -1), 'in14', 7],
    [before(7), 'in7', 7],
    [before(1, -1), 'in7', 1],
    [before(1), 'in1', 1],
    [before(0, -1), 'in1', 0],
    [before(0), 'ended', 0],
    [before(0, 1), 'ended', -1],
    [before(-1, 1), 'ended', -2],
  ])('at %j is at stage %s, %d days left', (now, stage, days) => {
    expect(stageOf(notAfter, now)).toBe(stage);
    expect(daysLeft(notAfter, now)).toBe(days);
  });

  test('ends at the same instant wherever the clock is read', () => {
    // Days are 24 hours, also where one of them has 23 or 25: certificates are valid by UTC (RFC 5280, 4.1.2.5).
    const end = new Date('2026-03-29T12:00:00+02:00');
    expect(stageOf(end, new Date('2026-03-28T11:00:00+01:00'))).toBe('in1');
    expect(stageOf(end, new Date('2026-03-28T10:59:59+01:00'))).toBe('in7');
    expect(stageOf(end, new Date('2026-03-29T19:00:00+09:00'))).toBe('ended');
    expect(
      endToTell({ identity: 'a', notAfter: end }, undefined, new Date('2026-03-30T01:00:00+09:00'))
        ?.day,
    ).toBe('2026-03-29');
  });

  test.each([
    [new Date(Number.NaN), before(1)],
    [notAfter, new Date('never')],
  ])('is never "not due" by an instant that is none', (end, now) => {
    expect(() => stageOf(end, now)).toThrow(CertificateDateError);
    expect(() => daysLeft(end, now)).toThrow(CertificateDateError);
    expect(() => endToTell({ identity: 'a', notAfter: end }, undefined, now)).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_CERTIFICATE_DATE' }),
    );
  });
});

describe('people are told', () => {
  /** Looks every six hours from the first instant to the last; what was told, and when. */
  const over = (from: Date, to: Date, of = (_: Date) => certificate) => {
    const told: [string, string][] = [];
    let standing: ToldOfEnd | undefined;
    for (let at = from.getTime(); at <= to.getTime(); at += day / 4) {
      const now = new Date(at);
      const next = endToTell(of(now), standing, now);
      if (next !== undefined) told.push([next.stage, now.toISOString().slice(0, 10)]);
      standing = next ?? standing;
    }
    return told;
  };

  test('once at each threshold, and daily once it has ended', () => {
    expect(over(before(60), before(-2, 1))).toEqual([
      ['in30', '2026-05-16'],
      ['in14', '2026-06-01'],
      ['in7', '2026-06-08'],
      ['in1', '2026-06-14'],
      ['ended', '2026-06-15'],
      ['ended', '2026-06-16'],
      ['ended', '2026-06-17'],
    ]);
  });

  test('the most urgent alone, when the clock jumps over several', () => {
    const first = endToTell(certificate, undefined, before(20));
    expect(first?.stage).toBe('in30');
    expect(endToTell(certificate, first, before(0.5))).toMatchObject({ stage: 'in1' });
    expect(endToTell(certificate, undefined, before(5))).toMatchObject({ stage: 'in7' });
  });

  test('nothing again when the clock is set back', () => {
    const told = { identity: 'a', stage: 'in1' as const, day: '2026-06-14' };
    expect(endToTell(certificate, told, before(10))).toBeUndefined();
    const ended = { identity: 'a', stage: 'ended' as const, day: '2026-06-16' };
    expect(endToTell(certificate, ended, before(0.5))).toBeUndefined();
    expect(endToTell(certificate, ended, before(0, 1))).toBeUndefined();
  });

  test('anew of the certificate that took its place', () => {
    const renewed = { identity: 'b', notAfter: new Date('2026-09-13T12:00:00Z') };
    const stages = over(before(60), new Date('2026-08-15T12:00:00Z'), (now) =>
      now < before(10) ? certificate : renewed,
    );
    expect(stages).toEqual([
      ['in30', '2026-05-16'],
      ['in14', '2026-06-01'],
      ['in30', '2026-08-14'],
    ]);
  });

  test('of a problem once a day, and at once of another one', () => {
    const first = problemToTell('no answer', undefined, before(0));
    expect(first).toEqual({ day: '2026-06-15', problem: 'no answer' });
    expect(problemToTell('no answer', first, before(0, 3_600))).toBeUndefined();
    expect(problemToTell('another name', first, before(0, 3_600))).toBeDefined();
    expect(problemToTell('no answer', first, new Date('2026-06-16T00:00:00Z'))).toBeDefined();
    expect(problemToTell('no answer', first, before(1))).toBeUndefined();
  });
});
