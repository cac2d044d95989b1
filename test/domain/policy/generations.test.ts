import { describe, expect, test } from '@jest/globals';
import { dateLabels, newestFirst, versionNamed } from '../../../domain/policy/generations.ts';

const stages = {
  current: ['AWSCURRENT', 'rotated-20260517T170002Z'],
  previous: ['AWSPREVIOUS', 'rotated-20260516T235959Z'],
  noon: ['rotated-20260516T120000Z'],
  odd: ['quarterturn-pin'],
};

describe('a version is found', () => {
  test.each([
    ['its date label', 'rotated-20260516T120000Z', 'noon'],
    ['the day its material became current, in UTC', '2026-05-17', 'current'],
    ['another label', 'AWSPREVIOUS', 'previous'],
    ['its id', 'odd', 'odd'],
    ['the id of one that has no label any more', 'a'.repeat(36), 'a'.repeat(36)],
  ])('by %s', (_how, name, versionId) => {
    expect(versionNamed(name, stages)).toEqual({ versionId });
  });
});

test('a day with two generations names both, in order', () => {
  expect(versionNamed('2026-05-16', stages)).toEqual({
    ambiguous: ['rotated-20260516T120000Z', 'rotated-20260516T235959Z'],
  });
});

test('regression: a day with two dates of one generation names that one', () => {
  const twice = { current: ['AWSCURRENT', 'rotated-20260517T170002Z', 'rotated-20260517T170502Z'] };
  expect(versionNamed('2026-05-17', twice)).toEqual({ versionId: 'current' });
});

test.each(['2026-05-15', 'yesterday', 'rotated-20260101T000000Z'])(
  'of %s there is none: what there is, newest first',
  (name) => {
    expect(versionNamed(name, stages)).toEqual({ labels: dateLabels(stages) });
    expect(dateLabels(stages)[0]).toBe('rotated-20260517T170002Z');
  },
);

test('versions are listed by the age of their generation, in whichever order the service tells them', () => {
  const told = Object.entries(stages);
  for (const order of [told, told.toReversed()]) {
    const listed = newestFirst(Object.fromEntries(order)).map(([id]) => id);
    expect(listed).toEqual(['current', 'previous', 'noon', 'odd']);
  }
  expect(newestFirst(stages)[3]).toEqual(['odd', ['quarterturn-pin']]);
});
