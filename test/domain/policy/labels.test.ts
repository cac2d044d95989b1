import { describe, expect, test } from '@jest/globals';
import {
  currentVersion,
  dateLabelsOf,
  formatDateLabel,
  parseDateLabel,
  rotationInProgress,
} from '../../../domain/policy/labels.ts';

const now = new Date('2026-05-17T17:00:02Z');

describe('date labels', () => {
  test('a label names an instant in UTC, to the second', () => {
    const parsed = parseDateLabel('rotated-20260517T170002Z', now);
    expect(parsed).toEqual({ ok: true, at: now });
    expect(formatDateLabel(new Date('2026-05-17T17:00:02.999Z'))).toBe('rotated-20260517T170002Z');
  });

  test('29 February exists in leap years', () => {
    expect(parseDateLabel('rotated-20240229T000000Z', now).ok).toBe(true);
    expect(parseDateLabel('rotated-20250229T000000Z', now)).toEqual({
      ok: false,
      problem: 'the label "rotated-20250229T000000Z" names an instant that does not exist',
    });
  });

  test('five minutes of difference between two clocks are no error, a second more is', () => {
    expect(parseDateLabel('rotated-20260517T170502Z', now).ok).toBe(true);
    expect(parseDateLabel('rotated-20260517T170503Z', now)).toEqual({
      ok: false,
      problem:
        'the label "rotated-20260517T170503Z" lies in the future (now rotated-20260517T170002Z)',
    });
  });

  test.each([
    'rotated-',
    'rotated-20260517',
    'rotated-20260517T170002',
    'rotated-20260517T170002z',
    'rotated-20260517T170002+0200',
    'rotated-20260517T170002Z ',
    'rotated-NaN',
    ' rotated-20260517T170002Z',
  ])('%p is not of the form', (label) => {
    const problem = `the label "${label}" is not of the form rotated-20260517T170002Z`;
    expect(parseDateLabel(label, now)).toEqual({ ok: false, problem });
  });

  test.each([
    'rotated-20260230T000000Z',
    'rotated-20261301T000000Z',
    'rotated-20260516T240000Z',
    'rotated-20161231T235960Z',
  ])('%p is no instant', (label) => {
    const problem = `the label "${label}" names an instant that does not exist`;
    expect(parseDateLabel(label, now)).toEqual({ ok: false, problem });
  });

  test('are those that claim to be one, well-formed or not', () => {
    const stages = { a: ['AWSCURRENT', 'rotated-soon', 'live', 'rotated-20260517T170002Z'], b: [] };
    expect(dateLabelsOf('a', stages)).toEqual(['rotated-20260517T170002Z', 'rotated-soon']);
    expect(dateLabelsOf('b', stages)).toEqual([]);
    expect(dateLabelsOf('unknown', stages)).toEqual([]);
  });

  test('regression: the older of two counts, wherever it stands', () => {
    const [older, later] = ['rotated-20260101T000000Z', 'rotated-20260102T000000Z'];
    expect(dateLabelsOf('a', { a: [later, 'AWSCURRENT', older] })).toEqual([older, later]);
  });
});

test('AWSCURRENT is on one version, or on none', () => {
  expect(currentVersion({ a: ['AWSPREVIOUS'], b: ['x', 'AWSCURRENT'] })).toBe('b');
  expect(currentVersion({ a: ['AWSPREVIOUS'] })).toBeUndefined();
});

describe('a rotation is in progress', () => {
  test.each([
    ['never, without AWSPENDING', { a: ['AWSCURRENT'] }, undefined],
    ['not when AWSPENDING is on AWSCURRENT', { a: ['AWSCURRENT', 'AWSPENDING'] }, undefined],
    ['when AWSPENDING is elsewhere', { a: ['AWSCURRENT'], b: ['AWSPENDING'] }, 'b'],
    ['when there is no AWSCURRENT yet', { b: ['AWSPENDING'] }, 'b'],
  ])('%s', (_title, stages, pending) => {
    expect(rotationInProgress(stages)).toBe(pending);
  });
});
