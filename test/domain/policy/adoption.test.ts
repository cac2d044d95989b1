import { describe, expect, test } from '@jest/globals';
import {
  type AdoptionFacts,
  type AdoptionRefusalCode,
  adoptionRefusals,
} from '../../../domain/policy/adoption.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:old/jwt-AbCdEf';
const kmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0b1c';
const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:quarterturn-pharmacy-prod-jwt';
const version = '11111111-1111-4111-8111-111111111111';
const pending = '22222222-2222-4222-8222-222222222222';

type Change = Partial<Omit<AdoptionFacts, 'describe'>> & {
  describe?: Partial<AdoptionFacts['describe']>;
};
const facts = ({ describe: described = {}, ...change }: Change = {}): AdoptionFacts => ({
  configured: { secretArn, kmsKeyArn, functionArn, deployment: 'pharmacy/prod' },
  caller: { account: '123456789012', region: 'eu-west-1' },
  value: 'text',
  ...change,
  describe: {
    arn: secretArn,
    name: 'old/jwt',
    rotationEnabled: false,
    kmsKeyId: kmsKeyArn,
    versionIdsToStages: { [version]: ['AWSCURRENT'] },
    ...described,
  },
});
const codes = (change: Change) => adoptionRefusals(facts(change)).map(({ code }) => code);

const refused: [AdoptionRefusalCode, string, Change, string][] = [
  [
    'OTHER_ACCOUNT',
    'of another account than the caller',
    { caller: { account: '999999999999', region: 'eu-west-1' } },
    'AWS_PROFILE=<a profile of account 123456789012> aws sts get-caller-identity',
  ],
  [
    'OTHER_REGION',
    'of another region than the caller asks',
    { caller: { account: '123456789012', region: 'us-east-1' } },
    `aws secretsmanager describe-secret --secret-id '${secretArn}' --region eu-west-1`,
  ],
  [
    'OTHER_SECRET',
    'made again under its name',
    { describe: { arn: secretArn.replace('AbCdEf', 'GhIjKl') } },
    "aws secretsmanager describe-secret --secret-id 'old/jwt' --query ARN --output text",
  ],
  [
    'ALREADY_ADOPTED',
    'adopted before',
    { adoptedAt: '2026-11-01T00:00:00.000Z' },
    "quarterturn status 'old/jwt'",
  ],
  [
    'SCHEDULED_FOR_DELETION',
    'scheduled for deletion',
    { describe: { deletedDate: new Date(0), versionIdsToStages: {} } },
    `aws secretsmanager restore-secret --secret-id '${secretArn}'`,
  ],
  [
    'OWNED_BY_SERVICE',
    'that RDS keeps itself',
    { describe: { owningService: 'rds', rotationEnabled: true } },
    `aws secretsmanager describe-secret --secret-id '${secretArn}' --query '[ARN,KmsKeyId]' --output text`,
  ],
  [
    'REPLICA',
    'whose primary stands elsewhere',
    { describe: { primaryRegion: 'us-east-1' } },
    `aws secretsmanager stop-replication-to-replica --secret-id '${secretArn}' --region eu-west-1`,
  ],
  [
    'OTHER_DEPLOYMENT',
    'that another deployment keeps',
    { taggedFor: 'pharmacy/staging' },
    `aws secretsmanager untag-resource --secret-id '${secretArn}' --tag-keys quarterturn:name quarterturn:environment`,
  ],
  [
    'ROTATED_BY_ANOTHER',
    'that another function rotates on a schedule',
    { describe: { rotationEnabled: true, rotationLambdaArn: `${functionArn}-other` } },
    `aws secretsmanager cancel-rotate-secret --secret-id '${secretArn}'`,
  ],
  [
    'ROTATION_IN_PROGRESS',
    'in the middle of a rotation',
    { describe: { versionIdsToStages: { [version]: ['AWSCURRENT'], [pending]: ['AWSPENDING'] } } },
    `aws secretsmanager update-secret-version-stage --secret-id '${secretArn}' --version-stage AWSPENDING --remove-from-version-id ${pending}`,
  ],
  [
    'NO_CUSTOMER_KEY',
    'under aws/secretsmanager',
    { describe: { kmsKeyId: undefined } },
    `aws secretsmanager update-secret --secret-id '${secretArn}' --kms-key-id '${kmsKeyArn}'`,
  ],
  [
    'OTHER_KEY',
    'under another key than the configured one',
    { describe: { kmsKeyId: `${kmsKeyArn}d` } },
    `aws secretsmanager update-secret --secret-id '${secretArn}' --kms-key-id '${kmsKeyArn}'`,
  ],
  [
    'RESOURCE_POLICY',
    'with a resource policy that would be overwritten',
    { resourcePolicy: '{"Statement":[{"Sid":"Partner","Effect":"Allow"}]}' },
    `aws secretsmanager get-resource-policy --secret-id '${secretArn}' --query ResourcePolicy --output text > old-jwt-policy.json && aws secretsmanager delete-resource-policy --secret-id '${secretArn}'`,
  ],
  [
    'NO_CURRENT_VERSION',
    'without a current version',
    { describe: { versionIdsToStages: { [version]: ['AWSPREVIOUS'] } } },
    `aws secretsmanager update-secret-version-stage --secret-id '${secretArn}' --version-stage AWSCURRENT --move-to-version-id ${version}`,
  ],
  [
    'BINARY_VALUE',
    'with a binary value',
    { value: 'binary' },
    `aws secretsmanager put-secret-value --secret-id '${secretArn}' --secret-string file://value.txt`,
  ],
];

