import { expect, test } from '@jest/globals';
import { type ProtectionFacts, protectionFindings } from '../../../domain/policy/protection.ts';

const actions = ['DeleteSecret', 'PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage'].map(
  (action) => `secretsmanager:${action}`,
);
const policy = (statement: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: actions, Resource: '*', ...statement }],
  });
const sound: ProtectionFacts = {
  policy: policy({}),
  kmsKeyId: 'arn:aws:kms:eu-west-1:000000000000:key/1',
  tags: { 'quarterturn:name': 'pharmacy', theirs: 'kept' },
  expectedTags: { 'quarterturn:name': 'pharmacy' },
  isProtected: true,
};
const codes = (more: Partial<ProtectionFacts>) =>
  protectionFindings({ ...sound, ...more }).map(({ code }) => code);

test('a secret as the deployment left it needs nobody, whatever AWS makes of "everybody"', () => {
  expect(codes({})).toEqual([]);
  expect(codes({ policy: policy({ Principal: { AWS: '*' } }) })).toEqual([]);
});

test.each<[string, string | null]>([
  ['is gone', null],
  ['is no JSON', '{'],
  ['allows instead of denying', policy({ Effect: 'Allow' })],
  ['is about one principal', policy({ Principal: { AWS: 'arn:aws:iam::000000000000:user/a' } })],
  ['leaves labels to everybody', policy({ Action: actions.slice(0, 3) })],
])('a resource policy that %s lets others write', (_how, changed) => {
  expect(codes({ policy: changed })).toEqual(['policyChanged']);
});

test('the policy is not judged where nobody may look, or its owners still write', () => {
  expect(codes({ policy: undefined })).toEqual([]);
  expect(codes({ policy: null, isProtected: false })).toEqual([]);
});

test('the key of AWS and tags that are gone are told', () => {
  expect(codes({ kmsKeyId: undefined })).toEqual(['keyOfAws']);
  expect(codes({ tags: {} })).toEqual(['tagsChanged']);
});
