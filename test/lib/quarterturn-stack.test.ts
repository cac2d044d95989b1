import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib/core';
import { manifestOf } from '../../domain/config/manifest.ts';
import { decodeManifest } from '../../domain/config/manifest-parts.ts';
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import { QuarterturnStack } from '../../lib/quarterturn-stack.ts';
import pharmacy from '../../rotation.config.ts';
import { dashboard } from './dashboard.ts';
import { withRooms } from './rooms.ts';
import { type Resource, type Statement, synthesize, synthesizeAnew } from './synthesized.ts';
import { watch } from './watch.ts';

const stack = synthesize(pharmacy);
const jwt = /^SecretjwtRotationPolicy/;
const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const retained = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
const secretId = (key: string) =>
  stack.idOf(stack.one('AWS::SecretsManager::Secret', new RegExp(`^Secret${key}Secret`)));

function changed(change: Partial<RotationConfig>): RotationConfig {
  return defineRotation({ ...pharmacy, ...change });
}

describe('a secret', () => {
  test.each(['jwt', 'pii', 'db', 'legacyDb', 'rowsDb', 'dbAdmin'])(
    '%s holds the marker and nothing else',
    (key) => {
      const { Properties } = stack.one(
        'AWS::SecretsManager::Secret',
        new RegExp(`^Secret${key}Secret`),
      );
      expect(Properties.SecretString).toBe(uninitialisedMarker);
      expect(Properties.Name).toBe(`pharmacy/prod/${key}`);
      expect(Properties.GenerateSecretString).toBeUndefined();
    },
  );

  test('keeps its logical id: another one would replace it', () => {
    expect(
      stack
        .all('AWS::SecretsManager::Secret')
        .map((secret) => stack.idOf(secret))
        .sort(),
    ).toEqual([
      'SecretdbAdminSecret2FF4EE3D',
      'SecretdbSecret41AAA117',
      'SecretjwtSecret297B3821',
      'SecretlegacyDbSecretC51D784C',
      'SecretpiiSecretB607D3A8',
      'SecretrowsDbSecret2DD46E0C',
    ]);
  });

  test.each(['AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::DynamoDB::Table'])(
    '%s outlives the stack and every replacement',
    (type) => {
      for (const resource of stack.all(type)) {
        expect(resource).toMatchObject(retained);
      }
    },
  );

  test('is encrypted with the customer managed key', () => {
    const key = stack.idOf(stack.one('AWS::KMS::Key', /^KeysSecrets/));
    for (const { Properties } of stack.all('AWS::SecretsManager::Secret')) {
      expect(Properties.KmsKeyId).toEqual({ 'Fn::GetAtt': [key, 'Arn'] });
    }
  });

  test('carries name, environment, kind and cadence as tags', () => {
    const { Properties } = stack.one('AWS::SecretsManager::Secret', /^Secretpii/);
    expect(Properties.Tags).toEqual([
      { Key: 'quarterturn:cadence-days', Value: '90' },
      { Key: 'quarterturn:environment', Value: 'prod' },
      { Key: 'quarterturn:kind', Value: 'encryption' },
      { Key: 'quarterturn:name', Value: 'pharmacy' },
    ]);
  });

  test('changed configuration changes nothing of it but tags: its policy denies UpdateSecret', () => {
    const other = changed({
      secrets: {
        ...pharmacy.secrets,
        db: { ...pharmacy.secrets.db, host: 'moved.example.com', cadenceDays: 60 } as never,
        rowsDb: { ...pharmacy.secrets.rowsDb, host: 'moved.example.com' } as never,
        dbAdmin: { ...pharmacy.secrets.dbAdmin, purpose: 'Another one.' } as never,
        jwt: { ...pharmacy.secrets.jwt, encoding: 'hex', bits: 256, field: 'SIGNING' } as never,
      },
    });
    const identity = (from: ReturnType<typeof synthesize>) =>
      from
        .all('AWS::SecretsManager::Secret')
        .map((secret) => [from.idOf(secret), { ...secret.Properties, Tags: undefined }]);
    expect(identity(synthesize(other))).toEqual(identity(stack));
  });
});

