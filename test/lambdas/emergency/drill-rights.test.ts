/**
 * What a drill asks IAM of each role: what an emergency does with it, on what, under the conditions of our own statements.
 * A right that it does not ask for is missed on the day; one that it asks for wrongly makes every drill find something.
 */
import { describe, expect, test } from '@jest/globals';
import type { SimulationQuestion } from '../../../doors/simulated-rights.ts';
import { database, input, invoked, jwt, scalar, served, suspect } from './deployment.ts';
import { world } from './world.ts';

type World = ReturnType<typeof world>;
const drill = { ...input, secrets: 'all', drill: true, suspects: [suspect] };
const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

/** `<actions> on <resources> with <key of a condition> <value>`, in this account and region, of this deployment. */
function words({ actions, resources, context = {} }: Omit<SimulationQuestion, 'principal'>) {
  const conditions = Object.entries(context).map(
    ([key, value]) => ` with ${key} ${[value].flat().join(' ')}`,
  );
  return `${actions.join(' ')} on ${resources.join(' ')}${conditions.join('')}`
    .replaceAll(/arn:aws:([a-z0-9-]+):eu-west-1:000000000000:/g, '$1:')
    .replaceAll(/-AbCdEf|pharmacy\/prod\//g, '');
}

/** By role, in order. */
async function askedIn(around: World, given: object = drill) {
  const asked = new Map<string, string[]>();
  const { simulate } = around.doors.simulation;
  around.doors.simulation.simulate = (question) => {
    const name = question.principal.replace(role(''), '');
    asked.set(name, [...(asked.get(name) ?? []), words(question)]);
    return simulate(question);
  };
  expect((await around.execute(given)).status).toBe('SUCCEEDED');
  return asked;
}

const tablesKey =
  'kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo on kms:key/control with kms:ViaService dynamodb.eu-west-1.amazonaws.com';
const interfaces =
  'ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets on *';

const whole: [string, string[]][] = [
  [
    'own/in-emergency',
    [
      'secretsmanager:DescribeSecret on secretsmanager:secret:jwt secretsmanager:secret:db secretsmanager:secret:pii',
      'secretsmanager:RotateSecret on secretsmanager:secret:jwt secretsmanager:secret:db secretsmanager:secret:pii with secretsmanager:ModifyRotationRules false',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys intent.emergency#jwt compromised#jwt intent.emergency#db compromised#db intent.emergency#pii compromised#pii',
      tablesKey,
      'lambda:InvokeFunction on lambda:function:fn-jwt lambda:function:fn-db lambda:function:fn-pii lambda:function:audit-access lambda:function:roll-out',
      'states:StartExecution on states:stateMachine:after-rotation states:stateMachine:quarterturn-pharmacy-prod-emergency',
      'secretsmanager:PutResourcePolicy on secretsmanager:secret:jwt secretsmanager:secret:db secretsmanager:secret:pii with secretsmanager:BlockPublicPolicy true',
      'secretsmanager:DeleteResourcePolicy secretsmanager:GetResourcePolicy on secretsmanager:secret:jwt secretsmanager:secret:db secretsmanager:secret:pii',
      'iam:DeleteRolePolicy iam:PutRolePolicy on arn:aws:iam::000000000000:role/app/reporting',
    ],
  ],
  [
    'own/machine',
    [
      'lambda:InvokeFunction on lambda:function:fn-jwt lambda:function:fn-db lambda:function:fn-pii lambda:function:in-emergency',
      'states:StartExecution on states:stateMachine:rollout',
      'states:DescribeExecution states:StopExecution on states:execution:rollout:drill',
      'events:PutTargets events:PutRule events:DescribeRule on events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule',
    ],
  ],
  [
    'quarterturn-pharmacy-prod-after-rotation',
    [
      'secretsmanager:DescribeSecret on secretsmanager:secret:jwt secretsmanager:secret:db secretsmanager:secret:pii',
      'events:PutEvents on events:event-bus/default with events:source quarterturn with events:detail-type credential-secret-rotation',
      'lambda:InvokeFunction on lambda:function:fn-jwt lambda:function:fn-db lambda:function:fn-pii',
      'lambda:InvokeFunction on lambda:function:roll-out',
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys rotation#jwt after#jwt lease#jwt rollout#jwt failed#jwt hold#jwt rotation#db after#db lease#db rollout#db failed#db hold#db rotation#pii after#pii lease#pii rollout#pii failed#pii hold#pii reencryption#pii consumers#pii',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys intent.activate#jwt after#jwt failed#jwt hold#jwt intent.activate#db after#db failed#db hold#db intent.activate#pii after#pii failed#pii hold#pii reencryption#pii consumers#pii',
      tablesKey,
    ],
  ],
  [
    'after-rotation-machine',
    [
      'lambda:InvokeFunction on lambda:function:quarterturn-pharmacy-prod-after-rotation',
      'states:StartExecution on states:stateMachine:rollout',
      'states:DescribeExecution states:StopExecution on states:execution:rollout:drill',
      'events:PutTargets events:PutRule events:DescribeRule on events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule',
    ],
  ],
  [
    'roll-out',
    [
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys rollout#jwt rollout#db rollout#pii lock#pharmacy/prod counts#pharmacy/prod',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys rollout#jwt rollout#db rollout#pii lock#pharmacy/prod counts#pharmacy/prod',
      'dynamodb:DeleteItem on dynamodb:table/control with dynamodb:LeadingKeys counts#pharmacy/prod',
      tablesKey,
      'ecs:DescribeServices ecs:UpdateService on ecs:service/main/api',
      'ecs:DescribeTaskDefinition application-autoscaling:DescribeScalableTargets on *',
      'application-autoscaling:RegisterScalableTarget on application-autoscaling:scalable-target/drill with application-autoscaling:service-namespace ecs with application-autoscaling:scalable-dimension ecs:service:DesiredCount',
      'lambda:GetFunctionConfiguration lambda:UpdateFunctionConfiguration on lambda:function:mailer',
      'eks:DescribeCluster on eks:cluster/main',
    ],
  ],
  [
    'rollout-machine',
    ['lambda:InvokeFunction on lambda:function:roll-out lambda:function:ask-health'],
  ],
  [
    'fn-jwt',
    [
      'secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage secretsmanager:CancelRotateSecret on secretsmanager:secret:jwt',
      'kms:Decrypt kms:GenerateDataKey on kms:key/secrets with kms:ViaService secretsmanager.eu-west-1.amazonaws.com with kms:EncryptionContext:SecretARN secretsmanager:secret:jwt',
      'kms:GenerateRandom on *',
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys intent.emergency#jwt rotation#jwt after#jwt lease#jwt compromised#jwt',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys rotation#jwt after#jwt lease#jwt',
      'dynamodb:DeleteItem on dynamodb:table/control with dynamodb:LeadingKeys after#jwt',
      tablesKey,
      interfaces,
    ],
  ],
  [
    'fn-db',
    [
      'secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage secretsmanager:CancelRotateSecret on secretsmanager:secret:db',
      'kms:Decrypt kms:GenerateDataKey on kms:key/secrets with kms:ViaService secretsmanager.eu-west-1.amazonaws.com with kms:EncryptionContext:SecretARN secretsmanager:secret:db',
      'kms:GenerateRandom on *',
      'secretsmanager:GetSecretValue on secretsmanager:secret:admin with secretsmanager:VersionStage AWSCURRENT',
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys intent.emergency#db rotation#db after#db lease#db compromised#db',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys rotation#db after#db lease#db',
      'dynamodb:DeleteItem on dynamodb:table/control with dynamodb:LeadingKeys after#db',
      tablesKey,
      interfaces,
    ],
  ],
  [
    'fn-pii',
    [
      'secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage secretsmanager:CancelRotateSecret secretsmanager:ListSecretVersionIds on secretsmanager:secret:pii',
      'kms:Decrypt kms:GenerateDataKey on kms:key/secrets with kms:ViaService secretsmanager.eu-west-1.amazonaws.com with kms:EncryptionContext:SecretARN secretsmanager:secret:pii',
      'kms:GenerateRandom on *',
      'secretsmanager:GetSecretValue on secretsmanager:secret:rows with secretsmanager:VersionStage AWSCURRENT',
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys intent.emergency#pii rotation#pii after#pii lease#pii compromised#pii reencryption#pii zero#pii',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys rotation#pii after#pii lease#pii',
      'dynamodb:DeleteItem on dynamodb:table/control with dynamodb:LeadingKeys after#pii',
      tablesKey,
      's3:GetObject s3:PutObject on arn:aws:s3:::copies/pii/drill',
      'kms:Decrypt kms:GenerateDataKey on kms:key/escrow with kms:ViaService s3.eu-west-1.amazonaws.com with kms:EncryptionContext:aws:s3:arn arn:aws:s3:::copies/pii/drill',
      's3:ListBucketVersions on arn:aws:s3:::copies with s3:prefix pii/',
      interfaces,
    ],
  ],
];

test('of a deployment with everything, every role is asked for all that it does', async () => {
  const around = world({
    secrets: [jwt, database, scalar],
    consumers: [
      served('api', ['jwt', 'db']),
      invoked('mailer', ['db']),
      { ...served('web', ['pii']), restart: 'kubernetes main/shop/web' },
    ],
  });
  expect([...(await askedIn(around))]).toEqual(whole);
});

describe('nothing is asked of what a deployment does not have', () => {
  test('suspects, restarts, rows: their rights are nobody’s', async () => {
    const around = world({ secrets: [jwt], consumers: [], more: { rollout: undefined } });
    around.manifest.emergency?.suspects.splice(0);
    const asked = await askedIn(around, { ...drill, suspects: [] });
    expect([...asked.keys()]).toEqual([
      'own/in-emergency',
      'own/machine',
      'quarterturn-pharmacy-prod-after-rotation',
      'after-rotation-machine',
      'fn-jwt',
    ]);
    const all = [...asked.values()].flat().join('\n');
    expect(all).not.toMatch(
      /ResourcePolicy|iam:|rollout|roll-out|reencryption|failed#|hold#| on $/m,
    );
    expect(asked.get('own/machine')).toEqual([
      'lambda:InvokeFunction on lambda:function:fn-jwt lambda:function:in-emergency',
    ]);
    expect(asked.get('own/in-emergency')).toContain(
      'lambda:InvokeFunction on lambda:function:fn-jwt lambda:function:audit-access',
    );
  });

  test('a suspect that is a user has no sessions to revoke', async () => {
    const around = world({ secrets: [jwt] });
    around.manifest.emergency?.suspects.splice(0, 1, 'arn:aws:iam::000000000000:user/rowan');
    const asked = (await askedIn(around, { ...drill, suspects: [] })).get('own/in-emergency');
    expect(asked?.join()).toContain('secretsmanager:PutResourcePolicy');
    expect(asked?.join()).not.toContain('iam:');
  });

  test('consumers that no machine restarts: nobody asks ECS, Lambda or EKS', async () => {
    const around = world({ secrets: [jwt], consumers: [] });
    const asked = (await askedIn(around)).get('roll-out')?.join() ?? '';
    expect(asked).not.toMatch(/ecs:|lambda:|eks:|autoscaling/);
  });

  test('a function outside a VPC, without a key, companions or copies of its own', async () => {
    const around = world({ secrets: [jwt], consumers: [] });
    around.doors.functionRoles.settingsOf = async (name) => ({
      role: role(name),
      isInVpc: false,
      environment: {
        SECRET_NAME: 'pharmacy/prod/jwt',
        CONTROL_TABLE: 'control',
        ADMIN_SECRET_ARN: '',
        ESCROW_BUCKET: 'copies',
        ESCROW_KEY_ARN: 'arn:aws:kms:eu-west-1:000000000000:key/escrow',
      },
    });
    expect((await askedIn(around)).get('fn-jwt')).toEqual([
      'secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage secretsmanager:CancelRotateSecret on secretsmanager:secret:jwt',
      'kms:GenerateRandom on *',
      'dynamodb:GetItem dynamodb:Query on dynamodb:table/control with dynamodb:LeadingKeys intent.emergency#jwt rotation#jwt after#jwt lease#jwt compromised#jwt',
      'dynamodb:PutItem on dynamodb:table/control with dynamodb:LeadingKeys rotation#jwt after#jwt lease#jwt',
      'dynamodb:DeleteItem on dynamodb:table/control with dynamodb:LeadingKeys after#jwt',
      tablesKey,
    ]);
  });
});

test.each([
  ['under a key of the account', 'arn:aws:kms:eu-west-1:000000000000:key/own', 2],
  ['under AWS’s own key, which asks no right', 'alias/aws/secretsmanager', 0],
  ['of which nothing is told', undefined, 0],
])('the key of a secret that its function is not told: %s', async (_title, kmsKeyId, questions) => {
  const around = world({ consumers: [] });
  const { describe: described } = around.doors.secretsManager;
  around.doors.secretsManager.describe = async (secretId) => ({
    ...(await described(secretId.includes(':secret:admin-') ? 'pharmacy/prod/db' : secretId)),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
  });
  const { settingsOf } = around.doors.functionRoles;
  around.doors.functionRoles.settingsOf = async (name) => {
    const settings = await settingsOf(name);
    const { KMS_KEY_ARN: _key, ...environment } = settings?.environment ?? {};
    return settings && { ...settings, environment };
  };
  const asked = (await askedIn(around)).get('fn-db') ?? [];
  const keys = asked.filter((question) => question.includes('kms:EncryptionContext:SecretARN'));
  // Of its own secret, and of the admin's.
  expect(keys).toHaveLength(questions);
  expect(keys.every((question) => question.includes(' on kms:key/own with '))).toBe(true);
});
