import { expect, test } from '@jest/globals';
import { namesPrincipal } from '../../../domain/policy/principals-named.ts';

const role = 'arn:aws:iam::111122223333:role/api';
const read = 'secretsmanager:GetSecretValue';
const named = (statement: object) =>
  namesPrincipal(JSON.stringify({ Statement: [statement] }), role, read);
const lets = { Effect: 'Allow', Principal: { AWS: role }, Action: read, Resource: '*' };

test.each<[string, object, boolean]>([
  ['that names the role lets it', lets, true],
  ['that names it among others lets it', { ...lets, Principal: { AWS: ['x', role] } }, true],
  ['for everybody lets it', { ...lets, Principal: '*' }, true],
  ['for everybody of AWS lets it', { ...lets, Principal: { AWS: '*' } }, true],
  ['for all but somebody lets it', { ...lets, Principal: undefined, NotPrincipal: {} }, true],
  ['with a condition counts as one without', { ...lets, Condition: { Bool: {} } }, true],
  ['with a wildcard, in other case, lets it', { ...lets, Action: ['SecretsManager:get*'] }, true],
  [
    'about all but another action lets it',
    { ...lets, Action: undefined, NotAction: 'kms:*' },
    true,
  ],
  [
    'about all but this action does not',
    { ...lets, Action: undefined, NotAction: 'secretsmanager:*' },
    false,
  ],
  ['about another action does not', { ...lets, Action: 'secretsmanager:DescribeSecret' }, false],
  [
    'that names the account leaves it to identity policies',
    { ...lets, Principal: { AWS: '111122223333' } },
    false,
  ],
  [
    'that names a role beginning like it does not',
    { ...lets, Principal: { AWS: `${role}s` } },
    false,
  ],
  ['for a service does not', { ...lets, Principal: { Service: 'lambda.amazonaws.com' } }, false],
  ['that denies does not', { ...lets, Effect: 'Deny' }, false],
])('a statement %s', (_what, statement, expected) => {
  expect(named(statement)).toBe(expected);
});

test('one statement alone, and what is no policy, are read as well', () => {
  expect(namesPrincipal(JSON.stringify({ Statement: lets }), role, read)).toBe(true);
  for (const text of ['', 'null', '{}', '{"Statement":[null,1]}']) {
    expect(namesPrincipal(text, role, read)).toBe(false);
  }
});