describe('the policy of a secret', () => {
  const policyOf = (key: string, from = stack) =>
    from.one('AWS::SecretsManager::ResourcePolicy', new RegExp(`^Secret${key}Protection`))
      .Properties.ResourcePolicy.Statement;

  test('denies writes to everybody but its own rotation role', () => {
    const role = stack.idOf(stack.one('AWS::IAM::Role', /^SecretjwtRotationRole/));
    expect(policyOf('jwt')).toEqual([
      {
        Sid: 'OnlyRotationWrites',
        Effect: 'Deny',
        Principal: '*',
        Action: [
          'secretsmanager:DeleteSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecret',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalArn': [{ 'Fn::GetAtt': [role, 'Arn'] }] } },
      },
    ]);
  });

  test('leaves PutSecretValue of a user-managed secret to its owners, and nothing more', () => {
    const [statement] = policyOf('dbAdmin');
    expect(statement.Action).toEqual([
      'secretsmanager:DeleteSecret',
      'secretsmanager:UpdateSecret',
      'secretsmanager:UpdateSecretVersionStage',
    ]);
    expect(statement.Condition).toBeUndefined();
  });

  test('lets the break-glass role pass', () => {
    const breakGlassRoleArn = 'arn:aws:iam::123456789012:role/break-glass';
    const other = synthesize(changed({ breakGlassRoleArn }));
    for (const key of ['jwt', 'dbAdmin']) {
      const [statement] = policyOf(key, other);
      expect(statement.Condition.StringNotEquals['aws:PrincipalArn']).toContain(breakGlassRoleArn);
    }
  });
});

describe('the role of a rotation function', () => {
  test('holds these statements and no other', () => {
    expect(stack.statements(jwt).map(({ Sid }) => Sid)).toEqual([
      'Log',
      'Trace',
      'RotateOwnSecret',
      'UseKeyOfOwnSecret',
      'Random',
      'ReadControlRecords',
      'WriteControlRecords',
      'RemoveControlRecords',
      'UseControlTableKey',
    ]);
  });

  test('rotates its own secret', () => {
    expect(stack.statement(jwt, 'RotateOwnSecret')).toMatchObject({
      Action: [
        'secretsmanager:CancelRotateSecret',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      Resource: { Ref: secretId('jwt') },
    });
  });

  test('uses the key through Secrets Manager, for its own secret', () => {
    expect(stack.statement(jwt, 'UseKeyOfOwnSecret')).toMatchObject({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Condition: {
        StringEquals: {
          'kms:ViaService': {
            'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
          },
          'kms:EncryptionContext:SecretARN': [{ Ref: secretId('jwt') }],
        },
      },
    });
  });

  test('reads intents and compromised material, writes neither', () => {
    const keys = (sid: string) =>
      stack.statement(jwt, sid).Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
    const own = (...records: string[]) => records.map((record) => `${record}#pharmacy/prod/jwt`);
    expect(keys('ReadControlRecords')).toEqual(
      own('intent.*', 'rotation', 'after', 'lease', 'compromised'),
    );
    expect(keys('WriteControlRecords')).toEqual(own('rotation', 'after', 'lease'));
    expect(keys('RemoveControlRecords')).toEqual(own('after'));
  });

  test('reads the current value of the admin and of nothing else besides its own', () => {
    expect(stack.statement(/^SecretdbRotationPolicy/, 'ReadCompanions')).toMatchObject({
      Action: 'secretsmanager:GetSecretValue',
      Resource: { Ref: secretId('dbAdmin') },
      Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
    });
  });

  test('of an encryption key reads the current credentials of its database and of its rows', () => {
    expect(stack.statement(/^SecretpiiRotationPolicy/, 'ReadCompanions').Resource).toEqual([
      { Ref: secretId('db') },
      { Ref: secretId('rowsDb') },
    ]);
  });

  test('logs to its own group', () => {
    const logs = stack.idOf(stack.one('AWS::Logs::LogGroup', /^SecretjwtRotationLogs/));
    expect(stack.statement(jwt, 'Log').Resource).toEqual({ 'Fn::GetAtt': [logs, 'Arn'] });
    expect(stack.resources[logs]).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { RetentionInDays: 365 },
    });
  });

  test('is assumed by Lambda alone', () => {
    const { Properties } = stack.one('AWS::IAM::Role', /^SecretjwtRotationRole/);
    expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
    ]);
    expect(Properties.ManagedPolicyArns).toBeUndefined();
  });
});

