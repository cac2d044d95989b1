/** Small policies over every operator and element the sandbox knows, and requests that they may or may not mean. */
import fc from 'fast-check';
import type { PolicyDocument, Statement } from '../../../sandbox/iam/policy.ts';

export interface Case {
  /** ARN of a user or of a session, or the name of a service. */
  principal: string;
  action: string;
  resource: string;
  context: Readonly<Record<string, string | readonly string[]>>;
  identityPolicies: readonly PolicyDocument[];
  resourcePolicy?: PolicyDocument;
}

export const OWN = '000000000000';
const OTHER = '444455556666';
const ROLE = `arn:aws:iam::${OWN}:role/App`;
const SESSION = `arn:aws:sts::${OWN}:assumed-role/App/session`;
const USER = `arn:aws:iam::${OWN}:user/ada`;
const FOREIGN = `arn:aws:iam::${OTHER}:user/eve`;
const EVENTS = 'events.amazonaws.com';

interface Vocabulary {
  actions: readonly string[];
  actionPatterns: readonly string[];
  resources: readonly string[];
  resourcePatterns: readonly string[];
  /** The last `*` stands for all the segments that follow. */
  shortPatterns: readonly string[];
}

/** One of a service whose resource policies stand beside identity policies, one of the service where they go first. */
const QUEUES: Vocabulary = {
  actions: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:SetQueueAttributes'],
  actionPatterns: ['sqs:*', 'sqs:Send*', 'SQS:sendmessage', 'sqs:Receive??ssage', '*', 's3:*'],
  resources: [
    `arn:aws:sqs:eu-west-1:${OWN}:orders`,
    `arn:aws:sqs:eu-west-1:${OWN}:orders:late`,
    `arn:aws:sqs:us-east-1:${OWN}:Orders`,
  ],
  resourcePatterns: [
    '*',
    `arn:aws:sqs:*:${OWN}:orders`,
    `arn:aws:sqs:eu-west-1:${OWN}:*`,
    `arn:aws:sqs:eu-west-1:*:orders`,
    `arn:aws:sqs:eu-west-?:${OWN}:order?`,
    `arn:aws:sqs:eu-west-1:${OWN}:orders:*`,
    `arn:aws:sqs:eu-west-1:${OWN}:*s`,
  ],
  shortPatterns: ['arn:aws:sqs:*', 'arn:aws:sqs:eu-west-1:*'],
};
const KEYS: Vocabulary = {
  actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
  actionPatterns: ['kms:*', 'kms:De*', 'KMS:DECRYPT', 'sqs:*', '*'],
  resources: [`arn:aws:kms:eu-west-1:${OWN}:key/one`, `arn:aws:kms:eu-west-1:${OWN}:key/two`],
  resourcePatterns: ['*', `arn:aws:kms:*:${OWN}:key/*`, `arn:aws:kms:eu-west-1:${OWN}:key/o??`],
  shortPatterns: ['arn:aws:kms:*', 'arn:aws:sqs:*'],
};

const ARNS = [
  `arn:aws:events:eu-west-1:${OWN}:rule/hourly`,
  `arn:aws:events:eu-west-1:${OWN}:rule/bus/daily`,
  `arn:aws:s3:::bucket`,
];
const WORDS = ['AWSCURRENT', 'AWSPENDING', 'awscurrent', 'a#1', 'a#2', 'b+(1)', ''];
const TIMES = ['2026-05-17T17:00:00Z', '2026-05-17T19:00:00+02:00', '2026-05-18T00:00:00.000Z'];

