/** The operator of the databases: where it runs, what it is told, and that it may do nothing else. */
import { describe, expect, test } from '@jest/globals';
import { manifestOf } from '../../domain/config/manifest.ts';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import pharmacy from '../../rotation.config.ts';
import { type Statement, synthesize } from './synthesized.ts';

const account = '123456789012';
const existing = (name: string) => ({
  secretArn: `arn:aws:secretsmanager:eu-west-1:${account}:secret:${name}-AbCdEf`,
  kmsKeyArn: `arn:aws:kms:eu-west-1:${account}:key/${name.length}`,
});
const database = (change: object) => {
  const { db } = pharmacy.secrets;
  if (db?.kind !== 'database') throw new Error('the example has a database');
  return { ...db, ...change };
};
const legacy = (change: object) =>
  database({ scheme: 'singleUser', identity: undefined, roles: ['legacy'], ...change });
const configOf = (secrets: object): RotationConfig =>
  defineRotation({ ...pharmacy, consumers: [], secrets } as never);

const dbAdmin = pharmacy.secrets.dbAdmin as object;
const rds = existing('rds!cluster-1');
const withBootstrap = configOf({
  dbAdmin,
  db: database({ bootstrap: rds }),
  managed: legacy({ admin: rds }),
});
const role = /^DatabaseOperatorsOperatorPolicy/;
const sids = (statements: Statement[]) => statements.map(({ Sid }) => Sid);

describe('the operator of databases outside of every VPC', () => {
  const stack = synthesize(withBootstrap);
  const fn = 'quarterturn-pharmacy-prod-operator';
  const admin = stack.idOf(stack.one('AWS::SecretsManager::Secret', /^SecretdbAdmin/));

  test('reads admin and bootstrap secrets at AWSCURRENT, with their keys, and no rotated secret', () => {
    expect(stack.statement(role, 'ReadAdmins')).toMatchObject({
      Action: 'secretsmanager:GetSecretValue',
      Resource: [{ Ref: admin }, rds.secretArn],
      Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
    });
    expect(stack.statement(role, 'UseKeyOfAdmins')).toMatchObject({
      Action: 'kms:Decrypt',
      Condition: {
        StringEquals: { 'kms:EncryptionContext:SecretARN': [{ Ref: admin }, rds.secretArn] },
      },
    });
  });

  test('puts a value into the admin secret of this deployment, and into no other', () => {
    expect(stack.statement(role, 'PutAdminPasswords')).toMatchObject({
      Action: 'secretsmanager:PutSecretValue',
      Resource: { Ref: admin },
    });
    expect(stack.statement(role, 'UseKeyOfWrittenAdmins').Action).toBe('kms:GenerateDataKey');
  });

  test('holds these statements and no other', () => {
    expect(sids(stack.statements(role)).filter((sid) => !/^(Log|Trace)/.test(sid))).toEqual([
      'ReadAdmins',
      'UseKeyOfAdmins',
      'PutAdminPasswords',
      'UseKeyOfWrittenAdmins',
      'Random',
    ]);
  });

  test('finds what the deployment fixed beside its bundle, an ARN that is not known yet by name', () => {
    const facts = JSON.parse(stack.assets[fn]?.('databases.json') ?? '');
    expect(facts).toEqual([
      {
        name: 'pharmacy/prod/db',
        scheme: 'multiUser',
        host: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
        port: 5432,
        maintenanceDatabase: 'postgres',
        roles: ['pharmacy_app_a', 'pharmacy_app_b'],
        identity: 'pharmacy_app',
        rotator: 'quarterturn_rotator',
        ca: 'rds',
        admin: { secretArn: '$DEFERRED_1', kind: 'userManaged' },
        bootstrapArn: rds.secretArn,
      },
      expect.objectContaining({
        name: 'pharmacy/prod/managed',
        admin: { secretArn: rds.secretArn, kind: 'rdsManaged' },
      }),
    ]);
    const { Environment } = stack.one('AWS::Lambda::Function', /^DatabaseOperators/).Properties;
    expect(Environment.Variables.DEFERRED_1).toEqual({ Ref: admin });
  });

  test('is invoked by on-call', () => {
    expect(JSON.stringify(stack.statement(/^Operator/, 'InvokeOperators').Resource)).toContain(
      `:function:${fn}`,
    );
  });

  test('is named in the manifest, with whether it can run the bootstrap', () => {
    const { secrets } = manifestOf(withBootstrap);
    expect(secrets).toContainEqual(
      expect.objectContaining({ key: 'db', operator: fn, bootstrap: true }),
    );
    expect(secrets).toContainEqual(
      expect.objectContaining({ key: 'managed', operator: fn, bootstrap: true }),
    );
    expect(manifestOf(pharmacy).secrets).toContainEqual(
      expect.objectContaining({ key: 'db', bootstrap: false }),
    );
  });
});

test('without a bootstrap secret it writes nothing, and draws no passwords', () => {
  const stack = synthesize(configOf({ dbAdmin, db: database({}) }));
  expect(sids(stack.statements(role)).filter((sid) => !/^(Log|Trace)/.test(sid))).toEqual([
    'ReadAdmins',
    'UseKeyOfAdmins',
  ]);
});

test('without databases there is none', () => {
  const { jwt } = pharmacy.secrets;
  const stack = synthesize(configOf({ jwt }));
  expect(stack.all('AWS::Lambda::Function', /^DatabaseOperators/)).toEqual([]);
  const { Resource } = stack.statement(/^Operator/, 'InvokeOperators');
  expect(JSON.stringify(Resource)).not.toMatch(/-operator/);
});

test('each network has one of its own, in that network, for its own databases alone', () => {
  const network = {
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    subnetIds: ['subnet-0a1b2c3d4e5f60718'],
    databaseSecurityGroupId: 'sg-0a1b2c3d4e5f60718',
    endpoints: 'existing',
  };
  const other = { ...existing('other/admin') };
  const stack = synthesize(
    defineRotation({
      ...pharmacy,
      consumers: [],
      networks: { inner: network },
      secrets: {
        dbAdmin,
        db: database({}),
        far: legacy({ network: 'inner', host: 'far.example.com', admin: other }),
      },
    } as never),
  );
  const inner = stack.assets['quarterturn-pharmacy-prod-operator-inner'];
  const names = (text: string) => JSON.parse(text).map(({ name }: { name: string }) => name);
  expect(names(inner?.('databases.json') ?? '')).toEqual(['pharmacy/prod/far']);
  expect(
    names(stack.assets['quarterturn-pharmacy-prod-operator']?.('databases.json') ?? ''),
  ).toEqual(['pharmacy/prod/db']);
  const made = stack.one('AWS::Lambda::Function', /^DatabaseOperatorsIninner/);
  expect(made.Properties.VpcConfig.SubnetIds).toEqual(network.subnetIds);
  expect(stack.statement(/^DatabaseOperatorsIninnerPolicy/, 'ReadAdmins').Resource).toBe(
    other.secretArn,
  );
});
