import { describe, expect, test } from '@jest/globals';
import { conditionsHold } from '../../../sandbox/iam/conditions.ts';
import { evaluate, type Principal } from '../../../sandbox/iam/evaluate.ts';
import type { PolicyDocument, Statement } from '../../../sandbox/iam/policy.ts';

const ROLE: Principal = {
  account: '000000000000',
  arns: [
    'arn:aws:sts::000000000000:assumed-role/App/session',
    'arn:aws:iam::000000000000:role/App',
  ],
};
const SERVICE: Principal = { account: '000000000000', arns: [], service: 'events.amazonaws.com' };
const FOREIGNER: Principal = {
  account: '444455556666',
  isForeign: true,
  arns: ['arn:aws:iam::444455556666:user/eve'],
};
const ROOT = { AWS: 'arn:aws:iam::000000000000:root' };
const SECRET = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/jwt-AbCdEf';
const policy = (...Statement: Statement[]): PolicyDocument => ({ Statement });
const allow = (rest: Partial<Statement> = {}): Statement => ({
  Effect: 'Allow',
  Action: 'secretsmanager:GetSecretValue',
  Resource: '*',
  ...rest,
});
const deny = (rest: Partial<Statement> = {}): Statement => ({ ...allow(rest), Effect: 'Deny' });

interface Case {
  title: string;
  identity?: Statement[];
  resource?: Statement[];
  required?: boolean;
  principal?: Principal;
  decision: ReturnType<typeof evaluate>;
}

