/** The bounds of a pattern that is run over every value: the last that is accepted, and the first that is not. */
import { describe, expect, test } from '@jest/globals';
import { patternProblem } from '../../../domain/config/plaintext-pattern.ts';

const tooCostly =
  'a pattern with at most one *, + or {n,} (and then at most 100 ways to match, otherwise 100000): write {1,64} instead';
const noGroups =
  'a pattern in which one character or class is repeated, never a group, so that its steps are bounded';
const onlyPlain = 'a pattern without captures, look-around and back-references; (?:a|b) is allowed';

describe('a pattern may take so many ways to match, and no more', () => {
  test.each([
    // Ways multiply: of quantifiers (most - least + 1), and of alternatives.
    'a{0,9999}',
    'a{1,100}b{1,1000}',
    'a{1,100}b{101,1100}',
    '(?:a|b)c{1,1000}d{1,50}',
    'a|b{1,1000}c{1,50}',
    'a?b{1,1000}c{1,50}',
    'a??b{1,1000}c{1,50}',
    'a{7}b{10000}',
    // One that ends nowhere, beside at most a hundred.
    '[a-z]+',
    'a*b{1,100}',
    'a{2,}b{1,100}',
    'a+?(?:b|c)d{1,50}',
    '\\d{4}-\\d\\d',
    '[*+?]{1,3}',
    '\\{{1,2}',
    'a'.repeat(500),
  ])('%s', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  test.each([
    'a{1,100}b{1,1001}',
    'a{1,100}b{101,1101}',
    '(?:a|b)c{1,1000}d{1,51}',
    'a|b{1,1000}c{1,51}',
    'a|b|c{1,1000}d{1,34}',
    'a?b{1,1000}c{1,51}',
    'a+b+',
    'a{1,}b*',
    'a*b{1,101}',
    'a+b{1,51}(?:c|d)',
    'a+(?:b|c)(?:d|e{1,26})',
  ])('%s is too much', (pattern) => {
    expect(patternProblem(pattern)).toBe(tooCostly);
  });
});

describe('a pattern that cannot be counted is refused', () => {
  const longest = 'a pattern that repeats nothing more than 10000 times';
  const control =
    'a pattern for what the column holds: this one lets control characters pass, as a wrong key leaves them';

  test.each([
    ['', 'a regular expression of 1 to 500 characters'],
    ['a'.repeat(501), 'a regular expression of 1 to 500 characters'],
    ['[', 'a regular expression of JavaScript with the flag u'],
    ['(a)', onlyPlain],
    ['(?=a)b', onlyPlain],
    ['(?<n>a)\\k<n>', onlyPlain],
    ['(?:a)+', noGroups],
    ['(?:a|b){2}', noGroups],
    ['(?:a)?', noGroups],
    ['a{10001}', longest],
    ['a{10001,}', longest],
    ['a{1,10001}', longest],
    ['.{1,9}', control],
    ['[^x]{64}', control],
  ])('%s', (pattern, problem) => {
    expect(patternProblem(pattern)).toBe(problem);
  });
});