describe('a secret is not adopted when it is', () => {
  test.each(refused)('%s: %s', (code, _what, change, command) => {
    const [refusal, ...others] = adoptionRefusals(facts(change));
    expect(refusal).toMatchObject({ code, command });
    expect(refusal?.reason).toMatch(/.{20}/);
    expect(others).toEqual([]);
  });
});

describe('a secret is adopted', () => {
  test.each<[string, Change]>([
    ['as it usually is', {}],
    ['that carries our tags from a run that was cut off', { taggedFor: 'pharmacy/prod' }],
    ['that names its key by id', { describe: { kmsKeyId: '0b1c' } }],
    ['that is the primary of replicas', { describe: { primaryRegion: 'eu-west-1' } }],
    [
      'whose earlier rotation was switched off',
      { describe: { rotationEnabled: false, rotationLambdaArn: `${functionArn}-other` } },
    ],
    [
      'that is armed already: its schedule and policy are ours',
      {
        describe: { rotationEnabled: true, rotationLambdaArn: functionArn },
        resourcePolicy: '{"Statement":[{"Sid":"OnlyRotationWrites","Effect":"Deny"}]}',
      },
    ],
    [
      'whose last rotation left AWSPENDING on the current version',
      { describe: { versionIdsToStages: { [version]: ['AWSCURRENT', 'AWSPENDING'] } } },
    ],
  ])('%s', (_what, change) => {
    expect(codes(change)).toEqual([]);
  });
});

test('every reason is told at once', () => {
  expect(
    codes({
      describe: { kmsKeyId: undefined, rotationEnabled: true, rotationLambdaArn: 'arn:other' },
      resourcePolicy: 'not even JSON',
    }),
  ).toEqual(['ROTATED_BY_ANOTHER', 'NO_CUSTOMER_KEY', 'RESOURCE_POLICY']);
});

test('an alias is refused, because nobody can see from here which key it means', () => {
  const [refusal] = adoptionRefusals(
    facts({ describe: { kmsKeyId: 'arn:aws:kms:eu-west-1:123456789012:alias/pharmacy' } }),
  );
  expect(refusal).toMatchObject({ code: 'OTHER_KEY' });
  expect(refusal?.reason).toContain('an alias may point to it');
});

test('a policy that holds more than our statement is not ours', () => {
  const statement = { Sid: 'OnlyRotationWrites' };
  const resourcePolicy = JSON.stringify({ Statement: [statement, { Sid: 'Partner' }] });
  expect(codes({ resourcePolicy })).toEqual(['RESOURCE_POLICY']);
});

test('a name with a quote in it stays one word of the shell', () => {
  const name = "it's; rm -rf /";
  const [refusal] = adoptionRefusals(facts({ describe: { name, arn: 'arn:other' } }));
  expect(refusal?.command).toContain(`--secret-id 'it'\\''s; rm -rf /'`);
});