describe('every policy of the stack', () => {
  const documents: [string, Statement][] = [
    ...stack.all('AWS::IAM::Policy'),
    ...stack.all('AWS::IAM::ManagedPolicy'),
  ].flatMap((policy) =>
    (policy.Properties.PolicyDocument.Statement as Statement[]).map(
      (statement): [string, Statement] => [stack.idOf(policy), statement],
    ),
  );

  test('names its actions in full', () => {
    expect(
      documents.flatMap(([, { Action }]) => list(Action)).filter((action) => action.includes('*')),
    ).toEqual([]);
  });

  test('is for every resource only where AWS knows none', () => {
    const everywhere = documents
      .filter(([, { Resource }]) => Resource === '*')
      .flatMap(([, { Action }]) => list(Action))
      .filter((action) => !action.startsWith('logs:'));
    expect([...new Set(everywhere)].sort()).toEqual([
      'cloudtrail:LookupEvents',
      'kms:GenerateRandom',
      'secretsmanager:ListSecrets',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('lets only rotation functions remove a record, and of AfterRotation alone', () => {
    const removers = documents.filter(([, { Action }]) =>
      list(Action).some((action) => /dynamodb:(Delete|Update|BatchWrite)Item/.test(action)),
    );
    expect(removers).toHaveLength(5);
    for (const [id, { Action, Condition }] of removers) {
      expect(id).toMatch(/^Secret\w+Rotation/);
      expect(Action).toBe('dynamodb:DeleteItem');
      const keys: string[] = Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
      expect(keys.every((key) => key.startsWith('after#'))).toBe(true);
    }
  });

  test('gives nobody a way to take a function or a secret over', () => {
    const actions = new Set(documents.flatMap(([, { Action }]) => list(Action)));
    for (const action of [
      'secretsmanager:DeleteSecret',
      'secretsmanager:PutResourcePolicy',
      'secretsmanager:UpdateSecret',
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
      'kms:CreateGrant',
      'kms:ScheduleKeyDeletion',
      'iam:PassRole',
    ]) {
      expect(actions).not.toContain(action);
    }
  });

  test('lets only rotation functions write values', () => {
    const writers = documents.filter(([, { Action }]) =>
      list(Action).includes('secretsmanager:PutSecretValue'),
    );
    expect(writers.map(([id]) => id.replace(/Rotation.*/, '')).sort()).toEqual([
      'Secretdb',
      'Secretjwt',
      'SecretlegacyDb',
      'Secretpii',
      'SecretrowsDb',
    ]);
  });

  test('lets only rotation functions, consumers, drills, what rewrites rows or takes fingerprints, and the operator of the databases read values', () => {
    const readers = documents.filter(([, { Action }]) =>
      list(Action).includes('secretsmanager:GetSecretValue'),
    );
    const others = readers.filter(
      ([id]) => !/^(Secret\w+Rotation|Reader|DatabaseOperators|Drill|Rows|Fingerprints)/.test(id),
    );
    expect(others.map(([id]) => id)).toEqual([]);
  });
});

describe('a rotation function', () => {
  const functionOf = (key: string) =>
    stack.one('AWS::Lambda::Function', new RegExp(`^Secret${key}Rotation`)).Properties;

  test('runs the bundle of its kind on nodejs24.x', () => {
    expect(functionOf('jwt')).toMatchObject({
      FunctionName: 'quarterturn-pharmacy-prod-jwt',
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      MemorySize: 512,
      Timeout: 60,
    });
    expect(stack.assets['quarterturn-pharmacy-prod-jwt']?.('index.mjs')).toContain("'jwt'");
  });

  test('with a database has two minutes', () => {
    expect(functionOf('db').Timeout).toBe(120);
  });

  test('is told its secret, its table and its posture', () => {
    expect(functionOf('jwt').Environment.Variables).toEqual({
      SECRET_ARN: { Ref: secretId('jwt') },
      ENVIRONMENT: 'prod',
      SECRET_NAME: 'pharmacy/prod/jwt',
      CONTROL_TABLE: { Ref: stack.idOf(stack.one('AWS::DynamoDB::Table')) },
      ARMED: 'true',
      FIELD: 'JWT_SECRET',
      BITS: '512',
      ENCODING: 'base64',
      ACCEPT_FOR_SECONDS: String(300 + 30 * 86_400 + 60),
    });
  });

  test('of a database is told host, roles and identity by the deployment, not by the secret', () => {
    expect(functionOf('db').Environment.Variables).toMatchObject({
      SCHEME: 'multiUser',
      HOST: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
      PORT: '5432',
      ROLES: 'pharmacy_app_a,pharmacy_app_b',
      IDENTITY: 'pharmacy_app',
      MAINTENANCE_DATABASE: 'postgres',
      DATABASE_URL: 'true',
      ADMIN_SECRET_ARN: { Ref: secretId('dbAdmin') },
      CA: 'rds',
    });
  });

  test('of an encryption key finds the declared columns beside its bundle', () => {
    const asset = stack.assets['quarterturn-pharmacy-prod-pii'];
    expect(JSON.parse(asset?.('columns.json') ?? '')).toEqual(
      pharmacy.secrets.pii?.kind === 'encryption' ? pharmacy.secrets.pii.columns : undefined,
    );
    expect(asset?.('index.mjs')).toContain("'encryption'");
  });

  test('may be invoked by Secrets Manager of this account alone', () => {
    expect(stack.one('AWS::Lambda::Permission', /^SecretjwtPermission/).Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: 'quarterturn-pharmacy-prod-jwt',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
  });
});

describe('the native rule', () => {
  const schedule = stack.one('AWS::SecretsManager::RotationSchedule', /^Secretjwt/);

  test('fires a day before the limit, in a window of four hours, not at deployment', () => {
    expect(schedule.Properties).toMatchObject({
      RotateImmediatelyOnUpdate: false,
      RotationRules: { ScheduleExpression: 'rate(179 days)', Duration: '4h' },
    });
  });

  test('waits for permission, policy and protection', () => {
    for (const id of [/^SecretjwtPermission/, /^SecretjwtRotationPolicy/, /^SecretjwtProtection/]) {
      expect(schedule.DependsOn).toContainEqual(expect.stringMatching(id));
    }
  });

  test('names the function of the secret', () => {
    expect(JSON.stringify(schedule.Properties.RotationLambdaARN)).toContain(
      ':function:quarterturn-pharmacy-prod-jwt',
    );
  });
});

describe('an adopted secret', () => {
  const jwtConfig = pharmacy.secrets.jwt;
  if (jwtConfig?.kind !== 'jwt') throw new Error('the example has a jwt secret');
  const adopt = {
    secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:old/jwt-AbCdEf',
    kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/0b1c',
  };
  const adopted = (armed?: true) =>
    synthesize(
      changed({
        secrets: { jwt: { ...jwtConfig, adopt, ...(armed && { armed }) } },
        consumers: [],
      }),
    );

  test('is not made again, and keeps its own policy until it is armed: its owners still write it', () => {
    const unarmed = adopted();
    expect(unarmed.all('AWS::SecretsManager::Secret')).toEqual([]);
    expect(unarmed.all('AWS::SecretsManager::ResourcePolicy')).toEqual([]);
    expect(adopted(true).one('AWS::SecretsManager::ResourcePolicy').Properties.SecretId).toBe(
      adopt.secretArn,
    );
  });

  test('may be looked at and tagged by on-call, with our own tags and no others', () => {
    const operator = /^Operator/;
    const unarmed = adopted();
    const { Action, Resource } = unarmed.statement(operator, 'Describe');
    expect(Action).toContain('secretsmanager:GetResourcePolicy');
    expect(Resource).toBe(adopt.secretArn);
    expect(unarmed.statement(operator, 'TagAdopted').Condition).toEqual({
      'ForAllValues:StringEquals': {
        'aws:TagKeys': [
          'quarterturn:name',
          'quarterturn:kind',
          'quarterturn:environment',
          'quarterturn:cadence-days',
        ],
      },
    });
    expect(stack.statements(operator).map(({ Sid }) => Sid)).not.toContain('TagAdopted');
  });

  test('has no native rule before it is armed', () => {
    expect(adopted().all('AWS::SecretsManager::RotationSchedule')).toEqual([]);
    expect(adopted(true).all('AWS::SecretsManager::RotationSchedule')).toHaveLength(1);
  });

  test('tells its function so, and keeps its own key', () => {
    const unarmed = adopted();
    expect(
      unarmed.one('AWS::Lambda::Function', /^Secretjwt/).Properties.Environment.Variables,
    ).toMatchObject({ ARMED: 'false', SECRET_NAME: 'old/jwt' });
    expect(unarmed.statement(jwt, 'UseKeyOfOwnSecret').Resource).toBe(adopt.kmsKeyArn);
  });
});

describe('keys and control table', () => {
  test('every key rotates', () => {
    for (const { Properties } of stack.all('AWS::KMS::Key')) {
      expect(Properties.EnableKeyRotation).toBe(true);
    }
  });

  test('nobody uses a key but through its service', () => {
    for (const { Properties } of stack.all('AWS::KMS::Key')) {
      const statements: Statement[] = Properties.KeyPolicy.Statement;
      for (const { Action, Condition, Principal } of statements) {
        if (
          // Services that write into topics, queues and log groups: test/lib/messages.test.ts.
          Principal.Service === undefined &&
          list(Action).some((action) => /Decrypt|Encrypt|GenerateDataKey|CreateGrant/.test(action))
        ) {
          expect(Condition.StringEquals['kms:ViaService']).toBeDefined();
        }
      }
      expect(statements.some(({ Action }) => list(Action).includes('kms:PutKeyPolicy'))).toBe(true);
    }
  });

  test('the table is on demand, recoverable, encrypted with a customer managed key and cannot be dropped', () => {
    expect(stack.one('AWS::DynamoDB::Table').Properties).toMatchObject({
      TableName: 'quarterturn-pharmacy-prod',
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      DeletionProtectionEnabled: true,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
  });
});

describe('cadence', () => {
  const policy = /^CadenceFunction(Policy|Role)/;

  test('runs every hour', () => {
    expect(stack.one('AWS::Events::Rule', /^Cadence/).Properties.ScheduleExpression).toBe(
      'rate(1 hour)',
    );
  });

  test('rotates every secret that rotates, and changes neither schedule nor function', () => {
    const { Resource, Condition } = stack.statement(policy, 'Rotate');
    expect(Resource).toHaveLength(5);
    expect(Condition).toEqual({
      Bool: { 'secretsmanager:ModifyRotationRules': 'false' },
      Null: { 'secretsmanager:RotationLambdaARN': 'true' },
    });
    expect(stack.statement(policy, 'InvokeRotationFunctions').Resource).toHaveLength(5);
  });

  test('writes planned intents and what it has announced, and nothing else', () => {
    const keys: string[] = stack.statement(policy, 'WriteControlRecords').Condition[
      'ForAllValues:StringLike'
    ]['dynamodb:LeadingKeys'];
    const records = keys.map((key) => key.split('#')[0]);
    // Of the five that rotate; reminders of the user-managed one, too.
    expect(records.sort()).toEqual([
      ...['intent.planned', 'notice'].flatMap((record) => Array.from({ length: 5 }, () => record)),
      'notice',
    ]);
  });

  test('says on the bus that a rotation is planned, a secret overdue or old, and nothing in another name', () => {
    expect(stack.statement(policy, 'Announce')).toMatchObject({
      Action: 'events:PutEvents',
      Condition: {
        StringEquals: {
          'events:source': 'quarterturn',
          'events:detail-type': [
            'credential-rotation-planned',
            'credential-overdue',
            'credential-reminder',
          ],
        },
      },
    });
  });
});

watch(stack);
dashboard(stack);

describe('AfterRotation', () => {
  test('is started by the label AWSCURRENT on a managed secret', () => {
    expect(stack.one('AWS::Events::Rule', /^Starter/).Properties.EventPattern).toEqual({
      source: ['aws.secretsmanager'],
      'detail-type': ['Secret Label Updated'],
      resources: expect.arrayContaining([{ Ref: secretId('jwt') }]),
      detail: { labelUpdated: ['AWSCURRENT'] },
    });
  });

  test('has the name that starter and cadence are told', () => {
    const machine = stack.one('AWS::StepFunctions::StateMachine', /^AfterRotation/);
    expect(machine.Properties.StateMachineName).toBe('quarterturn-pharmacy-prod-after-rotation');
    for (const id of [/^StarterFunction/, /^CadenceFunction/]) {
      const { Environment } = stack.one('AWS::Lambda::Function', id).Properties;
      expect(JSON.stringify(Environment.Variables.STATE_MACHINE_ARN)).toContain(
        ':stateMachine:quarterturn-pharmacy-prod-after-rotation',
      );
    }
  });
});

describe('policies for people and applications', () => {
  test('a consumer reads its secrets, current and previous, never a pending value', () => {
    const statement = stack.statement(/^Readerapi/, 'ReadValues');
    expect(statement.Resource).toHaveLength(4);
    expect(statement.Condition).toEqual({
      'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT', 'AWSPREVIOUS'] },
    });
  });

  test('an operator rotates and reads no value', () => {
    const actions = stack.statements(/^Operator/).flatMap(({ Action }) => list(Action));
    expect(actions).toContain('secretsmanager:RotateSecret');
    expect(actions).toContain('lambda:InvokeFunction');
    expect(actions).not.toContain('secretsmanager:GetSecretValue');
    const secretsKey = stack.idOf(stack.one('AWS::KMS::Key', /^KeysSecrets/));
    expect(JSON.stringify(stack.statements(/^Operator/))).not.toContain(secretsKey);
  });
});

describe('the break-glass policy', () => {
  const role = 'arn:aws:iam::111122223333:role/break-glass';
  const glass = synthesize(defineRotation({ ...pharmacy, breakGlassRoleArn: role }));

  test('is there when a role is named, and only then', () => {
    expect(stack.all('AWS::IAM::ManagedPolicy', /^BreakGlass/)).toEqual([]);
    expect(glass.one('AWS::IAM::ManagedPolicy', /^BreakGlass/).Properties.ManagedPolicyName).toBe(
      'quarterturn-pharmacy-prod-break-glass',
    );
  });

  test('reads and writes values of every secret, user-managed ones too', () => {
    const { Action, Resource } = glass.statement(/^BreakGlass/, 'MendByHand');
    expect(Action).toEqual([
      'secretsmanager:CancelRotateSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ]);
    expect(Resource).toHaveLength(Object.keys(pharmacy.secrets).length);
  });

  test('cannot delete a secret, nor change a policy, a schedule or a key', () => {
    const actions = glass.statements(/^BreakGlass/).flatMap(({ Action }) => list(Action));
    expect(
      actions.filter((action) =>
        /Delete|Policy|RotateSecret$|Schedule|kms:(Put|Create)/.test(action),
      ),
    ).toEqual(['secretsmanager:CancelRotateSecret']);
  });
});

describe('the manifest parameter', () => {
  test('holds the manifest of the configuration', () => {
    const parts = stack
      .all('AWS::SSM::Parameter')
      .map(({ Properties }) => Properties.Value as string);
    expect(decodeManifest(parts)).toEqual(manifestOf(pharmacy));
  });

  test('has the name every reader knows, in the tier that holds 8 KB', () => {
    expect(stack.one('AWS::SSM::Parameter').Properties).toMatchObject({
      Name: '/quarterturn/pharmacy/prod/manifest',
      Tier: 'Advanced',
    });
  });
});

describe('the template', () => {
  test('is the same when it is made again', () => {
    expect(synthesizeAnew(pharmacy).text).toBe(stack.text);
  });

  test('holds no value: of every secret the marker alone', () => {
    const values: unknown[] = [];
    JSON.stringify(stack.template, (key, value) => {
      if (/^(SecretString|GenerateSecretString|MasterUserPassword|Password)$/.test(key))
        values.push(value);
      return value;
    });
    expect(values).toEqual(Array(6).fill(uninitialisedMarker));
    expect(stack.text).not.toMatch(/resolve:secretsmanager/);
  });

  test('has outputs for CLI and demo', () => {
    expect(Object.keys(stack.template.Outputs)).toEqual(
      expect.arrayContaining(
        [
          'ControlTable',
          'FunctionjwtName',
          'ManifestParameter',
          'OperatorPolicy',
          'ReaderPolicyapi',
          'SecretArnjwt',
        ].map((name) => name.replace('FunctionjwtName', 'Functionjwt')),
      ),
    );
  });

  test('tags every resource that can be tagged with name and environment', () => {
    const tagged = Object.values(stack.resources).filter(({ Type }: Resource) =>
      ['AWS::Lambda::Function', 'AWS::KMS::Key', 'AWS::DynamoDB::Table', 'AWS::IAM::Role'].includes(
        Type,
      ),
    );
    for (const { Properties } of tagged) {
      expect(Properties.Tags).toEqual(
        expect.arrayContaining([
          { Key: 'quarterturn:environment', Value: 'prod' },
          { Key: 'quarterturn:name', Value: 'pharmacy' },
        ]),
      );
    }
  });
});

describe('placement and authorities', () => {
  const main = {
    vpcId: 'vpc-0a1b2c3d',
    subnetIds: ['subnet-0a1b2c3d'],
    databaseSecurityGroupId: 'sg-0d1b2c3d',
    endpoints: 'existing' as const,
  };
  const withDatabase = (change: object, more: Partial<RotationConfig> = {}) =>
    changed({
      ...more,
      secrets: { ...pharmacy.secrets, db: { ...pharmacy.secrets.db, ...change } as never },
    });

  test('a function in a network has its interfaces there, and the rights for them', () => {
    const placed = synthesize(withDatabase({ network: 'main' }, { networks: { main } }));
    expect(placed.one('AWS::Lambda::Function', /^SecretdbRotation/).Properties.VpcConfig).toEqual({
      SubnetIds: main.subnetIds,
      SecurityGroupIds: [
        { 'Fn::GetAtt': [expect.stringMatching(/^NetworksmainFunctions/), 'GroupId'] },
      ],
    });
    expect(placed.statement(/^SecretdbRotationPolicy/, 'NetworkInterfaces').Action).toContain(
      'ec2:CreateNetworkInterface',
    );
  });

  test('own authorities travel with every function that connects', () => {
    const directory = mkdtempSync(join(tmpdir(), 'quarterturn-ca-'));
    try {
      const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
      writeFileSync(join(directory, 'own.pem'), pem);
      const own = synthesize(withDatabase({ ca: { file: 'own.pem' } }), directory);
      for (const key of ['db', 'pii']) {
        expect(own.assets[`quarterturn-pharmacy-prod-${key}`]?.('ca.pem')).toBe(pem);
        expect(
          own.one('AWS::Lambda::Function', new RegExp(`^Secret${key}Rotation`)).Properties
            .Environment.Variables.CA,
        ).toBe('file');
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test.each([
    ['is missing', undefined],
    ['holds no certificate', 'hello'],
    ['holds a private key', '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n'],
  ])('a file of authorities that %s is refused', (_title, content) => {
    const directory = mkdtempSync(join(tmpdir(), 'quarterturn-ca-'));
    try {
      if (content !== undefined) writeFileSync(join(directory, 'own.pem'), content);
      expect(() => synthesize(withDatabase({ ca: { file: 'own.pem' } }), directory)).toThrow(
        expect.objectContaining({ code: 'ERR_ROTATION_CONFIG_INVALID' }),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

test('without the built functions the stack says what to run', () => {
  withRooms((_rooms, directory) => {
    expect(
      () =>
        new QuarterturnStack(new App({ outdir: join(directory, 'out') }), {
          config: pharmacy,
          configDirectory: '.',
          lambdasDirectory: join(directory, 'nowhere'),
        }),
    ).toThrow(/npm run build/);
  });
});
