import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { equivalents } from './equivalent.ts';
import { killList } from './kill-list/list.ts';
import { strata } from './strata.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the list of mutants by hand', () => {
  test('has more than thirty, each under a name of its own', () => {
    expect(killList.length).toBeGreaterThan(30);
    expect(new Set(killList.map(({ name }) => name)).size).toBe(killList.length);
  });

  test.each(killList.map((kill) => [kill.name, kill] as const))(
    'finds what it breaks exactly once: %s',
    (_name, { file, find, replace }) => {
      expect(read(file).split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
    },
  );

  test.each(killList.map((kill) => [kill.name, kill] as const))(
    'names suites that are there, and tests in them: %s',
    (_name, { red }) => {
      expect(red.length).toBeGreaterThan(0);
      for (const { suite } of red) {
        expect(existsSync(join(root, suite))).toBe(true);
      }
    },
  );
});

test('every stratum names files that are there', () => {
  const single = strata.flatMap(({ mutate }) => mutate.filter((file) => !file.includes('*')));
  expect(single.length).toBeGreaterThan(20);
  expect(single.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test.each(equivalents.map((one) => [`${one.replacement} for ${one.text}`, one] as const))(
  'a mutant that is no change has a reason, and its text is there: %s',
  (_name, { file, text, why }) => {
    expect(read(file)).toContain(text);
    expect(why.length).toBeGreaterThan(10);
  },
);