interface KeyOf {
  name: string;
  values: readonly string[];
  patterns: readonly string[];
  operators: readonly string[];
  multivalued?: true;
}
const strings = ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'];
const ofStrings = {
  values: WORDS,
  patterns: [...WORDS, 'AWS*', 'a#?', '*', 'b+(*)'],
  operators: [...strings, 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
};
const KEYS_OF_CONTEXT: readonly KeyOf[] = [
  { name: 'secretsmanager:VersionStage', ...ofStrings },
  { name: 's3:prefix', ...ofStrings },
  { name: 'dynamodb:LeadingKeys', ...ofStrings, multivalued: true },
  { name: 'aws:TagKeys', ...ofStrings, multivalued: true },
  {
    ...{ name: 'aws:SourceArn', values: ARNS },
    patterns: [...ARNS, `arn:aws:events:*:${OWN}:rule/*`, 'arn:aws:*:*:*:rule/hourly'],
    operators: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
  },
  {
    ...{ name: 'aws:SecureTransport', values: ['true', 'false'] },
    ...{ patterns: ['true', 'false', 'True'], operators: ['Bool'] },
  },
  {
    ...{ name: 'aws:TokenIssueTime', values: TIMES, patterns: TIMES },
    operators: ['LessThan', 'LessThanEquals', 'GreaterThan', 'Equals', 'NotEquals'].map(
      (it) => `Date${it}`,
    ),
  },
  {
    ...{ name: 'aws:MultiFactorAuthAge', values: ['0', '60', '3600'], patterns: ['60', '3600'] },
    operators: ['LessThan', 'LessThanEquals', 'GreaterThanEquals', 'Equals', 'NotEquals'].map(
      (it) => `Numeric${it}`,
    ),
  },
];

const oneOrMore = <T>(from: readonly T[]): fc.Arbitrary<T | T[]> =>
  fc.oneof(
    fc.constantFrom(...from),
    fc.uniqueArray(fc.constantFrom(...from), { minLength: 1, maxLength: 3 }),
  );

const condition = fc.constantFrom(...KEYS_OF_CONTEXT).chain((key) => {
  const set = key.multivalued
    ? ['ForAllValues:', 'ForAnyValue:']
    : ['', '', '', 'ForAllValues:', 'ForAnyValue:'];
  const compared = fc.record({
    operator: fc
      .tuple(
        fc.constantFrom(...set),
        fc.constantFrom(...key.operators),
        fc.constantFrom('', '', 'IfExists'),
      )
      .map(([set, operator, ifExists]) =>
        // Of an absent key the simulator says no, before it looks at IfExists; "If the key is not present, evaluate
        // the condition element as true" excepts only Null (IAM user guide, "...IfExists condition operators").
        set === 'ForAnyValue:' ? `${set}${operator}` : `${set}${operator}${ifExists}`,
      ),
    values: oneOrMore(key.patterns),
  });
  const absent = fc.record({ operator: fc.constant('Null'), values: oneOrMore(['true', 'false']) });
  // Names of keys are not case-sensitive.
  const name = fc.constantFrom(key.name, key.name, key.name.toUpperCase());
  return fc.tuple(
    name,
    fc.oneof({ weight: 5, arbitrary: compared }, { weight: 1, arbitrary: absent }),
  );
});

const conditions = fc
  .oneof(fc.constant([]), fc.array(condition, { minLength: 1, maxLength: 2 }))
  .map((all) =>
    Object.fromEntries(all.map(([key, { operator, values }]) => [operator, { [key]: values }])),
  );

const resources = (of: Vocabulary) =>
  oneOrMore([...of.resources, ...of.resourcePatterns, ...of.shortPatterns]).map((Resource) => ({
    Resource,
  }));
/**
 * Without short patterns: the simulator takes a resource that one does not match for one it does, where "NotResource
 * matches every resource except those specified" (IAM user guide, "NotResource").
 */
const notResources = (of: Vocabulary) =>
  oneOrMore([...of.resources, ...of.resourcePatterns]).map((NotResource) => ({ NotResource }));

const statement = (of: Vocabulary, principals?: fc.Arbitrary<Partial<Statement>>) =>
  fc
    .tuple(
      fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      fc.constantFrom('Action', 'Action', 'Action', 'NotAction'),
      oneOrMore([...of.actions, ...of.actionPatterns]),
      fc.oneof({ weight: 3, arbitrary: resources(of) }, { weight: 1, arbitrary: notResources(of) }),
      conditions,
      principals ?? fc.constant({}),
    )
    .map(([Effect, actions, action, resource, Condition, who]): Statement => {
      // A grant to all but somebody is a grant to everybody: the sandbox loads none.
      const allowed = 'NotPrincipal' in who ? 'Deny' : Effect;
      return {
        Effect: allowed as Statement['Effect'],
        ...who,
        [actions]: action,
        ...resource,
        ...(Object.keys(Condition).length > 0 && { Condition }),
      };
    });

/** A name that is spared comes with its account and its session (IAM user guide, "NotPrincipal"). */
const named: fc.Arbitrary<Partial<Statement>> = fc.constantFrom<Partial<Statement>>(
  { Principal: '*' },
  { Principal: { AWS: '*' } },
  { Principal: { AWS: ROLE } },
  { Principal: { AWS: [ROLE, USER] } },
  { Principal: { AWS: `arn:aws:iam::${OWN}:root` } },
  { Principal: { AWS: OWN } },
  { Principal: { AWS: [`arn:aws:iam::${OTHER}:root`, SESSION] } },
  { Principal: { AWS: FOREIGN } },
  { Principal: { Service: EVENTS } },
  { Principal: { Service: ['logs.amazonaws.com', EVENTS], AWS: USER } },
  { NotPrincipal: { AWS: [ROLE, SESSION] } },
  { NotPrincipal: { AWS: [USER] } },
);

const context = fc
  .tuple(
    ...KEYS_OF_CONTEXT.map(({ name, values, multivalued }) =>
      fc.option(
        (multivalued === true
          ? fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
          : fc.constantFrom(...values.filter((it) => it !== ''))
        ).map((value): [string, string | string[]] => [name, value]),
        { nil: undefined, freq: 3 },
      ),
    ),
  )
  .map((all) => Object.fromEntries(all.filter((it) => it !== undefined)));

const policyOf = (one: fc.Arbitrary<Statement>, least: number) =>
  fc
    .array(one, { minLength: least, maxLength: 3 })
    .map((Statement): PolicyDocument => ({ Version: '2012-10-17', Statement }));

export const cases: fc.Arbitrary<Case> = fc.constantFrom(QUEUES, QUEUES, KEYS).chain((of) =>
  fc.record(
    {
      principal: fc.constantFrom(SESSION, SESSION, SESSION, USER, USER, EVENTS, FOREIGN),
      action: fc.constantFrom(...of.actions),
      resource: fc.constantFrom(...of.resources),
      context,
      identityPolicies: fc.array(policyOf(statement(of), 1), { minLength: 1, maxLength: 2 }),
      resourcePolicy: policyOf(statement(of, named), 1),
    },
    { requiredKeys: ['principal', 'action', 'resource', 'context', 'identityPolicies'] },
  ),
);
