/** Since when material is in use, as the labels of a secret's versions show it. */
import { describe, expect, test } from '@jest/globals';
import { type AgeFacts, ageOf } from '../../../domain/policy/age.ts';

const early = '2026-01-05T03:00:01.000Z';
const late = '2026-03-05T03:00:01.000Z';
const dated = {
  [early]: 'rotated-20260105T030001Z',
  [late]: 'rotated-20260305T030001Z',
} as const;
const facts: AgeFacts = {
  origin: 'new',
  versionIdsToStages: {},
  now: new Date('2026-05-17T17:00:02Z'),
};
const ours = (state: 'due' | 'running' | 'finished' | 'stopped') =>
  ({ versionId: 'v3', state }) as const;
/** AWSCURRENT is v3, AWSPREVIOUS v2, and v1 is one that somebody keeps by a label of their own. */
const age = (
  labels: { v1?: string[]; v2?: string[]; v3?: string[] },
  more: Partial<AgeFacts> = {},
) => {
  const { v1 = [], v2 = [], v3 = [] } = labels;
  const versionIdsToStages = { v1, v2: ['AWSPREVIOUS', ...v2], v3: ['AWSCURRENT', ...v3] };
  return ageOf({ ...facts, versionIdsToStages, ...more });
};
const lost =
  'the date label of version v3 is lost; expected rotated-<instant> on AWSCURRENT. Attach it again from the audit event of that rotation';

describe('the age of what is current', () => {
  test('is that of its own label, whatever others carry; of several the oldest', () => {
    expect(age({ v2: [dated[early]], v3: [dated[late]] })).toEqual({ since: new Date(late) });
    for (const v3 of [
      [dated[early], dated[late]],
      [dated[late], dated[early]],
    ]) {
      expect(age({ v3 })).toEqual({ since: new Date(early) });
    }
  });

  test('is that of AWSPREVIOUS while its own label is on its way', () => {
    for (const state of ['due', 'running', 'stopped'] as const) {
      const labels = { v1: [dated[late]], v2: [dated[early]] };
      expect(age(labels, { afterRotation: ours(state) })).toEqual({ since: new Date(early) });
    }
  });

  test('is a problem once its label must have arrived', () => {
    expect(age({ v2: [dated[early]] }, { afterRotation: ours('finished') })).toEqual({
      since: new Date(early),
      problem: lost,
    });
  });

  test('is a problem where AWSPREVIOUS carries none either, or is not there', () => {
    const afterRotation = ours('running');
    const since = new Date(late);
    expect(age({ v1: [dated[late]] }, { afterRotation })).toEqual({ since, problem: lost });
    const versionIdsToStages = { v1: [dated[late]], v3: ['AWSCURRENT'] };
    expect(ageOf({ ...facts, versionIdsToStages, afterRotation })).toEqual({
      since,
      problem: lost,
    });
    expect(age({}, { afterRotation })).toEqual({
      problem: 'version v3 was rotated, but no version carries a date label',
    });
  });

  test('counts from the last label, where no rotation made it', () => {
    const unmanaged = { since: new Date(late), unmanaged: true };
    expect(age({ v1: [dated[late]], v2: [dated[early]] })).toEqual(unmanaged);
    expect(age({ v1: [dated[early]], v2: [dated[late]] })).toEqual(unmanaged);
    // Adopted, it had a value from the beginning; new, without AWSPREVIOUS, it has none yet.
    const alone = {
      ...facts,
      versionIdsToStages: { v1: [dated[late]], v3: ['AWSCURRENT'] },
    };
    expect(ageOf({ ...alone, origin: 'adopted' })).toEqual(unmanaged);
    expect(ageOf(alone)).toEqual({ uninitialised: true });
    const older = { versionId: 'v2', state: 'running' } as const;
    expect(age({ v2: [dated[late]] }, { afterRotation: older })).toEqual(unmanaged);
  });

  test('is not known while a label of any version cannot be read', () => {
    const problem = 'the label "rotated-soon" is not of the form rotated-20260517T170002Z';
    expect(age({ v3: ['rotated-soon'] })).toEqual({ problem });
    expect(age({ v1: ['rotated-soon'] })).toEqual({ problem });
    expect(age({ v2: ['rotated-soon', dated[early]] })).toEqual({ problem });
  });
});

describe('the age of an adopted secret', () => {
  const adopted = (adoptedMaterialSince?: string) =>
    age({}, { origin: 'adopted', adoptedMaterialSince });

  test('counts from its adoption, to this very instant', () => {
    expect(adopted(early)).toEqual({ since: new Date(early) });
    expect(adopted('2026-05-17T17:00:02Z')).toEqual({ since: facts.now });
    expect(adopted()).toEqual({});
  });

  test.each(['2026-05-17T17:00:03Z', 'soon'])('is a problem where that is %s', (since) => {
    expect(adopted(since)).toEqual({
      problem: `the adoption record says "${since}"; expected an instant in the past`,
    });
  });
});

test('a value over the first, empty one is right where its owners change it', () => {
  expect(age({})).toEqual({ unmanaged: true });
  expect(age({}, { asNeeded: true })).toEqual({});
});
