/** What a message repeats of a configuration, and what it only describes. */
import { describe, expect, test } from '@jest/globals';
import { redact, show, showPath } from '../../../domain/config/show.ts';

const described = (text: string) => `a string of ${text.length} characters`;

describe('a name is shown', () => {
  test.each([
    'pharmacyApp2',
    'jwt',
    'public.stored_credentials',
    'eu-west-1',
    'x'.repeat(100),
    'app12345678901234',
    'a1b2',
    'arn:aws:iam::123456789012:role/AKIA1b2C3d4E5f6G',
  ])('%s', (text) => {
    expect(show(text)).toBe(`"${text}"`);
    expect(redact(`found ${text}, expected none`)).toBe(`found ${text}, expected none`);
    expect(showPath(['secrets', text, 0])).toBe(`secrets.${text}.0`);
  });
});

describe('what could be a secret is not', () => {
  test.each([
    'x'.repeat(101),
    'AKIAIOSFODNN7',
    'ghp_abc',
    'sk-abc',
    'eyJhbGci',
    'my-password',
    'Secret1',
    'SCRAM-SHA-256$4096',
    'a1b2c3d4e5f6',
    'ab12cd34efgh',
    'name/a1b2c3d4e5f6',
    'aBcDeFgHiJkLm',
    'Tr0ub4dor&3',
  ])('%s', (text) => {
    expect(show(text)).toBe(described(text));
    expect(redact(`found ${text}, expected none`)).toBe('found …, expected none');
    expect(showPath(['secrets', text])).toBe(`secrets.<a name of ${text.length} characters>`);
  });

  test.each(['a password', 'me@example.com', 'postgres://host/db'])('%s', (text) => {
    expect(show(text)).toBe(described(text));
  });
});

test('anything else is told by what it is', () => {
  expect([undefined, null, 7, true, [1, 2], {}, () => 1].map(show)).toEqual([
    'nothing',
    'null',
    '7',
    'true',
    'a list of 2',
    'an object',
    'a function',
  ]);
  expect(showPath([])).toBe('the configuration');
});