const CASES: Case[] = [
  { title: 'nothing allows', decision: 'not allowed by identity policy' },
  { title: 'the identity policy allows', identity: [allow()], decision: 'allowed' },
  {
    title: 'an action is written in other case',
    identity: [allow({ Action: 'SecretsManager:getsecretvalue' })],
    decision: 'allowed',
  },
  {
    title: 'a resource is written in other case',
    identity: [allow({ Resource: SECRET.toUpperCase() })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'question marks stand for the six random characters',
    identity: [allow({ Resource: SECRET.replace(/......$/, '??????') })],
    decision: 'allowed',
  },
  {
    title: 'question marks are too few',
    identity: [allow({ Resource: SECRET.replace(/......$/, '?????') })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'a wildcard would have to reach over a colon',
    identity: [allow({ Resource: 'arn:aws:*:000000000000:*:secret:prod/jwt-AbCdEf' })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'regression: an ARN ends early, in a wildcard that stands for all the rest',
    identity: [allow({ Resource: 'arn:aws:secretsmanager:eu-west-1:*' })],
    decision: 'allowed',
  },
  {
    title: 'an ARN ends early, and not in a wildcard',
    identity: [allow({ Resource: 'arn:aws:secretsmanager:eu-west-1' })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'NotAction spares the action',
    identity: [{ Effect: 'Allow', NotAction: 'secretsmanager:Get*', Resource: '*' }],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'NotAction means every other action',
    identity: [{ Effect: 'Allow', NotAction: 'kms:*', Resource: '*' }],
    decision: 'allowed',
  },
  {
    title: 'NotResource spares the resource',
    identity: [{ Effect: 'Allow', Action: '*', NotResource: `${SECRET.slice(0, -6)}*` }],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'an identity policy denies what it also allows',
    identity: [allow(), deny()],
    decision: 'denied by identity policy',
  },
  {
    title: 'a resource policy denies what the identity policy allows',
    identity: [allow()],
    resource: [deny({ Principal: '*' })],
    decision: 'denied by resource policy',
  },
  {
    title: 'a resource policy denies the whole account',
    identity: [allow()],
    resource: [deny({ Principal: ROOT })],
    decision: 'denied by resource policy',
  },
  {
    title: 'a deny spares the role by NotPrincipal',
    identity: [allow()],
    resource: [deny({ NotPrincipal: { AWS: 'arn:aws:iam::000000000000:role/App' } })],
    decision: 'allowed',
  },
  {
    title: 'a deny spares another role by NotPrincipal',
    identity: [allow()],
    resource: [deny({ NotPrincipal: { AWS: 'arn:aws:iam::000000000000:role/Other' } })],
    decision: 'denied by resource policy',
  },
  {
    title: 'the resource policy names the role',
    resource: [allow({ Principal: { AWS: 'arn:aws:iam::000000000000:role/App' } })],
    decision: 'allowed',
  },
  {
    title: 'the resource policy names the account and no identity policy allows',
    resource: [allow({ Principal: ROOT })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'a key policy does not hand the decision to the account',
    identity: [allow()],
    resource: [allow({ Principal: { AWS: 'arn:aws:iam::000000000000:role/Other' } })],
    required: true,
    decision: 'not allowed by resource policy',
  },
  {
    title: 'a key policy hands the decision to the account',
    identity: [allow()],
    resource: [allow({ Principal: ROOT })],
    required: true,
    decision: 'allowed',
  },
  {
    title: 'a key policy hands only another action to the account',
    identity: [allow()],
    resource: [allow({ Principal: ROOT, Action: 'kms:DescribeKey' })],
    required: true,
    decision: 'not allowed by resource policy',
  },
  {
    title: 'a service is named by the resource policy',
    principal: SERVICE,
    resource: [allow({ Principal: { Service: 'events.amazonaws.com' } })],
    decision: 'allowed',
  },
  {
    title: 'another service is named by the resource policy',
    principal: SERVICE,
    resource: [allow({ Principal: { Service: 'states.amazonaws.com' } })],
    decision: 'not allowed by resource policy',
  },
  {
    title: 'regression: of another account, and only the resource policy allows',
    principal: FOREIGNER,
    resource: [allow({ Principal: { AWS: FOREIGNER.arns } })],
    decision: 'not allowed by identity policy',
  },
  {
    title: 'regression: of another account, and only an identity policy there allows',
    principal: FOREIGNER,
    identity: [allow()],
    decision: 'not allowed by resource policy',
  },
  {
    title: 'of another account, and both allow',
    principal: FOREIGNER,
    identity: [allow()],
    resource: [allow({ Principal: { AWS: 'arn:aws:iam::444455556666:root' } })],
    decision: 'allowed',
  },
  {
    title: 'a service is not in the account that the resource policy names',
    principal: SERVICE,
    resource: [allow({ Principal: ROOT })],
    decision: 'not allowed by resource policy',
  },
];

describe('evaluate', () => {
  test.each(CASES)('says "$decision" when $title', (given) => {
    const { identity = [], resource, required, principal = ROLE, decision } = given;
    const check = {
      action: 'secretsmanager:GetSecretValue',
      resource: SECRET,
      ...(resource && { resourcePolicy: policy(...resource) }),
      ...(required && { resourcePolicyRequired: true }),
    };
    expect(evaluate(principal, check, [policy(...identity)], new Map())).toBe(decision);
  });
});

const CONTEXT = new Map([
  ['secretsmanager:versionstage', ['AWSPENDING']],
  ['dynamodb:leadingkeys', ['a', 'b']],
  ['aws:sourcearn', ['arn:aws:events:eu-west-1:000000000000:rule/hourly']],
  ['secretsmanager:modifyrotationrules', ['false']],
  ['aws:currenttime', ['2026-11-22T12:00:00.000Z']],
]);

const CONDITIONS: [string, string, string | readonly string[], boolean][] = [
  ['StringEquals', 'secretsmanager:VersionStage', ['AWSCURRENT', 'AWSPENDING'], true],
  ['StringEquals', 'SecretsManager:versionSTAGE', 'AWSPENDING', true],
  ['StringEquals', 'secretsmanager:VersionStage', 'awspending', false],
  ['StringEquals', 'secretsmanager:VersionId', 'x', false],
  ['StringEqualsIfExists', 'secretsmanager:VersionId', 'x', true],
  ['StringNotEquals', 'secretsmanager:VersionStage', ['AWSCURRENT', 'AWSPENDING'], false],
  ['StringNotEquals', 'secretsmanager:VersionId', 'x', true],
  ['StringLike', 'secretsmanager:VersionStage', 'AWS*', true],
  ['StringNotLike', 'secretsmanager:VersionStage', 'AWS*', false],
  ['ArnLike', 'aws:SourceArn', 'arn:aws:events:*:000000000000:rule/*', true],
  ['ArnEquals', 'aws:SourceArn', 'arn:aws:events:*:rule/*', false],
  ['ArnNotEquals', 'aws:SourceArn', 'arn:aws:events:*:*:rule/daily', true],
  ['ArnNotLike', 'aws:SourceArn', 'arn:aws:events:*:*:rule/h*', false],
  ['Bool', 'secretsmanager:ModifyRotationRules', 'false', true],
  ['Bool', 'secretsmanager:ModifyRotationRules', 'true', false],
  ['Null', 'secretsmanager:VersionId', 'true', true],
  ['Null', 'secretsmanager:VersionStage', 'true', false],
  ['Null', 'secretsmanager:VersionStage', 'false', true],
  ['DateLessThan', 'aws:CurrentTime', '2026-11-22T12:00:01Z', true],
  ['DateGreaterThan', 'aws:CurrentTime', '2026-11-22T12:00:01Z', false],
  ['ForAllValues:StringEquals', 'dynamodb:LeadingKeys', ['a', 'b', 'c'], true],
  ['ForAllValues:StringEquals', 'dynamodb:LeadingKeys', ['a'], false],
  ['ForAllValues:StringLike', 'dynamodb:Attributes', ['a'], true],
  ['ForAnyValue:StringEquals', 'dynamodb:LeadingKeys', ['b'], true],
  ['ForAnyValue:StringEquals', 'dynamodb:LeadingKeys', ['c'], false],
  ['ForAnyValue:StringEquals', 'dynamodb:Attributes', ['c'], false],
];

describe('conditionsHold', () => {
  test.each(CONDITIONS)('%s of %s with %j is %s', (operator, key, value, expected) => {
    expect(conditionsHold({ [operator]: { [key]: value } }, CONTEXT)).toBe(expected);
  });

  test('needs every operator and every key', () => {
    const both = {
      StringEquals: { 'secretsmanager:VersionStage': 'AWSPENDING' },
      Bool: { 'secretsmanager:ModifyRotationRules': 'true' },
    };
    expect(conditionsHold(both, CONTEXT)).toBe(false);
  });
});
