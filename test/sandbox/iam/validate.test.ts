import { expect, test } from '@jest/globals';
import type { PolicyDocument, Statement } from '../../../sandbox/iam/policy.ts';
import {
  assertSupportedPolicy,
  type PolicyKind,
  UnsupportedPolicyError,
} from '../../../sandbox/iam/validate.ts';

const refusal = (statement: object, kind: PolicyKind = 'identity'): string => {
  const document = { Statement: [statement as Statement] } satisfies PolicyDocument;
  try {
    assertSupportedPolicy(document, 'policy P', kind);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(UnsupportedPolicyError);
    return (error as Error).message;
  }
};
const ALLOW = { Sid: 'S', Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' };

test('accepts what the evaluator judges', () => {
  const Condition = {
    'ForAnyValue:StringLikeIfExists': { 'kms:EncryptionContext:SecretARN': 'x' },
  };
  expect(refusal({ ...ALLOW, Condition })).toBe('accepted');
});

test.each([
  ['condition operator IpAddress', { Condition: { IpAddress: { 'aws:SourceArn': '10.0.0.0/8' } } }],
  ['condition operator NullIfExists', { Condition: { NullIfExists: { 'aws:SourceArn': 'true' } } }],
  [
    'condition key aws:PrincipalOrgID',
    { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o' } } },
  ],
  [`policy variable \${aws:username}`, { Resource: `arn:aws:s3:::b/\${aws:username}` }],
  // regression: it was loaded, and held where any of the values matched; AWS finds no match.
  [
    'condition key dynamodb:LeadingKeys has several values',
    { Condition: { StringEquals: { 'dynamodb:LeadingKeys': 'a' } } },
  ],
  ['element Conditions', { Conditions: {} }],
  ['Effect is "allow"', { Effect: 'allow' }],
  ['exactly one of Action and NotAction', { NotAction: 'kms:Encrypt' }],
  ['names no principal', { Principal: '*' }],
])('refuses an identity policy and names: %s', (named, change) => {
  const message = refusal({ ...ALLOW, ...change });
  expect(message).toContain(named);
  expect(message).toContain('policy P, S:');
});

test.each([
  ['exactly one of Principal and NotPrincipal', {}],
  ['NotPrincipal with Allow', { NotPrincipal: { AWS: 'x' } }],
  ['principal type Federated', { Principal: { Federated: 'x' } }],
])('refuses a resource policy and names: %s', (named, change) => {
  expect(refusal({ ...ALLOW, ...change }, 'resource')).toContain(named);
});
